/* SPDX-License-Identifier: MIT */
/* Snapshots of VMs without a guest: what is in the disk, and whether the CPUs go on, shows what came of
 * them. */
#include "test.h"

#include <endian.h>
#include <signal.h>
#include <sys/wait.h>

#include "disk.h"
#include "vm/hold.h"

/* The VM's disk, as a stopped VM has it. free() it. */
static char *disk_of(const char *name)
{
    assert_command("status %s", name);
    return aq_strdup(field("DISK"));
}

/* Writes, as a guest would, or compares what is there. */
static void fill_disk(const char *disk, int byte)
{
    aq_autofree char *write = aq_format("write -P %d 1M 64k", byte);
    tool("qemu-io", "-f", "qcow2", "-c", write, disk);
}

static void assert_disk_holds(const char *disk, int byte)
{
    aq_autofree char *read = aq_format("read -P %d 1M 64k", byte);
    aq_autofree char *said = tool_output("qemu-io", "-f", "qcow2", "-c", read, disk);
    assert_null(strstr(said, "Pattern verification failed"));
    tool("qemu-img", "check", "-q", "-f", "qcow2", disk);
}

/* Still an overlay over its base, as it was made. */
static void assert_still_an_overlay(const char *disk)
{
    json_t *info = tool_image_info(disk);
    assert_non_null(json_object_get(info, "backing-filename"));
    assert_string_equal(json_string_value(json_object_get(info, "backing-filename-format")), "qcow2");
    json_decref(info);
}

static void a_stopped_vm_goes_back(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    aq_autofree char *disk = disk_of("one");
    fill_disk(disk, 1);
    assert_command("snapshot name=one snapshot_name=first");
    assert_string_equal(field("MEMORY"), "0");
    assert_string_equal(field("SNAPSHOT"), "first");
    fill_disk(disk, 2);
    assert_command("snapshot vm=one snapshot=second memory=false");
    fill_disk(disk, 3);
    assert_command("restore name=one snapshot_name=first");
    assert_string_equal(field("STATUS"), "stopped");
    assert_disk_holds(disk, 1);
    assert_command("restore name=one snapshot_name=second");
    assert_disk_holds(disk, 2);
    assert_still_an_overlay(disk);

    assert_command("list_snapshots one");
    assert_string_equal(field("COUNT"), "2");
    assert_string_equal(aq_result_cell(last, 0, 0, "NAME", NULL), "first");
    assert_string_equal(aq_result_cell(last, 0, 0, "MEMORY", NULL), "0");
    assert_command("remove_snapshot name=one snapshot_name=first");
    assert_command("list_snapshots one");
    assert_string_equal(field("COUNT"), "1");
    assert_string_equal(aq_result_cell(last, 0, 0, "NAME", NULL), "second");
    assert_disk_holds(disk, 2);
    assert_command("start one");
}

static void a_running_vm_goes_back_and_on(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    assert_command("snapshot name=one snapshot_name=live");
    assert_string_equal(field("MEMORY"), "1");
    assert_qemu_is("one", "running");
    assert_command("list_snapshots one");
    assert_string_equal(aq_result_cell(last, 0, 0, "MEMORY", NULL), "1");
    aq_autofree char *pid = aq_strdup((command("status one"), field("PID")));
    assert_command("restore name=one snapshot_name=live");
    assert_string_equal(field("STATUS"), "running");
    assert_string_equal(field("PID"), pid);
    assert_string_equal(field("CLOCK_SET"), "0"); /* there is no guest */
    assert_qemu_is("one", "running");
    assert_command("remove_snapshot name=one snapshot_name=live");
    assert_command("list_snapshots one");
    assert_string_equal(field("COUNT"), "0");
    assert_qemu_is("one", "running");
}

/* A paused VM is snapshotted, put back and still paused. */
static void a_paused_vm_stays_paused(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    assert_command("pause one");
    assert_command("snapshot name=one snapshot_name=live");
    assert_qemu_is("one", "paused");
    assert_command("restore name=one snapshot_name=live");
    assert_string_equal(field("STATUS"), "paused");
    aq_autofree char *said = qemu_status("one");
    assert_string_not_equal(said, "running");
    assert_command("resume one");
    assert_qemu_is("one", "running");
}

static void a_stopped_vm_goes_on_from_memory(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    assert_command("snapshot name=one snapshot_name=live memory=true");
    assert_command("stop one force=true");
    assert_command("restore name=one snapshot_name=live");
    assert_string_equal(field("STATUS"), "running");
    assert_qemu_is("one", "running");
    assert_command("stop one force=true");
}

static void a_disk_is_not_changed_under_a_running_vm(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    assert_command("snapshot name=one snapshot_name=disk memory=false");
    assert_string_equal(field("MEMORY"), "0");
    assert_string_equal(field("QUIESCED"), "0"); /* nobody answered */
    assert_refused("VM_RUNNING", "restore name=one snapshot_name=disk");
    assert_says("stop name=one");
    assert_qemu_is("one", "running");
    assert_command("stop one force=true");
    assert_command("restore name=one snapshot_name=disk");
    assert_string_equal(field("STATUS"), "stopped");
}

static void names_are_told_apart(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    assert_command("snapshot name=one snapshot_name=before");
    assert_refused("SNAPSHOT_EXISTS", "snapshot name=one snapshot_name=before");
    assert_refused("SNAPSHOT_NOT_FOUND", "restore name=one snapshot_name=befor");
    assert_says("did you mean before?");
    assert_refused("SNAPSHOT_NOT_FOUND", "remove_snapshot name=one snapshot_name=other");
    assert_says("list_snapshots");
    assert_refused("VALUE_INVALID", "snapshot name=one snapshot_name=1");
    assert_refused("SNAPSHOT_NOT_FOUND", "restore name=one snapshot_name=1"); /* an id, not a name */
    assert_refused("KEY_MISSING", "snapshot name=one");
    assert_refused("VM_NOT_FOUND", "snapshot name=two snapshot_name=a");
    assert_refused("VM_NOT_FOUND", "list_snapshots two");
    assert_refused("VM_NOT_RUNNING", "snapshot name=one snapshot_name=m memory=true");
    assert_command("start one");
    assert_refused("SNAPSHOT_EXISTS", "snapshot name=one snapshot_name=before");
    assert_refused("SNAPSHOT_NOT_FOUND", "restore name=one snapshot_name=none");
    assert_qemu_is("one", "running");
}

static void an_explicit_quiesce_wants_a_guest(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    assert_int_not_equal(command("snapshot name=one snapshot_name=a memory=false quiesce=true"), 0);
    assert_says("write its disk first");
    assert_command("list_snapshots one");
    assert_string_equal(field("COUNT"), "0");
    assert_command("snapshot name=one snapshot_name=a memory=false quiesce=false");
}

/* RAM that QEMU cannot take: it says so only after it has stopped the VM. */
static void a_failed_restore_leaves_the_vm_running(void **state)
{
    (void)state;
    assert_command("clone base=base name=one memory=64M");
    assert_command("snapshot name=one snapshot_name=live");
    assert_command("stop one force=true");
    aq_autofree char *home = aq_home_path(&err);
    aq_autofree char *record = aq_format("%s/vms/one/vm.yaml", home);
    tool("sed", "-i", "s/^memory: 64$/memory: 96/", record);
    assert_refused("QMP_FAILED", "restore name=one snapshot_name=live"); /* not started, nothing left */
    assert_command("status one");
    assert_string_equal(field("STATUS"), "stopped");
    assert_command("start one");
    assert_refused("QMP_FAILED", "restore name=one snapshot_name=live");
    assert_qemu_is("one", "running");
}

/* The orphan of a killed starter has the disk open; it is ended before the disk is changed. */
static void an_orphan_is_ended_first(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    aq_autovm struct aq_vm vm = {0};
    assert_ok(aq_vm_load("one", &vm, &err));
    struct aq_run run;
    assert_ok(aq_run_need(&vm, &run, &err));
    run.process.pid = 0; /* as it was noted before the start */
    aq_autoclose int folder = aq_vm_open("one", &err);
    assert_ok(aq_run_write(folder, &run, &err));
    assert_command("snapshot name=one snapshot_name=a");
    assert_string_equal(field("MEMORY"), "0");
}

/* Says of all that the disk's first table refers to that it belongs to the disk alone. */
static void claim_all(const char *disk)
{
    uint64_t at = 0;
    aq_autoclose int fd = open(disk, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, &at, sizeof at, 40), sizeof at); /* l1_table_offset */
    for (uint64_t entry, i = 0; i < 2; i++) {
        off_t place = (off_t)(be64toh(at) + i * sizeof entry);
        assert_int_equal(pread(fd, &entry, sizeof entry, place), sizeof entry);
        entry |= entry != 0 ? htobe64(UINT64_C(1) << 63) : 0;
        assert_int_equal(pwrite(fd, &entry, sizeof entry, place), sizeof entry);
    }
}

/* As a QEMU leaves it that was killed on its way back to a snapshot: what is written next must not be in the
   snapshot. */
static void a_way_back_that_was_cut_short_is_put_in_order(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    aq_autofree char *disk = disk_of("one");
    disk_mark("one", 1, 1);
    assert_command("snapshot name=one snapshot_name=s");
    claim_all(disk);
    aq_autofree char *check = aq_format("! qemu-img check -q -f qcow2 '%s' 2>/dev/null", disk);
    tool("sh", "-c", check);
    tool("sh", "-c",
         "cd \"$ADDRESS_QEMU_HOME/vms/one\" && { cat vm.yaml; echo pending:; echo '  what: tables'; } >new "
         "&& "
         "mv new vm.yaml");
    assert_command("start one");
    disk_mark("one", 1, 2);
    assert_command("stop one force=true");
    assert_sound("one");
    assert_command("restore name=one snapshot_name=s");
    assert_disk("one", 1, 1);
}

/* Runs the command in a process that is killed after some time. */
static void kill_after(int microseconds, const char *text)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(command("%s", text));
    usleep((useconds_t)microseconds);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* Within a minute: what QEMU has begun it ends. */
static void assert_goes_on(const char *name)
{
    for (int i = 0; i < 1200; i++) {
        aq_autofree char *status = qemu_status(name);
        if (strcmp(status, "running") == 0)
            return;
        usleep(50000);
    }
    fail_msg("%s stands still", name);
}

/* Who gets the lock finds that a qemu-img that was begun has ended. */
static void settle(const char *name)
{
    aq_autohold struct aq_vm_hold hold = AQ_VM_HOLD_NONE;
    assert_ok(aq_vm_hold(name, &hold, &err));
}

/* Whoever takes, goes back to or removes a snapshot dies: the VM is as it was before or is to be afterwards,
   does not stand still, and what else it has is whole. */
static void death_in_the_middle(bool running)
{
    static const char *const commands[] = {
        "snapshot name=one snapshot_name=new",
        "restore name=one snapshot_name=old",
        "remove_snapshot name=one snapshot_name=new",
    };
    assert_command("clone base=base name=one %s", running ? "" : "no_start");
    disk_mark("one", 1, 1);
    assert_command("snapshot name=one snapshot_name=old");
    for (int round = 0; round < 12; round++) {
        disk_mark("one", 1, 2);
        disk_mark("one", 2, round + 1);
        kill_after(1500 + round * (running ? 9000 : 4000), commands[round % 3]);
        if (running)
            assert_goes_on("one");
        settle("one");
        assert_command("list_snapshots one");
        if (round % 3 != 1)
            assert_disk("one", 2, round + 1);
        assert_command("restore name=one snapshot_name=old");
        assert_disk("one", 1, 1);
        assert_sound("one");
    }
    assert_command("%s one", running ? "pause" : "start");
}

static void death_in_the_middle_of_a_stopped_vm(void **state)
{
    (void)state;
    death_in_the_middle(false);
}

static void death_in_the_middle_of_a_running_vm(void **state)
{
    (void)state;
    death_in_the_middle(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_stopped_vm_goes_back, fresh, ended),
        cmocka_unit_test_setup_teardown(a_running_vm_goes_back_and_on, fresh, ended),
        cmocka_unit_test_setup_teardown(a_paused_vm_stays_paused, fresh, ended),
        cmocka_unit_test_setup_teardown(a_stopped_vm_goes_on_from_memory, fresh, ended),
        cmocka_unit_test_setup_teardown(a_disk_is_not_changed_under_a_running_vm, fresh, ended),
        cmocka_unit_test_setup_teardown(names_are_told_apart, fresh, ended),
        cmocka_unit_test_setup_teardown(an_explicit_quiesce_wants_a_guest, fresh, ended),
        cmocka_unit_test_setup_teardown(a_failed_restore_leaves_the_vm_running, fresh, ended),
        cmocka_unit_test_setup_teardown(an_orphan_is_ended_first, fresh, ended),
        cmocka_unit_test_setup_teardown(a_way_back_that_was_cut_short_is_put_in_order, fresh, ended),
        cmocka_unit_test_setup_teardown(death_in_the_middle_of_a_stopped_vm, fresh, ended),
        cmocka_unit_test_setup_teardown(death_in_the_middle_of_a_running_vm, fresh, ended),
    };
    int failed = cmocka_run_group_tests_name("vm/snapshot", tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
