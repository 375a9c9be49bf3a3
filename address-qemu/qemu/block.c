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

/* Its job is dismissed by QEMU when it has ended. */
#define FOLLOW_NODE "follow-target"

static int wait_ended(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err)
{
    for (;;) {
        aq_autojson json_t *jobs = NULL;
        if (aq_qmp_command(qmp, "query-block-jobs", NULL, deadline, &jobs, err) < 0)
            return -1;
        if (json_array_size(jobs) == 0)
            return 0;
        if (aq_ms_left(deadline) == 0)
            return aq_fail(err, AQ_E_TIMEOUT, "QEMU does not end copying the disk");
        aq_deadline moment = aq_after_ms(20);
        if (aq_qmp_wait_event(qmp, "JOB_STATUS_CHANGE", moment, NULL, err) < 0)
            return -1;
    }
}

static int cancel_follow(struct aq_qmp *qmp, bool force, aq_deadline deadline, struct aq_error *err)
{
    json_t *arguments = json_pack("{s:s, s:b}", "device", AQ_FOLLOW_JOB, "force", force);
    return aq_qmp_command(qmp, "block-job-cancel", arguments, deadline, NULL, err) < 0
               ? -1
               : wait_ended(qmp, deadline, err);
}

void aq_qmp_follow_give_up(struct aq_qmp *qmp)
{
    struct aq_error ignored = {0};
    aq_interrupt_hold();
    cancel_follow(qmp, true, aq_after_ms(BACK_MS), &ignored);
    remove_node(qmp, FOLLOW_NODE);
    aq_interrupt_release();
}

static int start_follow(struct aq_qmp *qmp, const char *node, aq_deadline deadline, struct aq_error *err)
{
    json_t *arguments = json_pack("{s:s, s:s, s:s, s:s}", "job-id", AQ_FOLLOW_JOB, "device", node, "target",
                                  FOLLOW_NODE, "sync", "top");
    aq_qmp_forget_events(qmp);
    if (aq_qmp_command(qmp, "blockdev-mirror", arguments, deadline, NULL, err) < 0)
        return -1;
    for (;;) {
        aq_autojson json_t *data = NULL;
        int came = aq_qmp_wait_event(qmp, "JOB_STATUS_CHANGE", deadline, &data, err);
        const char *status = aq_json_text(data, "status", "");
        if (came < 0)
            return -1;
        if (came == 0)
            return aq_fail(err, AQ_E_TIMEOUT, "copying the disk takes too long");
        if (strcmp(aq_json_text(data, "id", ""), AQ_FOLLOW_JOB) != 0)
            continue;
        if (strcmp(status, "ready") == 0)
            return 0;
        if (strcmp(status, "aborting") == 0 || strcmp(status, "concluded") == 0 ||
            strcmp(status, "null") == 0)
            return aq_fail(err, AQ_E_QMP_FAILED, "QEMU cannot copy the disk");
    }
}

int aq_qmp_follow_top(struct aq_qmp *qmp, json_t *target, aq_deadline deadline, struct aq_error *err)
{
    aq_autofree char *node = NULL;
    aq_qmp_follow_give_up(qmp); /* of a process that died */
    json_object_set_new(target, "node-name", json_string(FOLLOW_NODE));
    if (aq_qmp_command(qmp, "blockdev-add", target, deadline, NULL, err) < 0)
        return -1;
    if ((node = aq_qmp_disk_node(qmp, deadline, err)) != NULL && start_follow(qmp, node, deadline, err) == 0)
        return 0;
    aq_qmp_follow_give_up(qmp);
    return -1;
}

int aq_qmp_follow_end(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err)
{
    if (cancel_follow(qmp, false, deadline, err) < 0)
        return -1;
    return aq_qmp_command(qmp, "blockdev-del", json_pack("{s:s}", "node-name", FOLLOW_NODE), deadline, NULL,
                          err);
}
