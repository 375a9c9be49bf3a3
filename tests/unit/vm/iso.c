/* SPDX-License-Identifier: MIT */
/* The CD drive of VMs without a guest: what QEMU and the record say of it. */
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "bios-vm.h"
#include "test-files.h"
#include "util/json.h"

/* The file that QEMU has in the drive; "" for an empty one, "none" without a drive. free() it. */
static char *disc_in(const char *name)
{
    struct aq_run run;
    aq_autovm struct aq_vm vm = {0};
    aq_autojson json_t *devices = NULL;
    assert_ok(aq_vm_load(name, &vm, &err));
    assert_ok(aq_run_need(&vm, &run, &err));
    aq_autoclose int folder = aq_run_open_folder(&run, &err);
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(folder, aq_after_ms(60000), &err);
    assert_non_null(qmp);
    assert_ok(aq_qmp_command(qmp, "query-block", NULL, aq_after_ms(60000), &devices, &err));
    for (size_t i = 0; i < json_array_size(devices); i++) {
        const json_t *device = json_array_get(devices, i);
        if (strcmp(aq_json_text(device, "qdev", ""), "cd0") == 0) {
            assert_false(aq_json_bool(device, "tray_open", true));
            return aq_strdup(aq_json_text(json_object_get(device, "inserted"), "file", ""));
        }
    }
    return aq_strdup("none");
}

static void assert_disc(const char *name, const char *wanted)
{
    aq_autofree char *found = disc_in(name);
    assert_string_equal(found, wanted);
    assert_command("inspect %s", name);
    assert_string_equal(field("ISO"), wanted);
}

static int with_discs(void **state)
{
    close(make_file("one.iso", 2048 * 3));
    close(make_file("two.iso", 1000)); /* not even a whole sector */
    return fresh(state);
}

static char *path_of(const char *file)
{
    return aq_format("%s/%s", getenv("TEST_WORK"), file);
}

static void a_stopped_vm_has_it_at_its_next_start(void **state)
{
    (void)state;
    aq_autofree char *one = path_of("one.iso");
    assert_command("clone base=base name=one no_start");
    assert_command("attach_iso name=one iso_path=one.iso");
    assert_string_equal(field("ISO"), one);
    assert_string_equal(field("SKIPPED"), "0");
    assert_command("attach_iso vm=one iso=%s", one);
    assert_string_equal(field("SKIPPED"), "1");
    assert_refused("ISO_ATTACHED", "attach_iso name=one iso_path=two.iso");
    assert_command("start one");
    assert_disc("one", one);
    assert_command("restart one force=true");
    assert_disc("one", one);
    assert_command("stop one force=true");
    assert_command("detach_iso one");
    assert_command("start one");
    assert_disc("one", "");
}

static void a_running_vm_has_it_at_once(void **state)
{
    (void)state;
    aq_autofree char *one = path_of("one.iso"), *two = path_of("two.iso");
    assert_command("clone base=base name=one");
    aq_autofree char *before = disc_in("one");
    assert_string_equal(before, "none");
    assert_command("attach_iso name=one iso_path=one.iso");
    assert_disc("one", one);
    assert_command("detach_iso name=one");
    assert_string_equal(field("SKIPPED"), "0");
    assert_disc("one", "");
    assert_command("detach_iso name=one");
    assert_string_equal(field("SKIPPED"), "1");
    assert_command("pause one");
    assert_command("attach_iso name=one iso_path=two.iso");
    assert_disc("one", two);
    assert_command("resume one");
    assert_command("restart one force=true");
    assert_disc("one", two);
    assert_command("detach_iso name=one");
    assert_command("attach_iso name=one iso_path=one.iso");
    assert_disc("one", one);
}

/* With the drive that a VM once has, its memory fits it, whatever is in the drive. */
static void memory_is_restored_with_any_disc(void **state)
{
    (void)state;
    aq_autofree char *one = path_of("one.iso");
    assert_command("clone base=base name=one");
    assert_command("snapshot name=one snapshot_name=without");
    assert_command("attach_iso name=one iso_path=one.iso");
    assert_command("snapshot name=one snapshot_name=with");
    assert_command("save_state one");
    assert_refused("VM_SAVED", "attach_iso name=one iso_path=two.iso");
    assert_refused("VM_SAVED", "detach_iso name=one");
    assert_command("restore_state one");
    assert_disc("one", one);
    assert_command("detach_iso one");
    assert_command("restore name=one snapshot_name=with");
    assert_qemu_is("one", "running");
    assert_command("restore name=one snapshot_name=without");
    assert_qemu_is("one", "running");
    assert_command("attach_iso name=one iso_path=two.iso");
    assert_command("restore name=one snapshot_name=with");
    assert_qemu_is("one", "running");
}

static void what_is_no_disc_is_refused(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    assert_refused("FILE_NOT_FOUND", "attach_iso name=one iso_path=nowhere.iso");
    assert_refused("FILE_KIND", "attach_iso name=one iso_path=%s", getenv("TEST_WORK"));
    unlink("fifo");
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_refused("FILE_KIND", "attach_iso name=one iso_path=fifo");
    assert_refused("VM_NOT_FOUND", "attach_iso name=nobody iso_path=one.iso");
    aq_autofree char *found = disc_in("one");
    assert_string_equal(found, "none");

    assert_command("stop one force=true");
    assert_command("attach_iso name=one iso_path=two.iso");
    assert_int_equal(rename("two.iso", "moved.iso"), 0);
    assert_refused("FILE_NOT_FOUND", "start one");
    assert_says("detach_iso name=one");
    assert_command("detach_iso one");
    assert_command("start one");
}

/* The guest's image could be taken for one that names other files: its format is never asked of it. */
static void a_disc_is_raw_whatever_it_says(void **state)
{
    (void)state;
    tool("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", "one.iso", "trap.iso");
    assert_command("clone base=base name=one");
    assert_command("attach_iso name=one iso_path=trap.iso");
    aq_autofree char *trap = path_of("trap.iso");
    assert_disc("one", trap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_stopped_vm_has_it_at_its_next_start, with_discs, ended),
        cmocka_unit_test_setup_teardown(a_running_vm_has_it_at_once, with_discs, ended),
        cmocka_unit_test_setup_teardown(memory_is_restored_with_any_disc, with_discs, ended),
        cmocka_unit_test_setup_teardown(what_is_no_disc_is_refused, with_discs, ended),
        cmocka_unit_test_setup_teardown(a_disc_is_raw_whatever_it_says, with_discs, ended),
    };
    return cmocka_run_group_tests_name("vm/iso", tests, NULL, NULL);
}
