/* SPDX-License-Identifier: MIT */
/* Commands through the helper: the real server, over a socketpair. */
#include "guest-server.h"

#include <stdlib.h>

#include "guest/helper_session.h"
#include "guest/wire.h"
#include "side-talk.h"

static void says_what_the_command_says(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    assert_ok(run_shell(fixture->channel, "echo out; echo err >&2; exit 3", 0, &exit, &err));
    assert_int_equal(exit.exit_code, 3);
    assert_int_equal(exit.signal, 0);
    assert_string_equal(aq_buffer_text(&exit.output), "out\n");
    assert_string_equal(aq_buffer_text(&exit.errors), "err\n");
}

static void tells_who_serves(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    assert_ok(aq_channel_ready(fixture->channel, aq_after_ms(20000), &err));
    assert_string_equal(aq_channel_name(fixture->channel), "helper");
    assert_int_equal(strlen(aq_channel_build_id(fixture->channel)), 40);
    assert_int_equal(aq_channel_runner_path(fixture->channel)[0], '/');
    assert_ok(aq_channel_ping(fixture->channel, aq_after_ms(20000), &err));
    assert_ok(aq_channel_sync(fixture->channel, aq_after_ms(60000), &err));
}

static void reports_a_signal_as_128_and_its_number(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    assert_ok(run_shell(fixture->channel, "kill -SEGV $$", 0, &exit, &err));
    assert_int_equal(exit.exit_code, 128 + SIGSEGV);
    assert_int_equal(exit.signal, SIGSEGV);
}

static void sets_folder_environment_and_path(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    const char *const argv[] = {"sh", "-c", "pwd; echo \"$WORD-$TERM\"", NULL};
    const char *const environment[] = {"WORD=two words", "TERM=vt52", NULL};
    struct aq_guest_exec exec = {
        .argv = argv, .environment = environment, .working_dir = "/usr", .capture_limit = 1000};
    assert_ok(aq_channel_exec(fixture->channel, &exec, &exit, &err));
    assert_string_equal(aq_buffer_text(&exit.output), "/usr\ntwo words-vt52\n");
}

static void refuses_what_cannot_be_run(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    struct aq_guest_exit exit = {0};
    const char *const absent[] = {"no-such-program", NULL};
    const char *const folder[] = {"/usr", NULL};
    const char *const empty[] = {NULL};
    const char *const fine[] = {"true", NULL};
    const char *const bad_variable[] = {"WORD", NULL};
    assert_fails(aq_channel_exec(fixture->channel, &(struct aq_guest_exec){.argv = absent}, &exit, &err),
                 AQ_E_GUEST_FILE_NOT_FOUND);
    assert_fails(aq_channel_exec(fixture->channel, &(struct aq_guest_exec){.argv = folder}, &exit, &err),
                 AQ_E_GUEST_REFUSED);
    assert_fails(aq_channel_exec(fixture->channel,
                                 &(struct aq_guest_exec){.argv = fine, .working_dir = "/no/such"}, &exit,
                                 &err),
                 AQ_E_GUEST_FILE_NOT_FOUND);
    assert_fails(aq_channel_exec(fixture->channel,
                                 &(struct aq_guest_exec){.argv = fine, .working_dir = "relative"}, &exit,
                                 &err),
                 AQ_E_VALUE_INVALID);
    assert_fails(aq_channel_exec(fixture->channel, &(struct aq_guest_exec){.argv = empty}, &exit, &err),
                 AQ_E_VALUE_INVALID);
    assert_fails(aq_channel_exec(fixture->channel,
                                 &(struct aq_guest_exec){.argv = fine, .environment = bad_variable}, &exit,
                                 &err),
                 AQ_E_VALUE_INVALID);
}

static void carries_long_arguments_up_to_the_limit(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    aq_autofree char *word = aq_alloc(AQ_WIRE_REQUEST_MAX + 1);
    memset(word, 'x', AQ_WIRE_REQUEST_MAX);
    word[100000] = '\0';
    const char *const argv[] = {"/bin/sh", "-c", "echo ${#1} ${#2}", "sh", word, word, NULL};
    struct aq_guest_exec exec = {.argv = argv, .capture_limit = 1000};
    assert_ok(aq_channel_exec(fixture->channel, &exec, &exit, &err));
    assert_string_equal(aq_buffer_text(&exit.output), "100000 100000\n");
    word[100000] = 'x';
    assert_fails(aq_channel_exec(fixture->channel, &exec, &exit, &err), AQ_E_LIMIT_EXCEEDED);
}

struct tally {
    uint32_t crc;
    uint64_t length;
    unsigned pieces;
};

static void add_to_tally(void *data, enum aq_stream stream, const char *bytes, size_t length)
{
    struct tally *tally = data;
    assert_int_equal(stream, AQ_STREAM_STDOUT);
    tally->crc = aq_crc32(tally->crc, bytes, length);
    tally->length += length;
    tally->pieces++;
}

/* 50 MB that are not text, made twice: here, and in the guest's program. */
static void streams_all_of_a_large_binary_output(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    struct tally tally = {0};
    const char *const argv[] = {
        "/bin/sh", "-c",    "head -c 1000003 /dev/urandom >\"$1\"; for i in $(seq 50); do cat \"$1\"; done",
        "sh",      "noise", NULL};
    char here[4096];
    assert_non_null(getcwd(here, sizeof here));
    struct aq_guest_exec exec = {.argv = argv,
                                 .working_dir = here,
                                 .capture_limit = 10,
                                 .on_output = add_to_tally,
                                 .on_output_data = &tally};
    assert_ok(aq_channel_exec(fixture->channel, &exec, &exit, &err));

    static char noise[1000003];
    FILE *file = fopen("noise", "re");
    assert_non_null(file);
    assert_int_equal(fread(noise, 1, sizeof noise, file), sizeof noise);
    fclose(file);
    uint32_t crc = 0;
    for (int i = 0; i < 50; i++)
        crc = aq_crc32(crc, noise, sizeof noise);
    assert_int_equal(tally.length, 50 * sizeof noise);
    assert_int_equal(exit.output_length, 50 * sizeof noise);
    assert_int_equal(tally.crc, crc);
    assert_int_equal(exit.output.length, 10);
    assert_memory_equal(exit.output.data, noise, 10);
}

static void feeds_a_large_input(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    size_t length = 20 * 1000 * 1000 + 7;
    aq_autofree char *input = aq_alloc(length);
    struct tally tally = {0};
    for (size_t i = 0; i < length; i++)
        input[i] = (char)(i * 2654435761U >> 13);
    const char *const argv[] = {"cat", NULL};
    struct aq_guest_exec exec = {.argv = argv,
                                 .input = input,
                                 .input_length = length,
                                 .on_output = add_to_tally,
                                 .on_output_data = &tally};
    assert_ok(aq_channel_exec(fixture->channel, &exec, &exit, &err));
    assert_int_equal(tally.length, length);
    assert_int_equal(tally.crc, aq_crc32(0, input, length));
}

static void reads_input_from_a_file(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    aq_autoclose int fd = open("input", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "skipped rest", 12), 12);
    lseek(fd, 8, SEEK_SET);
    const char *const argv[] = {"cat", NULL};
    struct aq_guest_exec exec = {.argv = argv, .input_fd = fd, .capture_limit = 100};
    assert_ok(aq_channel_exec(fixture->channel, &exec, &exit, &err));
    assert_string_equal(aq_buffer_text(&exit.output), "rest");
}

static void survives_a_command_that_reads_no_input(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    aq_autofree char *input = aq_alloc(3000000);
    const char *const argv[] = {"/bin/sh", "-c", "exec <&-; sleep 0.2; exit 5", NULL};
    struct aq_guest_exec exec = {.argv = argv, .input = input, .input_length = 3000000};
    assert_ok(aq_channel_exec(fixture->channel, &exec, &exit, &err));
    assert_int_equal(exit.exit_code, 5);
}

static void runs_many_at_once(void **state)
{
    enum { COUNT = 32 };
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    static struct aq_guest_exit exits[COUNT];
    static struct aq_guest_exec execs[COUNT];
    static struct aq_helper_operation operations[COUNT];
    static char inputs[COUNT][16];
    static const char *const argv[] = {"/bin/sh", "-c",
                                       "read n; sleep 1; head -c ${n}0000 /dev/zero; exit $n", NULL};
    assert_ok(aq_channel_ready(fixture->channel, aq_after_ms(20000), &err));
    aq_deadline start = aq_now();
    for (int i = 0; i < COUNT; i++) {
        snprintf(inputs[i], sizeof inputs[i], "%d\n", i + 1);
        execs[i] =
            (struct aq_guest_exec){.argv = argv, .input = inputs[i], .input_length = strlen(inputs[i])};
        operations[i] = (struct aq_helper_operation){
            .kind = &aq_helper_exec_kind, .deadline = AQ_FOREVER, .exec = &execs[i], .exit = &exits[i]};
    }
    assert_ok(aq_helper_run((struct aq_helper *)fixture->channel, operations, COUNT, &err));
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(operations[i].error.code, AQ_OK);
        assert_int_equal(exits[i].exit_code, i + 1);
        assert_int_equal(exits[i].output_length, (i + 1) * 10000);
    }
    assert_true(aq_now() - start < COUNT * 1000000000LL / 2); /* one after another they sleep for 32 s */
}

static void slow_reader(void *data, enum aq_stream stream, const char *bytes, size_t length)
{
    (void)stream;
    (void)bytes;
    (void)length;
    if ((*(unsigned *)data)++ < 20)
        usleep(20000);
}

static void holds_a_fast_writer_back(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    unsigned pieces = 0;
    const char *const argv[] = {"head", "-c", "8000000", "/dev/zero", NULL};
    struct aq_guest_exec exec = {.argv = argv, .on_output = slow_reader, .on_output_data = &pieces};
    assert_ok(aq_channel_exec(fixture->channel, &exec, &exit, &err));
    assert_int_equal(exit.output_length, 8000000);
}

static void carries_a_side_channel(void **state)
{
    struct helper_fixture *fixture = *state;
    assert_side_works(fixture->channel);
}

/* A command that says much and hears nothing holds up nobody. */
static void drops_what_the_command_does_not_hear(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    aq_cleanup(talk_free) struct side_talk talk = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    assert_ok(run_talking(fixture->channel, &talk,
                          "i=0; line=$(printf '%04000d' 7); while [ $i -lt 1000 ]; do say $line; i=$((i+1)); "
                          "done; echo done",
                          &exit, &err));
    assert_int_equal(talk.lines, 1000);
    assert_string_equal(aq_buffer_text(&exit.output), "done\n");
}

static ssize_t failing(void *data, void *to, size_t room, struct aq_error *err)
{
    size_t *left = data;
    if (*left == 0)
        return aq_fail(err, AQ_E_UNREADABLE, "no more of it");
    (*left)--;
    memset(to, 'x', room);
    return (ssize_t)room;
}

static void ends_a_command_whose_input_fails(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    size_t left = 40;
    const char *const argv[] = {"wc", "-c", NULL};
    const struct aq_guest_exec exec = {
        .argv = argv, .capture_limit = 100, .read_input = failing, .read_input_data = &left};
    assert_fails(aq_channel_exec(fixture->channel, &exec, &exit, &err), AQ_E_UNREADABLE);
    assert_string_equal(aq_buffer_text(&exit.output), "");
}

#define with_server(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_server(says_what_the_command_says),
        with_server(tells_who_serves),
        with_server(reports_a_signal_as_128_and_its_number),
        with_server(sets_folder_environment_and_path),
        with_server(refuses_what_cannot_be_run),
        with_server(carries_long_arguments_up_to_the_limit),
        with_server(streams_all_of_a_large_binary_output),
        with_server(feeds_a_large_input),
        with_server(reads_input_from_a_file),
        with_server(survives_a_command_that_reads_no_input),
        with_server(runs_many_at_once),
        with_server(holds_a_fast_writer_back),
        with_server(carries_a_side_channel),
        with_server(drops_what_the_command_does_not_hear),
        with_server(ends_a_command_whose_input_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
