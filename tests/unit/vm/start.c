/* SPDX-License-Identifier: MIT */
/* Starting and ending QEMU for a VM, without a guest: its disk is empty, so it sits in the BIOS. */
#include "test.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "bios-vm.h"
#include "tool.h"
#include "util/files.h"
#include "util/home.h"
#include "util/process.h"
#include "vm/run.h"

/* Who looks for a login's prompt on the console leaves many blank lines there. */
static void the_console_is_quoted_without_blank_lines(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    aq_autoclose int vms = aq_open_home_dir("vms", &err);
    aq_autoclose int log = openat(vms, "one/console.log", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    assert_true(log >= 0 && dprintf(log, "\nfirst\n\n \n\r\nlast\n\n\n") > 0);
    assert_refused("AGENT_MISSING", "wait one timeout=1");
    const char *quoted = strstr(aq_result_error(last), "first\nlast\n");
    assert_non_null(quoted);
    assert_string_equal(quoted, "first\nlast\n");
}

static void a_vm_starts_and_is_known_again(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    assert_string_equal(field("STATUS"), "running");
    assert_true(strcmp(field("ACCEL"), "tcg") == 0 || strcmp(field("ACCEL"), "kvm") == 0);
    pid_t pid = atoi(field("PID"));
    assert_int_equal(kill(pid, 0), 0);
    assert_command("status one");
    assert_int_equal(atoi(field("PID")), pid);
    assert_refused("VM_RUNNING", "start one");
    assert_refused("VM_RUNNING", "remove one");
    assert_command("list");
    assert_string_equal(field("RUNNING"), "1");
    assert_command("stop one force=true");
    assert_string_equal(field("FORCED"), "1");
    struct aq_process_id id;
    assert_false(aq_process_identify(pid, &id)); /* gone, or waiting for init to notice */
    assert_command("status one");
    assert_string_equal(field("STATUS"), "stopped");
    assert_command("start one");
    assert_command("remove one force=true");
    assert_refused("VM_NOT_FOUND", "status one");
}

static void a_dead_qemu_is_a_stopped_vm(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    pid_t pid = atoi(field("PID"));
    kill(pid, SIGKILL);
    aq_deadline deadline = aq_after_ms(20000);
    while (kill(pid, 0) == 0 && aq_ms_left(deadline) > 0 && strcmp(field("STATUS"), "stopped") != 0)
        command("status one");
    assert_command("status one");
    assert_string_equal(field("STATUS"), "stopped");
    assert_refused("VM_NOT_RUNNING", "stop one");
    assert_command("start one");
}

/* A pid on record that is somebody else's by now: never taken for the VM, never signalled. */
static void a_reused_pid_is_not_the_vm(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    aq_autovm struct aq_vm vm = {0};
    assert_ok(aq_vm_load("one", &vm, &err));
    aq_autoclose int folder = aq_vm_open("one", &err);
    const struct aq_run run = {.process = {getpid(), 12345}, .accel = AQ_ACCEL_TCG, .folder = "/nonexistent"};
    assert_ok(aq_run_write(folder, &run, &err));
    assert_command("status one");
    assert_string_equal(field("STATUS"), "stopped");
    assert_command("remove one force=true");
}

/* Another process, with another environment, sees the same VMs. */
static void a_vm_is_known_whatever_the_environment(void **state)
{
    (void)state;
    aq_autofree char *runtime = aq_strdup(getenv("XDG_RUNTIME_DIR"));
    assert_command("clone base=base name=one");
    assert_int_equal(mkdir("elsewhere", 0700), 0);
    setenv("XDG_RUNTIME_DIR", "elsewhere", 1);
    assert_command("status one");
    assert_string_equal(field("STATUS"), "running");
    assert_refused("VM_RUNNING", "start one");
    assert_refused("VM_RUNNING", "remove one");
    assert_refused("AGENT_MISSING", "wait one timeout=1s");
    assert_command("stop one force=true");
    assert_command("start one");
    setenv("XDG_RUNTIME_DIR", runtime, 1);
    assert_command("stop one force=true");
    tool("rm", "-rf", "elsewhere");
}

/* The store does not know of it, but it runs: nothing may be done over its disk. */
static void a_disk_in_use_is_left_alone(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    const pid_t pid = atoi(field("PID"));
    aq_autoclose int folder = aq_vm_open("one", &err);
    for (int damaged = 0; damaged < 2; damaged++) {
        assert_int_equal(renameat(folder, AQ_VM_RUN, folder, "kept"), 0);
        if (damaged) {
            aq_autoclose int file = openat(folder, AQ_VM_RUN, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
            assert_int_equal(write(file, "\0{", 2), 2);
        }
        assert_command("status one");
        assert_string_equal(field("STATUS"), "stopped");
        assert_refused("VM_RUNNING", "start one");
        assert_refused("VM_RUNNING", "remove one force=true");
        assert_int_equal(kill(pid, 0), 0);
        assert_int_equal(renameat(folder, "kept", folder, AQ_VM_RUN), 0);
    }
    assert_command("status one");
    assert_string_equal(field("STATUS"), "running");
}

/* The folder of its sockets is gone, as after a logout: it can still be seen, and ended. */
static void a_vm_without_its_sockets_can_be_ended(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    aq_autovm struct aq_vm vm = {0};
    assert_ok(aq_vm_load("one", &vm, &err));
    struct aq_run run;
    assert_int_equal(aq_run_read(&vm, &run, &err), 1);
    assert_ok(aq_remove_tree_at(AT_FDCWD, run.folder, &err));
    assert_refused("IO", "execute vm=one command=true");
    assert_command("stop one timeout=1s");
    assert_string_equal(field("FORCED"), "1");
}

static void a_later_version_s_vm_is_not_touched(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    tool("sh", "-c", "sed -i 's/^format: 2/format: 3/' $ADDRESS_QEMU_HOME/vms/one/vm.yaml");
    assert_refused("NOT_SUPPORTED", "start one");
    assert_refused("NOT_SUPPORTED", "remove one force=true");
    tool("sh", "-c", "sed -i 's/^format: 3/format: 2/' $ADDRESS_QEMU_HOME/vms/one/vm.yaml");
}

static void a_guest_that_does_not_answer_is_told_apart(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    assert_refused("AGENT_MISSING", "wait one timeout=1s");
    assert_refused("AGENT_MISSING", "execute vm=one command=true ready_timeout=1s");
    assert_refused("AGENT_MISSING", "execute vm=one command=true method=agent ready_timeout=1s");
    assert_refused("SSH_SILENT", "wait one for=ssh timeout=1s");
    assert_refused("SSH_HOST_KEY_UNKNOWN", "execute vm=one command=true method=ssh ready_timeout=1s");
    assert_refused("TIMEOUT", "wait one for=stopped timeout=1s");
    assert_command("stop one timeout=1s");
    assert_string_equal(field("FORCED"), "1");
}

static void kvm_that_does_not_work_is_refused_not_replaced(void **state)
{
    (void)state;
    assert_command("verify_host");
    bool kvm = strcmp(field("KVM"), "1") == 0;
    if (kvm) {
        assert_command("clone base=base name=one accel=kvm");
        assert_string_equal(field("ACCEL"), "kvm");
    } else {
        assert_refused("KVM_UNUSABLE", "clone base=base name=one accel=kvm");
        assert_refused("VM_NOT_FOUND", "status one");
    }
}

static void a_vm_without_a_network_has_no_port(void **state)
{
    (void)state;
    assert_command("clone base=base name=one network=none");
    assert_string_equal(field("SSH_PORT"), "");
    assert_refused("NO_NETWORK", "wait one for=ssh timeout=1s");
    assert_refused("NO_NETWORK", "execute vm=one command=true method=ssh ready_timeout=1s");
}

/* Starts at once: each has a port of its own. */
static void parallel_starts_get_distinct_ports(void **state)
{
    (void)state;
    enum { VMS = 16 };
    for (int i = 0; i < VMS; i++)
        if (fork() == 0)
            _exit(command("clone base=base name=vm%d", i));
    for (int i = 0; i < VMS; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_command("list");
    assert_string_equal(field("RUNNING"), "16");
    aq_autostrings struct aq_strings ports = {0};
    for (size_t row = 0; row < VMS; row++) {
        const char *port = aq_result_cell(last, 0, row, "SSH_PORT", NULL);
        assert_false(aq_strings_has(&ports, port));
        aq_strings_add(&ports, port);
    }
}

/* Is anything of this test's still running a QEMU? Those of others have another runtime folder. */
static int running_qemus(void)
{
    char *count = tool_output("sh", "-c",
                              "n=0; for p in /proc/[0-9]*; do "
                              "case $(readlink $p/exe) in */qemu-system*) "
                              "grep -qzxF \"XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR\" $p/environ && n=$((n + 1)) ;; "
                              "esac; done 2>/dev/null; echo $n");
    int number = atoi(count);
    free(count);
    return number;
}

/* SIGKILL of the starter at any moment: the next command works, and nothing unknown runs on. */
static void death_of_the_starter_is_got_over(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    for (int round = 0; round < 24; round++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(command("start one"));
        usleep((useconds_t)(2000 + round * 9000));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        assert_command("status one");
        if (strcmp(field("STATUS"), "running") == 0) {
            assert_command("stop one force=true");
        } else {
            assert_command("start one");
            assert_command("stop one force=true");
        }
        aq_deadline deadline = aq_after_ms(20000);
        while (running_qemus() != 0 && aq_ms_left(deadline) > 0)
            usleep(100000);
        assert_int_equal(running_qemus(), 0);
    }
}

static void an_interrupted_start_leaves_nothing(void **state)
{
    (void)state;
    aq_interrupt();
    assert_refused("INTERRUPTED", "clone base=base name=one");
    assert_int_equal(aq_result_rc(last), 130);
    aq_interrupt_clear();
    assert_command("list");
    assert_string_equal(field("COUNT"), "0");
    assert_int_equal(running_qemus(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_vm_starts_and_is_known_again, fresh, ended),
        cmocka_unit_test_setup_teardown(a_dead_qemu_is_a_stopped_vm, fresh, ended),
        cmocka_unit_test_setup_teardown(a_reused_pid_is_not_the_vm, fresh, ended),
        cmocka_unit_test_setup_teardown(a_vm_is_known_whatever_the_environment, fresh, ended),
        cmocka_unit_test_setup_teardown(a_disk_in_use_is_left_alone, fresh, ended),
        cmocka_unit_test_setup_teardown(a_vm_without_its_sockets_can_be_ended, fresh, ended),
        cmocka_unit_test_setup_teardown(a_later_version_s_vm_is_not_touched, fresh, ended),
        cmocka_unit_test_setup_teardown(a_guest_that_does_not_answer_is_told_apart, fresh, ended),
        cmocka_unit_test_setup_teardown(kvm_that_does_not_work_is_refused_not_replaced, fresh, ended),
        cmocka_unit_test_setup_teardown(a_vm_without_a_network_has_no_port, fresh, ended),
        cmocka_unit_test_setup_teardown(parallel_starts_get_distinct_ports, fresh, ended),
        cmocka_unit_test_setup_teardown(death_of_the_starter_is_got_over, fresh, ended),
        cmocka_unit_test_setup_teardown(the_console_is_quoted_without_blank_lines, fresh, ended),
        cmocka_unit_test_setup_teardown(an_interrupted_start_leaves_nothing, fresh, ended),
    };
    int failed = cmocka_run_group_tests_name("vm/start", tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
