/* SPDX-License-Identifier: MIT */
/* The channel through SSH, against a real sshd: what commands and files come to. */
#include "test.h"

#include <dirent.h>
#include <errno.h>

#include "sshd.h"

#define MANY_MS 60000

static int shell(struct aq_channel *channel, const char *text, aq_deadline deadline,
                 struct aq_guest_exit *exit, struct aq_error *err)
{
    aq_autofree char *here = getcwd(NULL, 0);
    const char *const argv[] = {"/bin/sh", "-c", text, NULL};
    const struct aq_guest_exec exec = {
        .argv = argv, .working_dir = here, .deadline = deadline, .capture_limit = 1 << 20};
    return aq_channel_exec(channel, &exec, exit, err);
}

/* A number that no other process has among its arguments: what sleeps for so many seconds is ours. */
static const char *ours(void)
{
    static char number[32];
    snprintf(number, sizeof number, "3%d", getpid());
    return number;
}

/* A shell's line in which each @ is that number. */
static int sleeper(struct aq_channel *channel, const char *text, aq_deadline deadline,
                   struct aq_guest_exit *exit, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer line = {0};
    for (; *text != '\0'; text++)
        if (*text == '@')
            aq_buffer_add_text(&line, ours());
        else
            aq_buffer_add_char(&line, *text);
    return shell(channel, line.data, deadline, exit, err);
}

#define assert_output(exit, text) assert_string_equal(aq_buffer_text(&(exit).output), text)

/* How many processes there are that sleep for us. */
static int count_sleepers(void)
{
    char path[300], text[4096];
    int count = 0;
    DIR *list = opendir("/proc");
    for (struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
        snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text);
        if (fd >= 0)
            close(fd);
        count += length > 0 && memmem(text, (size_t)length, ours(), strlen(ours())) != NULL &&
                 atoi(entry->d_name) != getpid();
    }
    closedir(list);
    return count;
}

static void assert_soon_gone(void)
{
    for (int i = 0; i < 500 && count_sleepers() > 0; i++)
        usleep(20000);
    assert_int_equal(count_sleepers(), 0);
}

static void answers(void **state)
{
    struct aq_error err = {0};
    struct aq_channel *channel = channel_of(state);
    assert_ok(aq_channel_ready(channel, aq_after_ms(MANY_MS), &err));
    assert_ok(aq_channel_ping(channel, aq_after_ms(MANY_MS), &err));
    assert_string_equal(aq_channel_name(channel), "ssh");
    assert_string_equal(aq_channel_build_id(channel), "");
    assert_true(strncmp(aq_channel_host_key(channel), "ssh-ed25519 AAAA", 16) == 0);
    assert_ok(aq_channel_sync(channel, aq_after_ms(MANY_MS), &err));
}

static void commands_end_as_they_do(void **state)
{
    static const struct {
        const char *text, *output, *errors;
        int code, signal;
    } cases[] = {
        {"echo out; echo err >&2; exit 3", "out\n", "err\n", 3, 0},
        {"true", "", "", 0, 0},
        {"printf 'no end'", "no end", "", 0, 0},
        {"kill -9 $$", "", "", 137, 9},
        {"kill -TERM $$", "", "", 143, 15},
        {"exit 255", "", "", 255, 0},
        {"cat", "", "", 0, 0}, /* no input */
        {"echo $HOME | grep -c /; echo ${AQ_COMMAND:+marked}", "1\nmarked\n", "", 0, 0},
        {"sleep @ & echo started", "started\n", "", 0, 0}, /* which holds the streams open */
    };
    struct aq_error err = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        aq_autoguestexit struct aq_guest_exit exit = {0};
        assert_ok(sleeper(channel_of(state), cases[i].text, aq_after_ms(MANY_MS), &exit, &err));
        assert_output(exit, cases[i].output);
        assert_string_equal(aq_buffer_text(&exit.errors), cases[i].errors);
        assert_int_equal(exit.exit_code, cases[i].code);
        assert_int_equal(exit.signal, cases[i].signal);
    }
    aq_autoguestexit struct aq_guest_exit exit = {0};
    assert_int_equal(count_sleepers(), 1); /* what is in the background lives on */
    assert_ok(sleeper(channel_of(state), "pkill -x -f 'sleep @'", aq_after_ms(MANY_MS), &exit, &err));
    assert_soon_gone();
}

static void arguments_arrive_as_they_are(void **state)
{
    char all[256];
    for (int i = 1; i < 256; i++)
        all[i - 1] = (char)i;
    all[255] = '\0';
    aq_autofree char *long_one = aq_format("%100000s", "end");
    aq_autofree char *variable = aq_format("ALL=%s", all);
    const char *const argv[] = {"printf", "[%s]",           "",  " ",      "a  b", "-n", "'",
                                "\\",     "$HOME `id` *\n", all, long_one, NULL};
    const char *const environment[] = {variable, "TWO=b 'c' \"d\"", NULL};
    struct aq_error err = {0};
    {
        aq_autoguestexit struct aq_guest_exit exit = {0};
        const struct aq_guest_exec exec = {.argv = argv, .capture_limit = 1 << 20};
        aq_autofree char *wanted = aq_format("[][ ][a  b][-n]['][\\][$HOME `id` *\n][%s][%s]", all, long_one);
        assert_ok(aq_channel_exec(channel_of(state), &exec, &exit, &err));
        assert_output(exit, wanted);
    }
    aq_autoguestexit struct aq_guest_exit exit = {0};
    const char *const show[] = {"/bin/sh", "-c", "printf '%s|%s|%s' \"$ALL\" \"$TWO\" \"$PWD\"", NULL};
    const struct aq_guest_exec exec = {
        .argv = show, .environment = environment, .working_dir = "/usr/bin", .capture_limit = 4096};
    aq_autofree char *wanted = aq_format("%s|b 'c' \"d\"|/usr/bin", all);
    assert_ok(aq_channel_exec(channel_of(state), &exec, &exit, &err));
    assert_output(exit, wanted);
}

static void what_cannot_be_run_is_told(void **state)
{
    struct aq_error err = {0};
    const char *const absent[] = {"no-such-program", NULL}, *const nowhere[] = {"/no/such/program", NULL};
    const char *const folder[] = {"/usr/bin", NULL}, *const plain[] = {"/etc/passwd", NULL};
    const char *const fine[] = {"true", NULL};
    const struct {
        struct aq_guest_exec exec;
        enum aq_error_code code;
    } cases[] = {
        {{.argv = absent}, AQ_E_GUEST_FILE_NOT_FOUND},
        {{.argv = nowhere}, AQ_E_GUEST_FILE_NOT_FOUND},
        {{.argv = folder}, AQ_E_GUEST_REFUSED},
        {{.argv = plain}, AQ_E_GUEST_REFUSED},
        {{.argv = fine, .working_dir = "/no/such"}, AQ_E_GUEST_FILE_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        aq_autoguestexit struct aq_guest_exit exit = {0};
        assert_fails(aq_channel_exec(channel_of(state), &cases[i].exec, &exit, &err), cases[i].code);
    }
}

static void bytes_flow_both_ways(void **state)
{
    enum { LENGTH = 20000000 };
    struct aq_error err = {0};
    aq_autofree char *bytes = aq_alloc(LENGTH);
    for (size_t i = 0; i < LENGTH; i++)
        bytes[i] = (char)(i * 2654435761U >> 13);
    const char *const argv[] = {"tee", "/dev/stderr", NULL};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    const struct aq_guest_exec exec = {
        .argv = argv, .input = bytes, .input_length = LENGTH, .capture_limit = LENGTH};
    assert_ok(aq_channel_exec(channel_of(state), &exec, &exit, &err));
    assert_int_equal(exit.output.length, LENGTH);
    assert_memory_equal(exit.output.data, bytes, LENGTH);
    assert_int_equal(exit.errors_length, LENGTH);
    assert_memory_equal(exit.errors.data, bytes, LENGTH);

    /* What is not read is dropped, as a pipe does it. */
    aq_autoguestexit struct aq_guest_exit head = {0};
    const char *const first[] = {"head", "-c", "3", NULL};
    const struct aq_guest_exec some = {
        .argv = first, .input = bytes, .input_length = LENGTH, .capture_limit = 10};
    assert_ok(aq_channel_exec(channel_of(state), &some, &head, &err));
    assert_int_equal(head.output.length, 3);
}

/* Bytes as they come: what has been said is here before the command goes on. */
static void tell_it_to_go_on(void *data, enum aq_stream stream, const char *bytes, size_t length)
{
    (void)stream, (void)bytes, (void)length;
    int *seen = data;
    if ((*seen)++ == 0)
        write_text_file("go", "");
}

static void output_streams(void **state)
{
    int seen = 0;
    struct aq_error err = {0};
    aq_autofree char *here = getcwd(NULL, 0);
    const char *const argv[] = {"/bin/sh", "-c", "echo one; until [ -e go ]; do sleep 0.05; done; echo two",
                                NULL};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    const struct aq_guest_exec exec = {.argv = argv,
                                       .working_dir = here,
                                       .deadline = aq_after_ms(MANY_MS),
                                       .on_output = tell_it_to_go_on,
                                       .on_output_data = &seen};
    assert_ok(aq_channel_exec(channel_of(state), &exec, &exit, &err));
    assert_in_range(seen, 2, 3);
    assert_int_equal(exit.output.length, 0);
    assert_int_equal(exit.output_length, 8);
    unlink("go");
}

static void at_its_timeout_all_of_it_ends(void **state)
{
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    assert_fails(sleeper(channel_of(state),
                         "echo before; setsid sleep @ & env -i sleep @ & (sleep @; true); echo after",
                         aq_after_ms(1500), &exit, &err),
                 AQ_E_COMMAND_TIMEOUT);
    assert_output(exit, "before\n");
    assert_int_equal(count_sleepers(), 0);
    aq_autoguestexit struct aq_guest_exit flood = {0};
    assert_fails(shell(channel_of(state), "exec yes", aq_after_ms(700), &flood, &err), AQ_E_COMMAND_TIMEOUT);
    assert_true(flood.output_length > 1000000);
    aq_autoguestexit struct aq_guest_exit bare = {0};
    assert_fails(sleeper(channel_of(state), "exec env -i sleep @", aq_after_ms(700), &bare, &err),
                 AQ_E_COMMAND_TIMEOUT);
    assert_int_equal(count_sleepers(), 0);
    assert_ok(aq_channel_ping(channel_of(state), aq_after_ms(MANY_MS), &err)); /* it is as well as before */
}

static void interrupt_soon(void *data, enum aq_stream stream, const char *bytes, size_t length)
{
    (void)data, (void)stream, (void)bytes, (void)length;
    aq_interrupt();
}

static void an_interruption_ends_it(void **state)
{
    struct aq_error err = {0};
    aq_autofree char *line = aq_format("sleep %s & echo started; sleep %s", ours(), ours());
    const char *const argv[] = {"/bin/sh", "-c", line, NULL};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    const struct aq_guest_exec exec = {.argv = argv, .on_output = interrupt_soon};
    assert_fails(aq_channel_exec(channel_of(state), &exec, &exit, &err), AQ_E_INTERRUPTED);
    aq_interrupt_clear();
    assert_int_equal(count_sleepers(), 0);
    assert_ok(aq_channel_ping(channel_of(state), aq_after_ms(MANY_MS), &err));
}

static void cut(void *data, enum aq_stream stream, const char *bytes, size_t length)
{
    (void)stream, (void)bytes, (void)length;
    cut_connections(data);
}

static void a_cut_connection_ends_it_too(void **state)
{
    struct ssh_fixture *fixture = *state;
    struct aq_error err = {0};
    aq_autofree char *line = aq_format("setsid sleep %s & echo started; sleep %s", ours(), ours());
    const char *const argv[] = {"/bin/sh", "-c", line, NULL};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    const struct aq_guest_exec exec = {.argv = argv, .on_output = cut, .on_output_data = &fixture->sshd};
    assert_fails(aq_channel_exec(fixture->channel, &exec, &exit, &err), AQ_E_SSH_CONNECTION_LOST);
    assert_soon_gone();
    assert_ok(aq_channel_ping(fixture->channel, aq_after_ms(MANY_MS), &err)); /* through a new connection */
    cut_connections(&fixture->sshd);
    usleep(100000);
    assert_ok(aq_channel_ping(fixture->channel, aq_after_ms(MANY_MS), &err)); /* also when nothing ran */
}

/* --- the side channel --- */

struct talk {
    char heard[256];
    int lines;
    bool abort; /* instead of an answer */
};

static void hear(void *data, const char *line, size_t length)
{
    struct talk *talk = data;
    size_t used = strlen(talk->heard);
    snprintf(talk->heard + used, sizeof talk->heard - used, "[%.*s]", (int)length, line);
    talk->lines++;
}

/* Answers the first line. */
static int answer(void *data, struct aq_buffer *line, struct aq_error *err)
{
    struct talk *talk = data;
    if (talk->lines != 1)
        return 0;
    talk->lines++;
    if (talk->abort)
        return aq_fail(err, AQ_E_CHECKPOINT_ABORTED, "enough");
    aq_buffer_add_text(line, "go  on \xff 'so'");
    return 1;
}

static int talk_to(struct aq_channel *channel, struct talk *talk, struct aq_guest_exit *exit,
                   struct aq_error *err)
{
    aq_autofree char *text =
        aq_format("f=${ADDRESS_QEMU_SIDE#file:}; echo ${f%%/*}; printf '%%s\\n' 'one \xfe' \"$(head -c 5000 "
                  "/dev/zero | "
                  "tr '\\0' x)\" >>$f.said; until read -r l <$f.told; do sleep 0.05; done; echo \"$l\"; "
                  "sleep %s & echo two >>$f.said; [ \"$l\" ] && kill $!",
                  talk->abort ? ours() : "0");
    const char *const argv[] = {"/bin/sh", "-c", text, NULL};
    struct aq_guest_side side = {.data = talk, .said = hear, .tell = answer, .tick_ms = 50};
    const struct aq_guest_exec exec = {
        .argv = argv, .deadline = aq_after_ms(MANY_MS), .capture_limit = 4096, .side = &side};
    return aq_channel_exec(channel, &exec, exit, err);
}

static void a_command_has_a_side_channel(void **state)
{
    struct aq_error err = {0};
    struct talk talk = {0}, end = {.abort = true};
    char folder[256];
    aq_autoguestexit struct aq_guest_exit exit = {0};
    assert_ok(talk_to(channel_of(state), &talk, &exit, &err));
    assert_string_equal(talk.heard, "[one \xfe][two]"); /* a line that is too long is dropped */
    assert_int_equal(sscanf(aq_buffer_text(&exit.output), "%255s", folder), 1);
    assert_string_equal(aq_buffer_text(&exit.output) + strlen(folder), "\ngo  on \xff 'so'\n");
    for (int i = 0; i < 200 && access(folder, F_OK) == 0; i++)
        usleep(20000);
    assert_int_equal(access(folder, F_OK), -1);

    aq_autoguestexit struct aq_guest_exit other = {0};
    assert_fails(talk_to(channel_of(state), &end, &other, &err), AQ_E_CHECKPOINT_ABORTED);
    assert_soon_gone();
    aq_autoguestexit struct aq_guest_exit none = {0};
    assert_ok(shell(channel_of(state), "echo \"<$ADDRESS_QEMU_SIDE>\"", aq_after_ms(MANY_MS), &none, &err));
    assert_output(none, "<>\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(commands_end_as_they_do),
        cmocka_unit_test(arguments_arrive_as_they_are),
        cmocka_unit_test(what_cannot_be_run_is_told),
        cmocka_unit_test(bytes_flow_both_ways),
        cmocka_unit_test(output_streams),
        cmocka_unit_test(at_its_timeout_all_of_it_ends),
        cmocka_unit_test(an_interruption_ends_it),
        cmocka_unit_test(a_cut_connection_ends_it_too),
        cmocka_unit_test(a_command_has_a_side_channel),
    };
    return cmocka_run_group_tests(tests, open_ssh_fixture, close_ssh_fixture);
}
