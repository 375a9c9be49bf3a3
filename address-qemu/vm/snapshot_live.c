/* SPDX-License-Identifier: MIT */
#include "vm/snapshot_live.h"

#include <string.h>

#include "qemu/block.h"
#include "util/guard.h"
#include "util/json.h"
#include "util/memory.h"

enum { QMP_MS = 20000 };

/* Runs one of the three jobs. Save and load also name the node that holds the RAM. */
static int run_job(struct aq_qmp *qmp, const char *job, const char *name, bool memory, aq_deadline deadline,
                   struct aq_error *err)
{
    aq_autofree char *node = aq_qmp_disk_node(qmp, deadline, err);
    if (node == NULL)
        return -1;
    json_t *arguments = json_pack("{s:s, s:[s]}", "tag", name, "devices", node);
    if (memory)
        json_object_set_new(arguments, "vmstate", json_string(node));
    return aq_qmp_run_job(qmp, job, arguments, deadline, err);
}

int aq_snapshot_load(struct aq_qmp *qmp, const char *name, aq_deadline deadline, struct aq_error *err)
{
    /* What is counted anew is not on the disk before it is flushed. */
    return run_job(qmp, "snapshot-load", name, true, deadline, err) < 0 ? -1
                                                                        : aq_qmp_flush(qmp, deadline, err);
}

int aq_snapshot_save(struct aq_qmp *qmp, const char *name, aq_deadline deadline, struct aq_error *err)
{
    return run_job(qmp, "snapshot-save", name, true, deadline, err);
}

int aq_snapshot_delete(struct aq_qmp *qmp, const char *name, aq_deadline deadline, struct aq_error *err)
{
    return run_job(qmp, "snapshot-delete", name, false, deadline, err);
}

static int save(struct aq_qmp *qmp, const char *name, bool memory, aq_deadline deadline, struct aq_error *err)
{
    if (memory)
        return aq_snapshot_save(qmp, name, deadline, err);
    aq_autofree char *node = aq_qmp_disk_node(qmp, deadline, err);
    return node == NULL
               ? -1
               : aq_qmp_command(qmp, "blockdev-snapshot-internal-sync",
                                json_pack("{s:s, s:s}", "device", node, "name", name), deadline, NULL, err);
}

/* A load that failed leaves the VM standing still; should this process die meanwhile, a guard says the same.
 */
static void let_go_on(struct aq_qmp *qmp)
{
    struct aq_error ignored = {0};
    aq_autofree char *status = aq_qmp_status(qmp, aq_after_ms(QMP_MS), &ignored);
    if (status == NULL || strcmp(status, "running") != 0)
        aq_qmp_command(qmp, "cont", NULL, aq_after_ms(QMP_MS), NULL, &ignored);
}

int aq_snapshot_live_save(int run_folder, const char *name, bool memory, bool paused, aq_deadline deadline,
                          struct aq_error *err)
{
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(run_folder, deadline, err);
    if (qmp == NULL || aq_qmp_end_jobs(qmp, deadline, err) < 0)
        return -1;
    aq_interrupt_hold();
    int saved = save(qmp, name, memory, deadline, err);
    if (!paused)
        let_go_on(qmp);
    aq_interrupt_release();
    return saved;
}

int aq_snapshot_live_load(int run_folder, const char *name, bool paused, aq_deadline deadline,
                          struct aq_error *err)
{
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(run_folder, deadline, err);
    if (qmp == NULL || aq_qmp_end_jobs(qmp, deadline, err) < 0)
        return -1;
    aq_autoguard struct aq_guard guard = AQ_GUARD_NONE;
    if (!paused && aq_guard_begin(aq_qmp_descriptor(qmp), "{\"execute\": \"cont\"}\n", &guard, err) < 0)
        return -1;
    aq_interrupt_hold();
    int loaded = aq_snapshot_load(qmp, name, deadline, err);
    if (!paused)
        let_go_on(qmp);
    aq_interrupt_release();
    return loaded;
}

int aq_snapshot_live_delete(int run_folder, const char *name, aq_deadline deadline, struct aq_error *err)
{
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(run_folder, deadline, err);
    if (qmp == NULL)
        return -1;
    aq_interrupt_hold();
    int removed = aq_snapshot_delete(qmp, name, deadline, err);
    aq_interrupt_release();
    return removed;
}
