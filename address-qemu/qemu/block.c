/* SPDX-License-Identifier: MIT */
#include "qemu/block.h"

#include <string.h>

#include "util/json.h"
#include "util/memory.h"

/* Part of the path of the device in QEMU's tree of objects. */
#define DISK "/virtio-disk0/"
#define TARGET_NODE "copy-target"

/* For taking back what was half done. */
enum { BACK_MS = 5000 };

char *aq_qmp_disk_node(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err)
{
    aq_autojson json_t *devices = NULL;
    if (aq_qmp_command(qmp, "query-block", NULL, deadline, &devices, err) < 0)
        return NULL;
    size_t i;
    json_t *device;
    json_array_foreach(devices, i, device)
    {
        const char *node = aq_json_text(json_object_get(device, "inserted"), "node-name", "");
        if (strstr(aq_json_text(device, "qdev", ""), DISK) != NULL && node[0] != '\0')
            return aq_strdup(node);
    }
    aq_fail(err, AQ_E_QMP_FAILED, "QEMU has no disk virtio-disk0: it was not started by this product");
    return NULL;
}

static void remove_node(struct aq_qmp *qmp, const char *node)
{
    struct aq_error ignored = {0};
    aq_interrupt_hold();
    aq_qmp_command(qmp, "blockdev-del", json_pack("{s:s}", "node-name", node), aq_after_ms(BACK_MS), NULL,
                   &ignored);
    aq_interrupt_release();
}

/* As qemu/argv.c gives the disk it is started with; what is below comes with the snapshot. */
static json_t *overlay_options(const char *path, const char *node)
{
    return json_pack("{s:s, s:s, s:b, s:s, s:s, s:n, s:{s:s, s:s, s:s}}", "driver", "qcow2", "node-name",
                     node, "read-only", 0, "discard", "unmap", "detect-zeroes", "unmap", "backing", "file",
                     "driver", "file", "filename", path, "aio", "threads");
}

int aq_qmp_put_overlay(struct aq_qmp *qmp, const char *path, const char *node, aq_deadline deadline,
                       struct aq_error *err)
{
    aq_autofree char *now = aq_qmp_disk_node(qmp, deadline, err);
    if (now == NULL ||
        aq_qmp_command(qmp, "blockdev-add", overlay_options(path, node), deadline, NULL, err) < 0)
        return -1;
    if (aq_qmp_command(qmp, "blockdev-snapshot", json_pack("{s:s, s:s}", "node", now, "overlay", node),
                       deadline, NULL, err) == 0)
        return 0;
    remove_node(qmp, node);
    return -1;
}

int aq_qmp_copy_top(struct aq_qmp *qmp, json_t *target, aq_deadline deadline, struct aq_error *err)
{
    aq_autofree char *node = aq_qmp_disk_node(qmp, deadline, err);
    if (node == NULL) {
        json_decref(target);
        return -1;
    }
    json_object_set_new(target, "node-name", json_string(TARGET_NODE));
    if (aq_qmp_command(qmp, "blockdev-add", target, deadline, NULL, err) < 0)
        return -1;
    int copied = aq_qmp_run_job(qmp, "blockdev-backup",
                                json_pack("{s:s, s:s, s:s, s:b}", "device", node, "target", TARGET_NODE,
                                          "sync", "top", "auto-dismiss", 0),
                                deadline, err);
    remove_node(qmp, TARGET_NODE);
    return copied;
}
