/* SPDX-License-Identifier: MIT */
/* Restarts of one run of a VM and no other. Its disk is empty, so it sits in the BIOS and minds no power
 * button. */
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bios-vm.h"
#include "tool.h"
#include "util/files.h"
#include "vm/restart.h"
#include "vm/vm.h"

/* Of the VM as it runs now. free() it. */
static char *run_now(void)
{
    struct aq_process_id id;
    assert_command("status one");
    assert_true(aq_process_identify(atoi(field("PID")), &id));
    return aq_run_text(&id);
}

static void with_run(const char *verb, const char *run, char text[128])
{
    snprintf(text, 128, "%s one timeout=100ms run=%s", verb, run);
}

static void a_run_is_text_and_back(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "1", "1:", ":1", "0:1", "-1:1", "1:2:3", "1:2 ", "99999999999:1", "web"};
    const struct aq_process_id run = {.pid = 4711, .start_time = UINT64_MAX};
    struct aq_process_id read;
    aq_autofree char *text = aq_run_text(&run);
    assert_true(aq_run_of_text(text, &read));
    assert_int_equal(read.pid, run.pid);
    assert_true(read.start_time == run.start_time);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(aq_run_of_text(wrong[i], &read));
}

static void another_run_is_left_alone(void **state)
{
    (void)state;
    char text[128];
    assert_command("clone base=base name=one");
    aq_autofree char *first = run_now();
    assert_command("restart one force=true");
    aq_autofree char *second = run_now();
    with_run("restart", first, text);
    assert_refused("VM_NOT_RUNNING", "%s", text);
    with_run("stop", first, text);
    assert_refused("VM_NOT_RUNNING", "%s", text);
    aq_autofree char *still = run_now();
    assert_string_equal(still, second);
    assert_refused("VALUE_INVALID", "stop one run=web");
    assert_refused("VALUE_INVALID", "stop one run=1:1 force=true");
    with_run("restart", second, text);
    assert_command("%s", text);
    assert_string_equal(field("FORCED"), "1");
    aq_autofree char *third = run_now();
    assert_string_not_equal(third, second);
    with_run("stop", third, text);
    assert_command("%s", text);
    assert_command("status one");
    assert_string_equal(field("STATUS"), "stopped");
    assert_command("remove one");
}

static void one_that_was_stopped_stays_so(void **state)
{
    (void)state;
    char text[128];
    assert_command("clone base=base name=one");
    aq_autofree char *run = run_now();
    assert_command("stop one force=true");
    with_run("restart", run, text);
    assert_refused("VM_NOT_RUNNING", "%s", text);
    assert_command("status one");
    assert_string_equal(field("STATUS"), "stopped");
    assert_command("remove one");
}

/* As a monitor leaves it that is killed after it has stopped the VM. */
static void one_that_was_cut_short_is_finished(void **state)
{
    (void)state;
    char text[128];
    struct aq_process_id noted;
    assert_command("clone base=base name=one");
    aq_autofree char *run = run_now();
    assert_command("stop one force=true");
    aq_autoclose int folder = aq_vm_open("one", &err);
    assert_ok(aq_replace_file_at(folder, "restarting", run, strlen(run), &err));
    assert_true(aq_restart_pending(folder, &noted));
    with_run("restart", "1:1", text);
    assert_refused("VM_NOT_RUNNING", "%s", text);
    with_run("restart", run, text);
    assert_command("%s", text);
    assert_string_equal(field("STATUS"), "running");
    assert_false(aq_restart_pending(folder, &noted));
    /* Its user stops it: that counts. */
    assert_command("stop one force=true");
    assert_ok(aq_replace_file_at(folder, "restarting", run, strlen(run), &err));
    assert_refused("VM_NOT_RUNNING", "stop one");
    assert_refused("VM_NOT_RUNNING", "%s", text);
    assert_command("remove one");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_text_and_back),
        cmocka_unit_test_setup_teardown(another_run_is_left_alone, fresh, ended),
        cmocka_unit_test_setup_teardown(one_that_was_stopped_stays_so, fresh, ended),
        cmocka_unit_test_setup_teardown(one_that_was_cut_short_is_finished, fresh, ended),
    };
    int failed = cmocka_run_group_tests_name("vm/restart", tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
