/* SPDX-License-Identifier: MIT */
/* The verbs that speak of the host. */
#include "test.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include "bios-vm.h"

static const char *cell(const char *column)
{
    const char *text = aq_result_cell(last, 0, 0, column, NULL);
    return text != NULL ? text : "";
}

static void running_vms_are_measured(void **state)
{
    (void)state;
    assert_command("process_stats");
    assert_string_equal(field("COUNT"), "0");
    assert_command("clone base=base name=off no_start");
    assert_command("clone base=base name=one");
    aq_autofree char *pid = aq_strdup(field("PID"));
    assert_command("process_stats");
    assert_string_equal(field("COUNT"), "1");
    assert_string_equal(cell("NAME"), "one");
    assert_string_equal(cell("PID"), pid);
    assert_true(atoll(cell("RSS")) > 1 << 20);
    assert_true(atoll(cell("PSS")) > 0 && atoll(cell("PSS")) <= atoll(cell("RSS")));
    assert_true(atoll(cell("CPU_MS")) > 0);
    assert_true(atoll(cell("THREADS")) > 1);
    assert_command("process_stats one");
    assert_string_equal(field("COUNT"), "1");
    assert_refused("VM_NOT_RUNNING", "process_stats off");
    assert_refused("VM_NOT_FOUND", "process_stats two");
}

static void kinds_of_guests_are_listed(void **state)
{
    (void)state;
    assert_command("list_ostypes");
    assert_int_equal(atoi(field("COUNT")), aq_result_row_count(last, 0));
    assert_string_equal(cell("NAME"), "micro");
    assert_string_equal(cell("KNOWN"), "tests");
}

static mode_t kvm_mode(void)
{
    struct stat device;
    return stat("/dev/kvm", &device) == 0 ? device.st_mode : 0;
}

/* Only shown: nothing of the host changes. Nor does root need anything. */
static void permissions_are_shown(void **state)
{
    (void)state;
    mode_t before = kvm_mode();
    assert_command("setup_permissions username=nobody");
    bool open_to_all = (before & 06) == 06;
    assert_int_equal(atoi(field("COUNT")) == 0, open_to_all);
    for (size_t i = 0; i < (size_t)atoi(field("COUNT")); i++) {
        const char *shown = aq_result_cell(last, 0, i, "COMMAND", NULL);
        assert_null(strstr(shown, "666"));
        assert_null(strstr(shown, "o+"));
        assert_string_equal(aq_result_cell(last, 0, i, "DONE", NULL), "0");
    }
    assert_int_equal(kvm_mode(), before);
    assert_command("setup_permissions root apply=true");
    assert_string_equal(field("COUNT"), "0");
    assert_int_equal(kvm_mode(), before);
    assert_refused("VALUE_INVALID", "setup_permissions username=no-such-user");
}

static void only_root_sets_them(void **state)
{
    (void)state;
    if ((kvm_mode() & 06) == 06)
        skip(); /* open to everybody by the host: nothing to set */
    pid_t pid = fork();
    if (pid == 0)
        _exit((geteuid() == 0 && setuid(65534) < 0)
                  ? 99
                  : command("setup_permissions username=nobody apply=true"));
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(running_vms_are_measured, fresh, ended),
        cmocka_unit_test_setup_teardown(kinds_of_guests_are_listed, fresh, ended),
        cmocka_unit_test_setup_teardown(permissions_are_shown, fresh, ended),
        cmocka_unit_test_setup_teardown(only_root_sets_them, fresh, ended),
    };
    int failed = cmocka_run_group_tests_name("verbs/host", tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
