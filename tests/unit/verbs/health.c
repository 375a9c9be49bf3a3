/* SPDX-License-Identifier: MIT */
/* Health checks and the monitor: a real one, with VMs whose guest never answers. */
#include "test.h"

#include <signal.h>
#include <stdlib.h>

#include "bios-vm.h"
#include "util/keeper.h"
#include "util/wait.h"

#define LONG_MS 120000

#define assert_soon(condition)                                                                               \
    do {                                                                                                     \
        aq_deadline give_up = aq_after_ms(LONG_MS);                                                          \
        while (!(condition) && aq_ms_left(give_up) > 0)                                                      \
            aq_sleep_until(aq_after_ms(20), &err);                                                           \
        assert_true(condition);                                                                              \
    } while (0)

static int ended_with_monitor(void **state)
{
    assert_command("stop_monitoring");
    return ended(state);
}

static const char *check_of(const char *vm, const char *column)
{
    assert_command("health_status vm=%s", vm);
    const char *cell = aq_result_cell(last, 0, 0, column, NULL);
    return cell != NULL ? cell : "";
}

static bool is(const char *vm, const char *status)
{
    return strcmp(check_of(vm, "STATUS"), status) == 0;
}

static bool monitor_lives(void)
{
    struct aq_keeper_info info;
    int found = aq_keeper_find("monitor", &info, &err);
    assert_true(found >= 0);
    return found > 0;
}

/* Fails at once and often. */
#define IMPATIENT "interval=100ms timeout=100ms start_period=0 stop_timeout=200ms retries=2"

static void what_is_not_given_stays(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    assert_command("configure_health_check vm=one command=\"true\" interval=5000 retries=2");
    assert_string_equal(field("INTERVAL"), "5000");
    assert_string_equal(field("TIMEOUT"), "30000");
    assert_string_equal(field("ACTION"), "none");
    assert_string_equal(field("MONITORING"), "0");
    assert_command("configure_health_check name=one action=restart timeout=2s");
    assert_string_equal(field("COMMAND"), "true");
    assert_string_equal(field("RETRIES"), "2");
    assert_string_equal(field("TIMEOUT"), "2000");
    assert_true(is("one", "stopped"));
    assert_command("configure_health_check vm=one enabled=false");
    assert_string_equal(field("ACTION"), "restart");
    assert_true(is("one", "disabled"));
    /* It goes with the VM, and not to its clones. */
    assert_command("rename one new_name=other");
    assert_true(is("other", "disabled"));
    assert_command("clone vm=other name=clone no_start");
    assert_command("health_status clone");
    assert_string_equal(field("COUNT"), "0");
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    assert_refused("VM_NOT_FOUND", "configure_health_check vm=onne command=true");
    assert_says("did you mean one?");
    assert_refused("VALUE_INVALID", "configure_health_check vm=one retries=0");
    assert_refused("VALUE_INVALID", "configure_health_check vm=one interval=1");
    assert_refused("VALUE_INVALID", "configure_health_check vm=one action=explode");
    assert_refused("VM_NOT_FOUND", "health_status vm=nothing");
    assert_command("health_status");
    assert_string_equal(field("COUNT"), "0");
    /* Nothing of that was kept. */
    assert_command("health_status one");
    assert_string_equal(field("COUNT"), "0");
}

/* The monitor is there as long as there is something to watch. */
static void the_monitor_comes_and_goes(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    assert_command("start_monitoring");
    assert_string_equal(field("SKIPPED"), "0");
    assert_string_equal(field("COUNT"), "0");
    assert_string_equal(field("PID"), "");
    assert_command("start_monitoring");
    assert_string_equal(field("SKIPPED"), "1");
    assert_command("configure_health_check vm=one command=true");
    assert_true(monitor_lives());
    assert_command("start_monitoring");
    assert_string_equal(field("SKIPPED"), "1");
    assert_string_not_equal(field("PID"), "");
    assert_command("configure_health_check vm=one enabled=false");
    assert_soon(!monitor_lives());
    assert_command("health_status");
    assert_string_equal(field("MONITORING"), "1");
    assert_command("configure_health_check vm=one");
    assert_true(monitor_lives());
    assert_command("stop_monitoring");
    assert_false(monitor_lives());
    assert_string_equal(field("SKIPPED"), "0");
    assert_command("stop_monitoring");
    assert_string_equal(field("SKIPPED"), "1");
    assert_command("configure_health_check vm=one command=false");
    assert_false(monitor_lives());
}

static void one_that_was_killed_comes_back(void **state)
{
    (void)state;
    struct aq_keeper_info info;
    assert_command("clone base=base name=one no_start");
    assert_command("configure_health_check vm=one");
    assert_command("start_monitoring");
    assert_int_equal(aq_keeper_find("monitor", &info, &err), 1);
    assert_true(aq_process_signal(&info.process, SIGKILL));
    assert_soon(!monitor_lives());
    assert_command("health_status");
    assert_string_equal(field("MONITORING"), "1");
    assert_string_equal(field("PID"), "");
    assert_command("start_monitoring");
    assert_string_equal(field("SKIPPED"), "0");
    assert_true(monitor_lives());
}

static void an_unhealthy_vm_is_stopped(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    assert_command("clone base=base name=two");
    assert_command("configure_health_check vm=one " IMPATIENT " action=stop");
    assert_command("configure_health_check vm=two " IMPATIENT);
    assert_command("start_monitoring");
    assert_string_equal(field("COUNT"), "2");
    assert_soon(is("one", "stopped"));
    assert_soon(strcmp(check_of("one", "OUTCOME"), "ok") == 0);
    assert_string_equal(check_of("one", "ACTION"), "stop");
    assert_string_equal(check_of("one", "PASSED"), "0");
    assert_string_equal(check_of("one", "EXIT_CODE"), "-1");
    assert_non_null(strstr(check_of("one", "OUTPUT"), "AGENT_MISSING"));
    assert_soon(is("two", "unhealthy"));
    assert_string_equal(check_of("two", "ACTION"), "");
    assert_command("status two");
    assert_string_equal(field("STATUS"), "running");
    assert_command("health_status two");
    assert_true(aq_result_row_count(last, 1) >= 2); /* the history */
    /* The action is in the audit log, and the checks are not. */
    assert_command("security_audit");
    unsigned stops = 0;
    for (size_t row = 0; row < aq_result_row_count(last, 0); row++) {
        const char *verb = aq_result_cell(last, 0, row, "VERB", NULL);
        stops += strcmp(verb, "stop") == 0;
        assert_string_not_equal(verb, "execute");
    }
    assert_int_equal(stops, 1);
}

static void an_unhealthy_vm_is_restarted_but_not_for_ever(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    assert_command("configure_health_check vm=one " IMPATIENT " action=restart max_restarts=1");
    assert_command("status one");
    aq_autofree char *before = aq_strdup(field("PID"));
    assert_command("start_monitoring");
    assert_soon(strcmp(check_of("one", "RESTARTS"), "1") == 0 &&
                strcmp(check_of("one", "OUTCOME"), "ok") == 0);
    assert_soon(is("one", "unhealthy") && atoi(check_of("one", "FAILURES")) > 3);
    assert_string_equal(check_of("one", "RESTARTS"), "1");
    assert_command("status one");
    assert_string_equal(field("STATUS"), "running");
    assert_string_not_equal(field("PID"), before);
}

/* Whatever is not running says nothing. */
static void a_paused_vm_is_left_alone(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    assert_command("pause one");
    assert_command("configure_health_check vm=one " IMPATIENT " action=stop");
    assert_command("start_monitoring");
    assert_true(is("one", "paused"));
    aq_sleep_until(aq_after_ms(600), &err);
    assert_true(is("one", "paused"));
    assert_string_equal(check_of("one", "CHECKED"), "");
    assert_command("resume one");
    assert_soon(is("one", "stopped"));
}

/* A VM that goes while it is watched; the last one takes the monitor with it. */
static void a_vm_that_is_removed_is_watched_no_more(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    assert_command("configure_health_check vm=one " IMPATIENT);
    assert_command("start_monitoring");
    assert_soon(is("one", "unhealthy"));
    assert_command("remove one force=true");
    assert_command("health_status");
    assert_string_equal(field("COUNT"), "0");
    assert_command("stop_monitoring");
    aq_autoclose int vms = aq_open_home_dir("vms", &err);
    assert_int_equal(faccessat(vms, "one", F_OK, 0), -1);
}

#define monitored(name) cmocka_unit_test_setup_teardown(name, fresh, ended_with_monitor)

int main(void)
{
    const struct CMUnitTest tests[] = {
        monitored(what_is_not_given_stays),    monitored(what_cannot_be_is_refused),
        monitored(the_monitor_comes_and_goes), monitored(one_that_was_killed_comes_back),
        monitored(an_unhealthy_vm_is_stopped), monitored(an_unhealthy_vm_is_restarted_but_not_for_ever),
        monitored(a_paused_vm_is_left_alone),  monitored(a_vm_that_is_removed_is_watched_no_more),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
