/* SPDX-License-Identifier: MIT */
/* The real QEMU. No guest is needed: an empty disk leaves it in its BIOS. */
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qemu/launch.h"
#include "util/files.h"
#include "util/json.h"

#define HANG 120000

/* A VM's folders and files, in the folder that run-test gives each test. */
struct vm {
    int dir, runtime, log;
    int console[2], cable[2]; /* QEMU's ends first */
    char *disk;
    struct aq_disk_image image;
    struct aq_disk disks;
    struct aq_machine machine;
    struct aq_launch launch;
    struct aq_process_id id;
};

static int open_file(const char *name, int flags)
{
    int fd = open(name, flags | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static int set_up(void **state)
{
    struct vm *vm = aq_alloc(sizeof *vm);
    struct aq_error err = {0};
    char here[4096];
    assert_non_null(getcwd(here, sizeof here));
    vm->dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_ok(aq_remove_tree_at(vm->dir, "vm run", &err));
    assert_int_equal(mkdir("vm run", 0700), 0);
    vm->runtime = open("vm run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    vm->disk = aq_format("%s/vm run/a, disk", here);
    close(open_file(vm->disk, O_RDWR));
    assert_int_equal(truncate(vm->disk, 1 << 20), 0);
    vm->log = open_file("vm run/qemu.log", O_RDWR);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, vm->console), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, vm->cable), 0);
    vm->image = (struct aq_disk_image){vm->disk, "raw"};
    vm->disks = (struct aq_disk){.chain = &vm->image, .chain_count = 1, .serial = "root"};
    vm->machine = (struct aq_machine){.name = "a,vm",
                                      .uuid = "6f1f6a3e-0000-4000-8000-000000000001",
                                      .memory_mib = 64,
                                      .cpus = 1,
                                      .accel = AQ_ACCEL_TCG,
                                      .disks = &vm->disks,
                                      .disk_count = 1,
                                      .network = true,
                                      .mac = "52:54:00:00:00:01",
                                      .hostname = "a,vm"};
    vm->launch = (struct aq_launch){.machine = &vm->machine,
                                    .runtime_dir = vm->runtime,
                                    .log_fd = vm->log,
                                    .console_fd = vm->console[0],
                                    .cable_fd = vm->cable[0],
                                    .deadline = aq_after_ms(HANG)};
    *state = vm;
    return 0;
}

static int tear_down(void **state)
{
    struct vm *vm = *state;
    struct aq_error err = {0};
    if (vm->id.pid != 0)
        aq_qemu_kill(vm->runtime, &vm->id);
    close(vm->runtime);
    close(vm->log);
    for (int i = 0; i < 2; i++) {
        close(vm->console[i]);
        close(vm->cable[i]);
    }
    free(vm->disk);
    int removed = aq_remove_tree_at(vm->dir, "vm run", &err);
    close(vm->dir);
    free(vm);
    return removed;
}

/* Neither a socket in the runtime folder nor a process that has its console open. */
static void assert_nothing_left(const struct vm *vm)
{
    for (unsigned i = 0; i < AQ_QEMU_SOCKETS; i++) {
        aq_autofree char *name = aq_format("%s.sock", aq_qemu_socket_name(i));
        assert_int_equal(faccessat(vm->runtime, name, F_OK, 0), -1);
    }
    DIR *processes = opendir("/proc");
    const struct dirent *process;
    while ((process = readdir(processes)) != NULL) {
        aq_autofree char *path = aq_format("/proc/%s/cmdline", process->d_name);
        aq_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
        char command[16384];
        ssize_t length = fd >= 0 ? read(fd, command, sizeof command) : 0;
        if (length > 0 && memmem(command, (size_t)length, vm->disk, strlen(vm->disk)) != NULL)
            fail_msg("process %s is left", process->d_name);
    }
    closedir(processes);
}

static void it_runs_and_is_ended(void **state)
{
    struct vm *vm = *state;
    struct aq_error err = {0};
    aq_autoqmp struct aq_qmp *qmp = NULL;
    assert_ok(aq_qemu_launch(&vm->launch, &vm->id, &qmp, &err));
    assert_true(aq_process_alive(&vm->id));
    aq_autofree char *cwd = aq_format("/proc/%d/cwd", (int)vm->id.pid);
    char where[8] = "";
    assert_int_equal(readlink(cwd, where, sizeof where - 1), 1); /* "/": it keeps no folder of ours busy */
    aq_autofree char *status = aq_qmp_status(qmp, aq_after_ms(HANG), &err);
    assert_string_equal(status, "running");
    assert_int_equal(aq_qmp_port_open(qmp, AQ_QEMU_AGENT, aq_after_ms(HANG), &err), 0);
    assert_int_equal(aq_qmp_port_open(qmp, AQ_QEMU_HELPER + 3, aq_after_ms(HANG), &err), 0);
    assert_ok(aq_qemu_powerdown(qmp, aq_after_ms(HANG), &err));
    assert_int_equal(aq_qmp_wait_event(qmp, "POWERDOWN", aq_after_ms(HANG), NULL, &err), 1);
    aq_qmp_close(aq_steal_ptr(&qmp));

    assert_ok(aq_qemu_end(vm->runtime, &vm->id, &err));
    assert_false(aq_process_alive(&vm->id));
    assert_nothing_left(vm);
    assert_ok(aq_qemu_end(vm->runtime, &vm->id, &err)); /* ending what has ended is fine */

    /* Its own command line is in front of its words. */
    char log[16384] = "";
    assert_true(pread(vm->log, log, sizeof log - 1, 0) > 0);
    assert_non_null(strstr(log, "/qemu-system-x86_64 -name guest=a,,vm,process=qemu:a,,vm,debug-threads=on"));
}

static void another_connection_finds_it(void **state)
{
    struct vm *vm = *state;
    struct aq_error err = {0};
    assert_ok(aq_qemu_launch(&vm->launch, &vm->id, NULL, &err));
    for (int i = 0; i < 3; i++) {
        aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(vm->runtime, aq_after_ms(HANG), &err);
        assert_non_null(qmp);
        assert_null(aq_qmp_connect(vm->runtime, aq_after_ms(10), &err)); /* one at a time */
        assert_fails(-1, AQ_E_VM_BUSY);
    }
}

static void it_can_start_paused(void **state)
{
    struct vm *vm = *state;
    struct aq_error err = {0};
    aq_autoqmp struct aq_qmp *qmp = NULL;
    vm->launch.paused = true;
    assert_ok(aq_qemu_launch(&vm->launch, &vm->id, &qmp, &err));
    aq_autofree char *before = aq_qmp_status(qmp, aq_after_ms(HANG), &err);
    assert_string_equal(before, "prelaunch");
    assert_ok(aq_qmp_command(qmp, "cont", NULL, aq_after_ms(HANG), NULL, &err));
    assert_int_equal(aq_qmp_wait_event(qmp, "RESUME", aq_after_ms(HANG), NULL, &err), 1);
    aq_autofree char *after = aq_qmp_status(qmp, aq_after_ms(HANG), &err);
    assert_string_equal(after, "running");
}

static void it_can_wait_for_a_state(void **state)
{
    struct vm *vm = *state;
    struct aq_error err = {0};
    vm->launch.incoming = "defer";
    assert_ok(aq_qemu_launch(&vm->launch, &vm->id, NULL, &err));
}

static void a_killed_one_is_noticed_and_replaced(void **state)
{
    struct vm *vm = *state;
    struct aq_error err = {0};
    aq_autoqmp struct aq_qmp *qmp = NULL;
    assert_ok(aq_qemu_launch(&vm->launch, &vm->id, &qmp, &err));
    assert_int_equal(kill(vm->id.pid, SIGKILL), 0);
    assert_fails(aq_qmp_wait_event(qmp, "STOP", aq_after_ms(HANG), NULL, &err), AQ_E_VM_NOT_RUNNING);
    assert_fails(aq_qmp_command(qmp, "query-status", NULL, aq_after_ms(HANG), NULL, &err),
                 AQ_E_VM_NOT_RUNNING);
    aq_qmp_close(aq_steal_ptr(&qmp));
    assert_int_equal(aq_process_wait_gone(&vm->id, aq_after_ms(HANG), &err), 1);
    assert_null(aq_qmp_connect(vm->runtime, aq_after_ms(HANG), &err));
    assert_fails(-1, AQ_E_VM_NOT_RUNNING);

    assert_ok(aq_qemu_launch(&vm->launch, &vm->id, NULL, &err)); /* its stale sockets are no obstacle */
}

static void a_stuck_one_is_killed(void **state)
{
    struct vm *vm = *state;
    struct aq_error err = {0};
    assert_ok(aq_qemu_launch(&vm->launch, &vm->id, NULL, &err));
    assert_int_equal(kill(vm->id.pid, SIGSTOP), 0);
    aq_qemu_kill(vm->runtime, &vm->id);
    assert_false(aq_process_alive(&vm->id));
    assert_nothing_left(vm);
}

/* Politely first: its monitor, SIGTERM; it hears neither. Takes as long as our patience. */
static void a_stuck_one_is_ended_at_last(void **state)
{
    struct vm *vm = *state;
    struct aq_error err = {0};
    assert_ok(aq_qemu_launch(&vm->launch, &vm->id, NULL, &err));
    assert_int_equal(kill(vm->id.pid, SIGSTOP), 0);
    assert_ok(aq_qemu_end(vm->runtime, &vm->id, &err));
    assert_false(aq_process_alive(&vm->id));
    assert_nothing_left(vm);
}

/* SIGTERM is enough where another process keeps the monitor to itself. */
static void a_busy_monitor_is_no_obstacle(void **state)
{
    struct vm *vm = *state;
    struct aq_error err = {0};
    aq_autoqmp struct aq_qmp *qmp = NULL;
    assert_ok(aq_qemu_launch(&vm->launch, &vm->id, &qmp, &err));
    assert_ok(aq_qemu_end(vm->runtime, &vm->id, &err));
    assert_nothing_left(vm);
    aq_autojson json_t *data = NULL;
    assert_int_equal(aq_qmp_wait_event(qmp, "SHUTDOWN", aq_after_ms(HANG), &data, &err), 1);
    assert_string_equal(aq_json_text(data, "reason", ""), "host-signal"); /* and not SIGKILL */
}

/* With the accelerator that was chosen, and no other. */
static void it_uses_the_accelerator(void **state)
{
    struct vm *vm = *state;
    struct aq_error err = {0};
    aq_autoqmp struct aq_qmp *qmp = NULL;
    aq_autojson json_t *kvm = NULL;
    assert_ok(aq_accel_choose(vm->runtime, AQ_ACCEL_AUTO, &vm->machine.accel, NULL, &err));
    assert_ok(aq_qemu_launch(&vm->launch, &vm->id, &qmp, &err));
    assert_ok(aq_qmp_command(qmp, "query-kvm", NULL, aq_after_ms(HANG), &kvm, &err));
    assert_int_equal(aq_json_bool(kvm, "enabled", false), vm->machine.accel == AQ_ACCEL_KVM);
}

static void what_qemu_refuses_is_told_in_its_words(void **state)
{
    struct vm *vm = *state;
    struct aq_error err = {0};
    vm->machine.cpu_model = "no-such-cpu";
    assert_int_equal(aq_qemu_launch(&vm->launch, &vm->id, NULL, &err), -1);
    assert_non_null(strstr(err.text, "QEMU did not start a,vm: it ended."));
    assert_non_null(strstr(err.text, "unable to find CPU model 'no-such-cpu'"));
    assert_non_null(strstr(err.text, "qemu-system-x86_64 -name"));
    assert_fails(-1, AQ_E_QEMU_FAILED);
    assert_nothing_left(vm);

    vm->machine.cpu_model = NULL;
    vm->image.format = "qcow2"; /* the file is not one: nothing is guessed */
    assert_int_equal(aq_qemu_launch(&vm->launch, &vm->id, NULL, &err), -1);
    assert_non_null(strstr(err.text, "Image is not in qcow2 format"));
    assert_null(strstr(err.text, "no-such-cpu")); /* the words of the start before it are not its own */
    assert_fails(-1, AQ_E_QEMU_FAILED);
    assert_nothing_left(vm);
}

static void a_machine_that_cannot_be_said_is_refused(void **state)
{
    struct vm *vm = *state;
    struct aq_error err = {0};
    vm->image.path = "relative";
    assert_fails(aq_qemu_launch(&vm->launch, &vm->id, NULL, &err), AQ_E_VALUE_INVALID);
    assert_nothing_left(vm);
}

static void a_missing_qemu_names_its_package(void **state)
{
    struct vm *vm = *state;
    struct aq_error err = {0};
    aq_autofree char *path = aq_strdup(getenv("PATH"));
    setenv("PATH", "/nowhere", 1);
    int launched = aq_qemu_launch(&vm->launch, &vm->id, NULL, &err);
    setenv("PATH", path, 1);
    assert_int_equal(launched, -1);
    assert_non_null(strstr(err.text, "qemu-system-x86"));
    assert_fails(-1, AQ_E_TOOL_MISSING);
    assert_nothing_left(vm);
}

/* Whoever has the other ends knows by them when QEMU is gone. */
static void its_end_is_seen_at_its_cable(void **state)
{
    struct vm *vm = *state;
    struct aq_error err = {0};
    char byte;
    assert_ok(aq_qemu_launch(&vm->launch, &vm->id, NULL, &err));
    close(vm->cable[0]);
    close(vm->console[0]);
    vm->cable[0] = vm->console[0] = -1;
    assert_int_equal(recv(vm->cable[1], &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(kill(vm->id.pid, SIGKILL), 0);
    assert_int_equal(aq_wait_fd(vm->cable[1], POLLIN, aq_after_ms(HANG), &err), 1);
    assert_int_equal(recv(vm->cable[1], &byte, 1, MSG_DONTWAIT), 0);
    assert_int_equal(aq_wait_fd(vm->console[1], POLLIN, aq_after_ms(HANG), &err), 1);
    assert_int_equal(recv(vm->console[1], &byte, 1, MSG_DONTWAIT), 0);
}

static void *interrupt_soon(void *delay)
{
    usleep(*(const unsigned *)delay);
    aq_interrupt();
    return NULL;
}

static void an_interrupted_start_leaves_nothing(void **state)
{
    struct vm *vm = *state;
    struct aq_error err = {0};
    for (unsigned delay = 0; delay <= 40000; delay += 8000) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, &delay), 0);
        int launched = aq_qemu_launch(&vm->launch, &vm->id, NULL, &err);
        pthread_join(thread, NULL);
        aq_interrupt_clear();
        if (launched == 0) { /* it was faster */
            aq_qemu_kill(vm->runtime, &vm->id);
            vm->id = (struct aq_process_id){0};
        } else {
            assert_fails(-1, AQ_E_INTERRUPTED);
        }
        assert_nothing_left(vm);
    }
}

static void a_start_that_takes_too_long_leaves_nothing(void **state)
{
    struct vm *vm = *state;
    struct aq_error err = {0};
    vm->launch.deadline = aq_now() + 1;
    assert_fails(aq_qemu_launch(&vm->launch, &vm->id, NULL, &err), AQ_E_TIMEOUT);
    assert_nothing_left(vm);
}

/* Jobs, on a qcow2 that can hold snapshots: the command succeeds, the job tells the truth. */
static void jobs_tell_what_became_of_them(void **state)
{
    struct vm *vm = *state;
    struct aq_error err = {0};
    const char *const create[] = {"qemu-img", "create", "-q", "-f", "qcow2", vm->disk, "16M", NULL};
    assert_ok(aq_process_check(&(struct aq_process){.argv = create}, NULL, &err));
    vm->image.format = "qcow2";
    aq_autoqmp struct aq_qmp *qmp = NULL;
    assert_ok(aq_qemu_launch(&vm->launch, &vm->id, &qmp, &err));
    static const char snapshot[] = "{s:s, s:s, s:[s]}";
    assert_ok(aq_qmp_run_job(qmp, "snapshot-save",
                             json_pack(snapshot, "tag", "one", "vmstate", "disk0", "devices", "disk0"),
                             aq_after_ms(HANG), &err));
    assert_ok(aq_qmp_run_job(qmp, "snapshot-load",
                             json_pack(snapshot, "tag", "one", "vmstate", "disk0", "devices", "disk0"),
                             aq_after_ms(HANG), &err));
    assert_int_equal(aq_qmp_run_job(qmp, "snapshot-load",
                                    json_pack(snapshot, "tag", "two", "vmstate", "disk0", "devices", "disk0"),
                                    aq_after_ms(HANG), &err),
                     -1);
    assert_non_null(strstr(err.text, "QEMU's snapshot-load failed: "));
    assert_fails(-1, AQ_E_QMP_FAILED);
    assert_ok(aq_qmp_run_job(qmp, "snapshot-delete",
                             json_pack("{s:s, s:[s]}", "tag", "one", "devices", "disk0"), aq_after_ms(HANG),
                             &err));
    aq_autojson json_t *jobs = NULL;
    assert_ok(aq_qmp_command(qmp, "query-jobs", NULL, aq_after_ms(HANG), &jobs, &err));
    assert_int_equal(json_array_size(jobs), 0); /* all were dismissed */
    assert_fails(aq_qmp_run_job(qmp, "snapshot-save", json_object(), aq_after_ms(HANG), &err),
                 AQ_E_QMP_FAILED);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(it_runs_and_is_ended),
        TEST(another_connection_finds_it),
        TEST(it_can_start_paused),
        TEST(it_can_wait_for_a_state),
        TEST(a_killed_one_is_noticed_and_replaced),
        TEST(a_stuck_one_is_killed),
        TEST(a_stuck_one_is_ended_at_last),
        TEST(a_busy_monitor_is_no_obstacle),
        TEST(it_uses_the_accelerator),
        TEST(what_qemu_refuses_is_told_in_its_words),
        TEST(a_machine_that_cannot_be_said_is_refused),
        TEST(a_missing_qemu_names_its_package),
        TEST(its_end_is_seen_at_its_cable),
        TEST(an_interrupted_start_leaves_nothing),
        TEST(a_start_that_takes_too_long_leaves_nothing),
        TEST(jobs_tell_what_became_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
