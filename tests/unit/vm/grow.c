/* SPDX-License-Identifier: MIT */
/* What was changed in an overlay and becomes the disk's, which is larger then: whole, or by whoever comes
 * next. */
#include "test.h"

#include "disk.h"
#include "vm/grow.h"
#include "vm/record.h"

/* The overlay of a VM whose disk is to have 96 MiB, with a mark in its megabyte 1, and one beyond the old
 * end. free() its name. */
static char *changed_overlay(const struct aq_vm_hold *hold)
{
    char *overlay = aq_vm_grow_overlay(hold, UINT64_C(96) << 20, &err);
    assert_non_null(overlay);
    aq_autofree char *path = aq_path_at(hold->lock, overlay);
    tool("qemu-io", "-f", "qcow2", "-c", "write -P 7 1M 64k", "-c", "write -P 8 95M 64k", path);
    return overlay;
}

static void assert_grown(const char *name)
{
    assert_command("inspect %s", name);
    assert_string_equal(field("DISK_SIZE"), "100663296");
    assert_disk(name, 1, 7);
    assert_disk(name, 2, 2);
    assert_disk(name, 95, 8);
    aq_autofree char *folder = aq_format("vms/%s | grep -c '^disk-' || true", name);
    aq_autofree char *left = store_files(folder);
    assert_string_equal(left, "0\n");
}

static void marked_vm(const char *name)
{
    assert_command("clone base=base name=%s no_start", name);
    disk_mark(name, 1, 1);
    disk_mark(name, 2, 2);
}

static void what_is_in_it_goes_down(void **state)
{
    (void)state;
    marked_vm("one");
    assert_command("snapshot name=one snapshot_name=before");
    {
        aq_autohold struct aq_vm_hold hold = AQ_VM_HOLD_NONE;
        assert_ok(aq_vm_hold("one", &hold, &err));
        aq_autofree char *overlay = changed_overlay(&hold);
        assert_ok(aq_vm_grow_adopt(&hold, overlay, &err));
        assert_int_equal(hold.vm.disk_size, UINT64_C(96) << 20);
    }
    assert_grown("one");
    assert_int_equal(assert_sound("one"), 2);
    assert_command("restore name=one snapshot_name=before"); /* with the size that it had */
    assert_disk("one", 1, 1);
    assert_disk("one", 2, 2);
    assert_command("inspect one");
    assert_string_equal(field("DISK_SIZE"), "67108864");
}

/* The file is the user's, and stays the VM's. */
static void so_it_does_in_a_file_of_the_users(void **state)
{
    (void)state;
    tool("qemu-img", "create", "-q", "-f", "qcow2", "own.qcow2", "64M");
    assert_command("create image=own.qcow2 name=one memory=64M cpus=1 no_start");
    disk_mark("one", 2, 2);
    aq_autohold struct aq_vm_hold hold = AQ_VM_HOLD_NONE;
    assert_ok(aq_vm_hold("one", &hold, &err));
    aq_autofree char *overlay = changed_overlay(&hold);
    assert_ok(aq_vm_grow_adopt(&hold, overlay, &err));
    aq_vm_let_go(&hold);
    assert_grown("one");
    tool("qemu-io", "-f", "qcow2", "-c", "read -P 8 95M 64k", "own.qcow2");
    unlink("own.qcow2");
}

/* Noted, and then whoever did it was killed, before or in the middle of the copying. */
static void the_next_command_ends_it(void **state)
{
    static const char *const next[] = {"start one", "resize name=one disk=96M",
                                       "clone vm=one name=two no_start", "snapshot name=one snapshot_name=s"};
    (void)state;
    for (size_t i = 0; i < sizeof next / sizeof *next; i++) {
        marked_vm("one");
        {
            aq_autohold struct aq_vm_hold hold = AQ_VM_HOLD_NONE;
            assert_ok(aq_vm_hold("one", &hold, &err));
            hold.vm.pending.what = AQ_PENDING_GROW;
            hold.vm.pending.disk = changed_overlay(&hold);
            if (i % 2 == 1)
                disk_mark("one", 1, 7);
            assert_ok(aq_vm_write(&hold.vm, hold.lock, &err));
        }
        assert_command("%s", next[i]);
        assert_command("stop_if_running one force=true");
        if (i != 2) /* whose disk was frozen, and has another name */
            assert_grown("one");
        assert_disk(i == 2 ? "two" : "one", 95, 8);
        fresh(state);
    }
    marked_vm("one");
    aq_autohold struct aq_vm_hold hold = AQ_VM_HOLD_NONE;
    assert_ok(aq_vm_hold("one", &hold, &err));
    hold.vm.pending.what = AQ_PENDING_GROW;
    hold.vm.pending.disk = changed_overlay(&hold);
    assert_ok(aq_vm_write(&hold.vm, hold.lock, &err));
    aq_vm_let_go(&hold);
    assert_command("remove one");
}

/* An old format with a snapshot cannot be made larger: nothing is pending then. */
static void what_cannot_be_leaves_the_disk_as_it_was(void **state)
{
    (void)state;
    tool("sh", "-c", "qemu-img create -q -f qcow2 -o compat=0.10 own.qcow2 64M");
    assert_command("create image=own.qcow2 name=one memory=64M cpus=1 no_start");
    disk_mark("one", 1, 1);
    tool("qemu-img", "snapshot", "-c", "s", "own.qcow2");
    aq_autohold struct aq_vm_hold hold = AQ_VM_HOLD_NONE;
    assert_ok(aq_vm_hold("one", &hold, &err));
    aq_autofree char *overlay = changed_overlay(&hold);
    assert_fails(aq_vm_grow_adopt(&hold, overlay, &err), AQ_E_TOOL_FAILED);
    aq_vm_let_go(&hold);
    assert_command("inspect one");
    assert_string_equal(field("DISK_SIZE"), "67108864");
    assert_disk("one", 1, 1);
    aq_autofree char *left = store_files("vms/one | grep -c '^disk-' || true");
    assert_string_equal(left, "0\n");
    unlink("own.qcow2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_in_it_goes_down, fresh, ended),
        cmocka_unit_test_setup_teardown(so_it_does_in_a_file_of_the_users, fresh, ended),
        cmocka_unit_test_setup_teardown(the_next_command_ends_it, fresh, ended),
        cmocka_unit_test_setup_teardown(what_cannot_be_leaves_the_disk_as_it_was, fresh, ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
