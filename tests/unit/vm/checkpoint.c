/* SPDX-License-Identifier: MIT */
/* Scripts in flight: seen and answered by other processes, and gone with the process that runs them. */
#include "test.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bios-vm.h"
#include "util/json.h"
#include "vm/checkpoint.h"

static struct aq_vm vm;

static int with_vm(void **state)
{
    fresh(state);
    assert_command("clone base=base name=one no_start");
    aq_vm_free(&vm);
    assert_ok(aq_vm_load("one", &vm, &err));
    return 0;
}

static void open_stream(struct aq_checkpoint_stream *stream, const char *script)
{
    aq_autojson json_t *state =
        json_pack("{s:s, s:s, s:i}", "script", script, "status", "running", "count", 3);
    *stream = (struct aq_checkpoint_stream)AQ_CHECKPOINT_STREAM_NONE;
    assert_ok(aq_checkpoint_stream_open(&vm, state, stream, &err));
}

static const char *cell(size_t row, const char *column)
{
    const char *text = aq_result_cell(last, 0, row, column, NULL);
    return text != NULL ? text : "";
}

static void one_is_seen_and_answered(void **state)
{
    (void)state;
    struct aq_checkpoint_stream stream, other;
    enum aq_checkpoint_answer answer;
    assert_command("checkpoint_status");
    assert_string_equal(field("COUNT"), "0");
    assert_refused("CHECKPOINT_NOT_FOUND", "checkpoint_answer vm=one action=abort");
    open_stream(&stream, "a.rexx");
    assert_false(aq_checkpoint_stream_order(&stream, &answer));
    assert_command("checkpoint_status vm=one");
    assert_string_equal(field("COUNT"), "1");
    assert_string_equal(cell(0, "SCRIPT"), "a.rexx");
    assert_string_equal(cell(0, "COUNT"), "3");
    assert_string_equal(cell(0, "ORDER"), "");

    assert_command("checkpoint_answer vm=one action=pause");
    assert_string_equal(field("STREAM"), stream.id);
    assert_true(aq_checkpoint_stream_order(&stream, &answer));
    assert_int_equal(answer, AQ_CHECKPOINT_PAUSE);
    assert_command("checkpoint_answer vm=one action=abort");
    assert_true(aq_checkpoint_stream_order(&stream, &answer));
    assert_int_equal(answer, AQ_CHECKPOINT_ABORT);
    assert_command("checkpoint_status");
    assert_string_equal(cell(0, "ORDER"), "abort");
    aq_checkpoint_stream_clear_order(&stream);
    assert_false(aq_checkpoint_stream_order(&stream, &answer));

    open_stream(&other, "b.rexx");
    assert_refused("VALUE_INVALID", "checkpoint_answer vm=one action=pause");
    assert_says("2 scripts");
    assert_command("checkpoint_answer vm=one action=pause stream=%s", other.id);
    assert_true(aq_checkpoint_stream_order(&other, &answer));
    assert_false(aq_checkpoint_stream_order(&stream, &answer));
    aq_checkpoint_stream_close(&other);
    aq_checkpoint_stream_close(&stream);
    assert_command("checkpoint_status");
    assert_string_equal(field("COUNT"), "0");
    assert_refused("VM_NOT_FOUND", "checkpoint_status vm=nobody");
}

static void those_of_the_dead_are_swept(void **state)
{
    (void)state;
    struct aq_checkpoint_stream stream;
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        open_stream(&stream, "dead.rexx");
        if (write(ready[1], "", 1) == 1)
            pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_command("checkpoint_status");
    assert_string_equal(field("COUNT"), "1");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_command("checkpoint_status");
    assert_string_equal(field("COUNT"), "0");
    assert_command("remove name=one");
    close(ready[0]);
    close(ready[1]);
}

/* Written without end by one process and read by another: always a whole one. */
static void a_state_is_never_torn(void **state)
{
    (void)state;
    struct aq_checkpoint_stream stream;
    open_stream(&stream, "a.rexx");
    pid_t pid = fork();
    if (pid == 0) {
        for (int i = 0; i < 300; i++)
            if (command("checkpoint_status") != 0 || strcmp(field("COUNT"), "1") != 0)
                _exit(1);
        _exit(0);
    }
    int status = -1;
    aq_autofree char *text = aq_alloc(4001);
    for (int i = 0; waitpid(pid, &status, WNOHANG) == 0; i++) {
        memset(text, 'a' + i % 26, (size_t)(i * 37 % 4000));
        text[i * 37 % 4000] = '\0';
        aq_autojson json_t *now = json_pack("{s:s, s:i}", "text", text, "count", i);
        aq_checkpoint_stream_write(&stream, now);
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    aq_checkpoint_stream_close(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_is_seen_and_answered, with_vm, ended),
        cmocka_unit_test_setup_teardown(those_of_the_dead_are_swept, with_vm, ended),
        cmocka_unit_test_setup_teardown(a_state_is_never_torn, with_vm, ended),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    aq_vm_free(&vm);
    aq_result_free(last);
    return failed;
}
