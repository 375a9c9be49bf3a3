/* SPDX-License-Identifier: MIT */
/* How a command through the agent ends that does not end by itself: with all that it has started. */
#include "agent.h"
#include "dead.h"

static const char tree_script[] =
    "rm -f \"$0\"; echo $$ >>\"$0\"; sleep 1010 & echo $! >>\"$0\"; setsid sleep 1011 & echo $! >>\"$0\";"
    "env -i sh -c 'echo $$ >>\"$0\"; sleep 1012; true' \"$0\" &"
    "while [ $(wc -l <\"$0\") -lt 4 ]; do sleep 0.1; done; echo planted; wait; sleep 1013";

static void interrupt_when_planted(void *data, enum aq_stream stream, const char *bytes, size_t length)
{
    (void)data;
    (void)stream;
    (void)bytes;
    (void)length;
    aq_interrupt();
}

static int run_tree(void **state, const char *list, aq_deadline deadline, bool interrupt,
                    struct aq_error *err)
{
    char path[3100];
    aq_autoguestexit struct aq_guest_exit exit = {0};
    snprintf(path, sizeof path, "%s/%s", here, list);
    const char *const argv[] = {"/bin/sh", "-c", tree_script, path, NULL};
    struct aq_guest_exec exec = {.argv = argv, .deadline = deadline, .capture_limit = 100};
    if (interrupt)
        exec.on_output = interrupt_when_planted;
    int result = aq_channel_exec(channel_of(state), &exec, &exit, err);
    assert_string_equal(aq_buffer_text(&exit.output), "planted\n");
    return result;
}

static void ends_the_whole_tree_at_the_timeout(void **state)
{
    struct aq_error err = {0};
    assert_fails(run_tree(state, "timeout", aq_after_ms(4000), false, &err), AQ_E_COMMAND_TIMEOUT);
    assert_int_equal(count_dead("timeout"), 4);
    assert_ok(aq_channel_ping(channel_of(state), aq_after_ms(20000), &err));
}

struct flood {
    uint64_t output;               /* bytes so far */
    uint64_t output_before_errors; /* of it, before the first of the other stream */
};

/* Slower than the command writes, so that its output never comes to an end. */
static void swallow_slowly(void *data, enum aq_stream stream, const char *bytes, size_t length)
{
    struct flood *flood = data;
    (void)bytes;
    if (stream == AQ_STREAM_STDERR)
        flood->output_before_errors = flood->output;
    else
        flood->output += length;
    usleep((useconds_t)(length / 16));
}

/* A command that writes faster than it can be read has its timeout as any other, and both streams come. */
static void ends_what_writes_without_end_at_the_timeout(void **state)
{
    struct aq_error err = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    struct flood flood = {.output_before_errors = UINT64_MAX};
    static const char script[] = "rm -f flood; echo $$ >flood; echo here >&2; "
                                 "while :; do head -c 1300000 /dev/zero; sleep 0.02; done";
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    struct aq_guest_exec exec = {.argv = argv,
                                 .working_dir = here,
                                 .deadline = aq_after_ms(2000),
                                 .on_output = swallow_slowly,
                                 .on_output_data = &flood};
    assert_fails(aq_channel_exec(channel_of(state), &exec, &exit, &err), AQ_E_COMMAND_TIMEOUT);
    assert_int_equal(count_dead("flood"), 1);
    assert_true(exit.output_length > 0);
    assert_int_equal(exit.errors_length, strlen("here\n"));
    assert_in_range(flood.output_before_errors, 0, 8 << 20);
    assert_ok(aq_channel_ping(channel_of(state), aq_after_ms(20000), &err));
}

static void ends_the_tree_when_interrupted(void **state)
{
    struct aq_error err = {0};
    assert_fails(run_tree(state, "interrupted", 0, true, &err), AQ_E_INTERRUPTED);
    aq_interrupt_clear();
    assert_int_equal(count_dead("interrupted"), 4);
    assert_ok(aq_channel_ping(channel_of(state), aq_after_ms(20000), &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_agent(ends_the_whole_tree_at_the_timeout),
        with_agent(ends_what_writes_without_end_at_the_timeout),
        with_agent(ends_the_tree_when_interrupted),
    };
    return agent_can_run() ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}
