/* SPDX-License-Identifier: MIT */
/* The agent's channel against the real qemu-ga: commands and files. */
#include "agent.h"

#include <sys/stat.h>

#include "guest/cksum.h"
#include "put.h"
#include "side-talk.h"
#include "test-files.h"

static void answers(void **state)
{
    struct aq_error err = {0};
    assert_ok(aq_channel_ready(channel_of(state), aq_after_ms(20000), &err));
    assert_ok(aq_channel_ping(channel_of(state), aq_after_ms(20000), &err));
    assert_string_equal(aq_channel_name(channel_of(state)), "agent");
    assert_string_equal(aq_channel_build_id(channel_of(state)), "");
    assert_ok(aq_channel_sync(channel_of(state), aq_after_ms(60000), &err));
}

static void says_what_the_command_says(void **state)
{
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    assert_ok(shell(channel_of(state), "echo out; echo err >&2; exit 127", 0, &exit, &err));
    assert_int_equal(exit.exit_code, 127);
    assert_string_equal(aq_buffer_text(&exit.output), "out\n");
    assert_string_equal(aq_buffer_text(&exit.errors), "err\n");
    assert_ok(shell(channel_of(state), "kill -TERM $$", 0, &exit, &err));
    assert_int_equal(exit.exit_code, 128 + SIGTERM);
    assert_int_equal(exit.signal, SIGTERM);
}

static void carries_folder_environment_and_input(void **state)
{
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    const char *const argv[] = {
        "sh", "-c", "pwd; echo \"$WORD\"; cat; echo \"$1\"", "sh", "it's \"$(quoted)\"", NULL};
    const char *const environment[] = {"WORD=two 'words'", NULL};
    struct aq_guest_exec exec = {.argv = argv,
                                 .environment = environment,
                                 .working_dir = "/usr",
                                 .input = "in\0put\n",
                                 .input_length = 7,
                                 .capture_limit = 1000};
    assert_ok(aq_channel_exec(channel_of(state), &exec, &exit, &err));
    assert_int_equal(exit.output.length, 41);
    assert_memory_equal(exit.output.data, "/usr\ntwo 'words'\nin\0put\nit's \"$(quoted)\"\n", 41);
}

static void refuses_what_cannot_be_run(void **state)
{
    struct aq_error err = {0};
    struct aq_guest_exit exit = {0};
    struct aq_channel *channel = channel_of(state);
    const char *const absent[] = {"no-such-program", NULL};
    const char *const folder[] = {"/usr", NULL};
    const char *const bytes[] = {"echo", "\xFE", NULL};
    const char *const fine[] = {"true", NULL};
    assert_fails(aq_channel_exec(channel, &(struct aq_guest_exec){.argv = absent}, &exit, &err),
                 AQ_E_GUEST_FILE_NOT_FOUND);
    assert_fails(aq_channel_exec(channel, &(struct aq_guest_exec){.argv = folder}, &exit, &err),
                 AQ_E_GUEST_REFUSED);
    assert_fails(aq_channel_exec(channel, &(struct aq_guest_exec){.argv = bytes}, &exit, &err),
                 AQ_E_VALUE_INVALID);
    assert_fails(aq_channel_exec(channel, &(struct aq_guest_exec){.argv = fine, .working_dir = "/no/such"},
                                 &exit, &err),
                 AQ_E_GUEST_FILE_NOT_FOUND);
}

struct tally {
    struct aq_cksum sum;
    aq_deadline first;
};

static void add_to_tally(void *data, enum aq_stream stream, const char *bytes, size_t length)
{
    struct tally *tally = data;
    assert_int_equal(stream, AQ_STREAM_STDOUT);
    aq_cksum_add(&tally->sum, bytes, length);
    if (tally->first == 0)
        tally->first = aq_now();
}

/* guest-exec's own capture ends at 16 MiB. The checksum comes from the real cksum. */
static void streams_output_beyond_the_agents_own_limit(void **state)
{
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    struct tally tally = {0};
    char expected[64];
    const char *const argv[] = {
        "/bin/sh", "-c", "head -c 20000003 /dev/urandom >big; cksum <big >big.sum; cat big; sleep 1", NULL};
    struct aq_guest_exec exec = {
        .argv = argv, .working_dir = here, .on_output = add_to_tally, .on_output_data = &tally};
    assert_ok(aq_channel_exec(channel_of(state), &exec, &exit, &err));
    assert_true(aq_now() - tally.first > 500000000); /* it came before the command had ended */
    FILE *file = fopen("big.sum", "re");
    assert_non_null(fgets(expected, sizeof expected, file));
    fclose(file);
    char found[64];
    snprintf(found, sizeof found, "%u %llu\n", aq_cksum_value(&tally.sum),
             (unsigned long long)tally.sum.length);
    assert_string_equal(found, expected);
}

static void feeds_a_large_input(void **state)
{
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    aq_autofree char *input = aq_alloc(3000001);
    struct tally tally = {0};
    struct aq_cksum sum = {0};
    for (size_t i = 0; i < 3000001; i++)
        input[i] = (char)(i * 2654435761U >> 11);
    const char *const argv[] = {"cat", NULL};
    struct aq_guest_exec exec = {.argv = argv,
                                 .input = input,
                                 .input_length = 3000001,
                                 .on_output = add_to_tally,
                                 .on_output_data = &tally};
    aq_cksum_add(&sum, input, 3000001);
    assert_ok(aq_channel_exec(channel_of(state), &exec, &exit, &err));
    assert_int_equal(tally.sum.length, 3000001);
    assert_int_equal(aq_cksum_value(&tally.sum), aq_cksum_value(&sum));
}

static void puts_and_gets_files(void **state)
{
    static const size_t sizes[] = {0, 1, 524288, 3000017};
    struct aq_error err = {0};
    for (size_t i = 0; i < 4; i++) {
        char path[3100];
        struct stat status;
        struct aq_guest_file file;
        aq_autoclose int fd = make_file("source", sizes[i]);
        snprintf(path, sizeof path, "%s/made/deep/%zu", here, i);
        struct aq_guest_put put = {
            .fd = fd, .path = path, .mode = 0751, .owner = "0:0", .make_folders = true};
        assert_ok(aq_channel_put(channel_of(state), &put, &err));
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0751);
        aq_autoclose int back = open("back", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        struct aq_guest_get get = {.path = path, .fd = back};
        assert_ok(aq_channel_get(channel_of(state), &get, &file, &err));
        assert_int_equal(file.size, sizes[i]);
        assert_int_equal(file.mode, 0751);
        assert_same_contents(fd, back);
    }
    assert_only("made/deep", 4);
}

static void replaces_a_link_and_keeps_what_it_led_to(void **state)
{
    struct aq_error err = {0};
    char path[3100];
    struct stat status;
    mkdir("links", 0755);
    mkdir("links/folder", 0755);
    assert_int_equal(symlink("folder", "links/link"), 0);
    aq_autoclose int fd = make_file("source", 10);
    snprintf(path, sizeof path, "%s/links/link", here);
    assert_ok(aq_channel_put(channel_of(state), &(struct aq_guest_put){.fd = fd, .path = path}, &err));
    assert_int_equal(lstat("links/link", &status), 0);
    assert_true(S_ISREG(status.st_mode));
    assert_only("links/folder", 0);
    assert_only("links", 2);
}

static void says_how_much_was_sent(void **state)
{
    check_says_how_much_was_sent(channel_of(state), here);
}

static void refuses_files_that_cannot_be(void **state)
{
    struct aq_error err = {0};
    struct aq_channel *channel = channel_of(state);
    char path[3100];
    aq_autoclose int fd = make_file("source", 10);
    mkdir("odd", 0755);
    mkdir("odd/folder", 0755);
    mkfifo("odd/fifo", 0600);
    snprintf(path, sizeof path, "%s/odd/folder", here);
    assert_fails(aq_channel_put(channel, &(struct aq_guest_put){.fd = fd, .path = path}, &err),
                 AQ_E_GUEST_REFUSED);
    assert_fails(aq_channel_get(channel, &(struct aq_guest_get){.fd = fd, .path = path}, NULL, &err),
                 AQ_E_GUEST_REFUSED);
    snprintf(path, sizeof path, "%s/odd/fifo", here);
    assert_fails(aq_channel_put(channel, &(struct aq_guest_put){.fd = fd, .path = path}, &err),
                 AQ_E_GUEST_REFUSED);
    assert_fails(aq_channel_get(channel, &(struct aq_guest_get){.fd = fd, .path = path}, NULL, &err),
                 AQ_E_GUEST_REFUSED);
    snprintf(path, sizeof path, "%s/odd/none/file", here);
    assert_fails(aq_channel_put(channel, &(struct aq_guest_put){.fd = fd, .path = path}, &err),
                 AQ_E_GUEST_FILE_NOT_FOUND);
    assert_fails(aq_channel_get(channel, &(struct aq_guest_get){.fd = fd, .path = path}, NULL, &err),
                 AQ_E_GUEST_FILE_NOT_FOUND);
    snprintf(path, sizeof path, "%s/odd/file", here);
    assert_fails(aq_channel_put(
                     channel, &(struct aq_guest_put){.fd = fd, .path = path, .owner = "nobody-at-all"}, &err),
                 AQ_E_GUEST_FILE_NOT_FOUND);
    assert_fails(aq_channel_put(channel, &(struct aq_guest_put){.fd = fd, .path = "relative"}, &err),
                 AQ_E_VALUE_INVALID);
    assert_ok(aq_channel_put(channel, &(struct aq_guest_put){.fd = fd, .path = path}, &err));
    assert_fails(
        aq_channel_get(channel, &(struct aq_guest_get){.fd = fd, .path = path, .limit = 9}, NULL, &err),
        AQ_E_LIMIT_EXCEEDED);
    assert_only("odd", 3);
}

static void tells_that_exec_is_blocked(void **state)
{
    struct aq_error err = {0};
    struct aq_guest_exit exit = {0};
    assert_ok(aq_channel_ping(channel_of(state), aq_after_ms(20000), &err));
    assert_fails(shell(channel_of(state), "true", 0, &exit, &err), AQ_E_AGENT_REFUSED);
}

static void finds_an_agent_again_that_was_silent(void **state)
{
    struct agent_fixture *fixture = *state;
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    assert_ok(aq_channel_ready(fixture->channel, aq_after_ms(20000), &err));
    kill(fixture->pid, SIGSTOP);
    assert_fails(aq_channel_ping(fixture->channel, aq_after_ms(300), &err), AQ_E_AGENT_DEAD);
    assert_fails(shell(fixture->channel, "echo late", aq_after_ms(300), &exit, &err), AQ_E_GUEST_NOT_READY);
    kill(fixture->pid, SIGCONT);
    assert_ok(shell(fixture->channel, "echo again", 0, &exit, &err));
    assert_string_equal(aq_buffer_text(&exit.output), "again\n");
}

/* A command's files are unlinked as soon as it runs, and an interrupted one takes its own away. */
static void leaves_no_working_files(void **state)
{
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    assert_ok(shell(channel_of(state), "echo x | cat", 0, &exit, &err));
    aq_guest_exit_free(&exit);
    exit = (struct aq_guest_exit){0};
    assert_ok(shell(channel_of(state), "ls -A /var/lib/address-qemu/agent", 0, &exit, &err));
    assert_string_equal(aq_buffer_text(&exit.output), "");
}

static void carries_a_side_channel(void **state)
{
    assert_side_works(channel_of(state));
}

static ssize_t counted(void *data, void *to, size_t room, struct aq_error *err)
{
    size_t *left = data;
    (void)err;
    size_t length = *left < room ? *left : room;
    memset(to, 'x', length);
    *left -= length;
    return (ssize_t)length;
}

static void takes_input_as_it_is_made(void **state)
{
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    size_t left = 3000001;
    const char *const argv[] = {"wc", "-c", NULL};
    const struct aq_guest_exec exec = {
        .argv = argv, .capture_limit = 100, .read_input = counted, .read_input_data = &left};
    assert_ok(aq_channel_exec(channel_of(state), &exec, &exit, &err));
    assert_string_equal(aq_buffer_text(&exit.output), "3000001\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_agent(answers),
        with_agent(says_what_the_command_says),
        with_agent(carries_folder_environment_and_input),
        with_agent(refuses_what_cannot_be_run),
        with_agent(streams_output_beyond_the_agents_own_limit),
        with_agent(feeds_a_large_input),
        with_agent(puts_and_gets_files),
        with_agent(replaces_a_link_and_keeps_what_it_led_to),
        with_agent(says_how_much_was_sent),
        with_agent(refuses_files_that_cannot_be),
        cmocka_unit_test_setup_teardown(tells_that_exec_is_blocked, open_agent_without_exec, close_agent),
        with_agent(finds_an_agent_again_that_was_silent),
        with_agent(carries_a_side_channel),
        with_agent(takes_input_as_it_is_made),
        with_agent(leaves_no_working_files),
    };
    return agent_can_run() ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}
