/* SPDX-License-Identifier: MIT */
#include "qemu/block.h"

#include <string.h>

#include "util/json.h"
#include "util/memory.h"

/* Part of the path of the device in QEMU's tree of objects. */
#define DISK "/virtio-disk0/"
#define DISK_BACKEND "/machine/peripheral/virtio-disk0/virtio-backend"
#define TARGET_NODE "copy-target"
#define COPY_JOB "blockdev-backup"

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

/* Closes the images that the disk needs no more: each is in use until the one above it is gone. */
static void remove_unused(struct aq_qmp *qmp, const char *top)
{
    struct aq_error ignored = {0};
    aq_autojson json_t *nodes = NULL;
    for (bool removed = true; removed;) {
        removed = false;
        json_decref(nodes);
        nodes = NULL;
        if (aq_qmp_command(qmp, "query-named-block-nodes", json_pack("{s:b}", "flat", 1),
                           aq_after_ms(BACK_MS), &nodes, &ignored) < 0)
            return;
        size_t i;
        json_t *node;
        json_array_foreach(nodes, i, node)
        {
            const char *name = aq_json_text(node, "node-name", "");
            if (strncmp(name, "disk0", strlen("disk0")) == 0 && strcmp(name, top) != 0)
                removed |= aq_qmp_command(qmp, "blockdev-del", json_pack("{s:s}", "node-name", name),
                                          aq_after_ms(BACK_MS), NULL, &ignored) == 0;
        }
    }
}

int aq_qmp_flatten(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err)
{
    aq_autofree char *top = aq_qmp_disk_node(qmp, deadline, err);
    if (top == NULL ||
        aq_qmp_run_job(qmp, "block-stream", json_pack("{s:s, s:b}", "device", top, "auto-dismiss", 0),
                       deadline, err) < 0)
        return -1;
    aq_interrupt_hold();
    remove_unused(qmp, top);
    aq_interrupt_release();
    return aq_qmp_flush(qmp, deadline, err);
}

/* QMP has no command for that; qemu-io, which is part of every QEMU, has. It is silent when all went well. */
int aq_qmp_flush(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err)
{
    aq_autojson json_t *said = NULL;
    if (aq_qmp_command(qmp, "human-monitor-command",
                       json_pack("{s:s}", "command-line", "qemu-io -d " DISK_BACKEND " flush"), deadline,
                       &said, err) < 0)
        return -1;
    const char *words = json_string_value(said);
    if (words != NULL && words[0] == '\0')
        return 0;
    return aq_fail(err, AQ_E_QMP_FAILED, "QEMU could not write out its disk: %.*s",
                   (int)strcspn(words != NULL ? words : "", "\r\n"), words != NULL ? words : "");
}

int aq_qmp_copy_top_begin(struct aq_qmp *qmp, json_t *target, aq_deadline deadline, char **job,
                          struct aq_error *err)
{
    *job = NULL;
    aq_autofree char *node = aq_qmp_disk_node(qmp, deadline, err);
    if (node == NULL || aq_qmp_end_jobs(qmp, deadline, err) < 0) {
        json_decref(target);
        return -1;
    }
    remove_node(qmp, TARGET_NODE); /* should a dead process have left one */
    json_object_set_new(target, "node-name", json_string(TARGET_NODE));
    if (aq_qmp_command(qmp, "blockdev-add", target, deadline, NULL, err) < 0)
        return -1;
    if (aq_qmp_start_job(qmp, COPY_JOB,
                         json_pack("{s:s, s:s, s:s, s:b}", "device", node, "target", TARGET_NODE, "sync",
                                   "top", "auto-dismiss", 0),
                         deadline, job, err) == 0)
        return 0;
    remove_node(qmp, TARGET_NODE);
    return -1;
}

int aq_qmp_copy_top_end(struct aq_qmp *qmp, const char *job, aq_deadline deadline, struct aq_error *err)
{
    int copied = aq_qmp_finish_job(qmp, COPY_JOB, job, deadline, err);
    remove_node(qmp, TARGET_NODE);
    return copied;
}
