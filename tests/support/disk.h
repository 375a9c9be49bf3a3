/* SPDX-License-Identifier: MIT */
/* What is on the disks of VMs without a guest: written and read as a guest would, running or stopped. */
#ifndef AQ_TEST_DISK_H
#define AQ_TEST_DISK_H

#include "bios-vm.h"
#include "util/json.h"

/* Has QEMU's own qemu-io work on the disk that the running VM has. */
static inline void disk_io_running(const struct aq_vm *vm, const struct aq_run *run, const char *work)
{
    aq_autoclose int folder = aq_run_open_folder(run, &err);
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(folder, aq_after_ms(60000), &err);
    assert_non_null(qmp);
    aq_autofree char *line =
        aq_format("qemu-io -d /machine/peripheral/virtio-disk0/virtio-backend \"%s\"", work);
    aq_autojson json_t *said = NULL;
    assert_ok(aq_qmp_command(qmp, "human-monitor-command", json_pack("{s:s}", "command-line", line),
                             aq_after_ms(60000), &said, &err));
    if (strstr(json_string_value(said), "Error") != NULL || strstr(json_string_value(said), "ailed") != NULL)
        fail_msg("%s: %s: %s", vm->name, work, json_string_value(said));
}

static inline void disk_io(const char *name, const char *work)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    assert_ok(aq_vm_load(name, &vm, &err));
    if (aq_run_read(&vm, &run, &err) > 0) {
        disk_io_running(&vm, &run, work);
        return;
    }
    aq_autofree char *path = aq_vm_disk_path(&vm, &err);
    aq_autofree char *said = tool_output("qemu-io", "-f", "qcow2", "-c", work, path);
    if (strstr(said, "verification failed") != NULL)
        fail_msg("%s: %s: %s", name, work, said);
}

/* Marks the megabyte of that number in a VM's disk, or asserts that it is marked so (0: untouched). */
static inline void disk_mark(const char *name, int megabyte, int mark)
{
    aq_autofree char *work = aq_format("write -P %d %dM 64k", mark, megabyte);
    disk_io(name, work);
}

static inline void assert_disk(const char *name, int megabyte, int mark)
{
    aq_autofree char *work = aq_format("read -P %d %dM 64k", mark, megabyte);
    disk_io(name, work);
}

/* All images of the VM's disk are what they should be, for us and for qemu-img. Returns how many there are.
 */
static inline size_t assert_sound(const char *name)
{
    assert_command("inspect %s", name);
    if (strcmp(field("BASE_STATUS"), "ready") != 0)
        fail_msg("%s: %s", name, field("BASE_ERROR"));
    aq_autofree char *disk = aq_strdup(field("DISK"));
    size_t depth = 0;
    for (size_t table = 0; table < aq_result_table_count(last); table++)
        if (strcmp(aq_result_table_name(last, table), "CHAIN") == 0)
            depth = aq_result_row_count(last, table);
    aq_autofree char *check = aq_format("qemu-img check -q -U -f qcow2 '%s' || [ $? = 3 ]", disk);
    tool("sh", "-c", check); /* 3: clusters are leaked, as a QEMU that was killed leaves them */
    return depth;
}

/* What is in a folder of the store, hidden files too, one a line. free() it. */
static inline char *store_files(const char *folder)
{
    aq_autofree char *list = aq_format("ls -A \"$ADDRESS_QEMU_HOME\"/%s", folder);
    return tool_output("sh", "-c", list);
}

#endif
