/* SPDX-License-Identifier: MIT */
#include "vm/extract.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "image/qemu_img.h"
#include "qemu/block.h"
#include "util/digest.h"
#include "util/json.h"
#include "vm/snapshot_find.h"
#include "vm/space.h"

enum { COPY_MS = 4 * 3600 * 1000, QMP_MS = 60000 };

/* What is extracted, in words that no other state has: its digest is the layer's id. */
static int snapshot_key(const struct aq_vm *vm, const char *name, char id[AQ_LAYER_ID_TEXT],
                        struct aq_error *err)
{
    aq_autosnapshots struct aq_qcow2_snapshots snapshots = {0};
    if (aq_vm_snapshots(vm, &snapshots, err) < 0)
        return -1;
    const struct aq_qcow2_snapshot *snapshot = aq_snapshot_need(&snapshots, vm, name, err);
    if (snapshot == NULL)
        return -1;
    aq_autofree char *key =
        aq_format("snapshot\n%s\n%s\n%s\n%" PRId64 ".%09u\n%" PRIu64 "\n", vm->id, snapshot->id,
                  snapshot->name, snapshot->date, snapshot->date_ns, snapshot->vm_clock_ns);
    return aq_sha256(key, strlen(key), id, err);
}

static int disk_key(const struct aq_vm_hold *hold, char id[AQ_LAYER_ID_TEXT], struct aq_error *err)
{
    struct aq_pin pin;
    if (hold->running) { /* at every moment another state */
        aq_layer_random_id(id);
        return 0;
    }
    aq_autoclose int disk = aq_vm_open_disk(&hold->vm, hold->lock, err);
    if (disk < 0 || aq_pin_take(disk, hold->vm.disk, &pin, err) < 0)
        return -1;
    aq_autofree char *key = aq_format("disk\n%s\n%" PRIu64 "\n%" PRIu64 "\n%" PRId64 "\n", hold->vm.id,
                                      pin.inode, pin.size, pin.mtime_ns);
    return aq_sha256(key, strlen(key), id, err);
}

/* The layer of that id, if there is one: 1, 0 there is none. One that is damaged makes way, unless something
   stands on it. */
static int find_layer(const char *id, struct aq_layer *layer, int *held, struct aq_error *err)
{
    struct aq_error reason = {0}, ignored = {0};
    aq_autoclose int lock = aq_layer_lock(id, AQ_LOCK_SHARED, &reason);
    if (lock >= 0 && aq_layer_load(id, layer, &reason) == 0 && aq_layer_check(layer, &reason) == 0) {
        *held = aq_steal_fd(&lock);
        return 1;
    }
    aq_layer_free(layer);
    aq_cleanup_close(&lock);
    lock = -1;
    if (reason.code == AQ_E_LAYER_NOT_FOUND || aq_layer_remove(id, aq_vm_dependents, &ignored) == 0)
        return 0;
    return aq_fail(err, reason.code, "%s", reason.text);
}

/* By qemu-img, on the file: of a snapshot also while the VM runs, because what belongs to one is not written
 * to. */
static int copy_file(const struct aq_vm *vm, const char *snapshot, const char *target, struct aq_error *err)
{
    aq_autochain struct aq_chain chain = {0};
    aq_autofree char *path = aq_vm_disk_path(vm, err);
    aq_autofree char *backing = NULL;
    if (path == NULL || aq_chain_of_disk(path, &vm->parent, &chain, err) < 0 ||
        aq_parent_backing(&vm->parent, &backing, err) < 0)
        return -1;
    aq_autofree char *source = aq_chain_name(&chain, err);
    aq_autofree char *which = snapshot != NULL ? aq_format("snapshot.name=%s", snapshot) : NULL;
    if (source == NULL)
        return -1;
    const char *arguments[14] = {"convert", "-q", "-U", "-O", "qcow2"};
    size_t count = 5;
    if (backing != NULL) {
        const char *const below[] = {"-B", backing, "-F", "qcow2"};
        memcpy(arguments + count, below, sizeof below);
        count += 4;
    }
    if (which != NULL) {
        arguments[count++] = "-l";
        arguments[count++] = which;
    }
    arguments[count++] = source;
    arguments[count] = target;
    return aq_qemu_img(arguments, AQ_TIED, aq_after_ms(COPY_MS), err);
}

/* The guest's file systems are frozen only while the job begins: what it copies is of that moment. */
static int copy_moment(struct aq_qmp *qmp, struct aq_quiet *quiet, json_t *target, struct aq_error *err)
{
    aq_autofree char *job = NULL;
    if (aq_quiet_begin(quiet, err) < 0) {
        json_decref(target);
        return -1;
    }
    int begun = aq_qmp_copy_top_begin(qmp, target, aq_after_ms(QMP_MS), &job, err);
    struct aq_error late = {0};
    int thawed = aq_quiet_end(quiet, &late);
    if (begun < 0)
        return -1;
    int copied = aq_qmp_copy_top_end(qmp, job, aq_after_ms(COPY_MS), err);
    return thawed < 0 ? aq_fail(err, late.code, "%s", late.text) : copied;
}

/* Makes the empty image that is to become it, on what the disk stands on: its options as a block device for
   QEMU. */
static json_t *make_target(const struct aq_vm *vm, struct aq_stage *stage, const char *target,
                           struct aq_error *err)
{
    aq_autochain struct aq_chain chain = {0};
    aq_autofree char *backing = NULL;
    if (aq_chain_append(&chain, AQ_PARENT_NONE, "", target, err) < 0 ||
        aq_chain_add(&vm->parent, &chain, err) < 0 || aq_parent_backing(&vm->parent, &backing, err) < 0)
        return NULL;
    aq_autofree char *size = aq_format("%" PRIu64, vm->disk_size);
    const char *const arguments[] = {"create", "-q", "-f", "qcow2", target, size, NULL};
    int made = backing != NULL ? aq_layer_make_overlay(stage, &vm->parent, vm->disk_size, err)
                               : aq_qemu_img(arguments, AQ_TIED, aq_after_ms(COPY_MS), err);
    return made < 0 ? NULL : aq_chain_options(&chain, 0);
}

/* By QEMU itself, which knows what it has not written yet. */
static int copy_running(const struct aq_vm_hold *hold, struct aq_quiet *quiet, struct aq_stage *stage,
                        const char *target, struct aq_error *err)
{
    aq_autojson json_t *options = make_target(&hold->vm, stage, target, err);
    if (options == NULL)
        return -1;
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(hold->run_folder, aq_after_ms(QMP_MS), err);
    return qmp == NULL ? -1 : copy_moment(qmp, quiet, json_incref(options), err);
}

static int publish(const struct aq_vm *vm, const char *snapshot, struct aq_stage *stage,
                   struct aq_layer *layer, int *held, struct aq_error *err)
{
    layer->kind = aq_strdup(AQ_LAYER_FROZEN);
    layer->parent = aq_parent_copy(&vm->parent);
    layer->origin_vm = aq_strdup(vm->name);
    layer->origin_id = aq_strdup(vm->id);
    layer->origin_snapshot = aq_strdup(snapshot != NULL ? snapshot : "");
    int published = aq_layer_publish(stage, layer, false, err);
    if (published == 0)
        return aq_fail(err, AQ_E_LAYER_IN_USE, "another process has just made the layer %s; try again",
                       layer->id);
    if (published < 0)
        return -1;
    *held = aq_steal_fd(&stage->folder);
    return 0;
}

/* A copy of some of it takes no more than all of it. */
static int check_space(const struct aq_vm_hold *hold, const char *folder, struct aq_error *err)
{
    struct stat disk;
    aq_autofree char *what = aq_format("a copy of what the disk of VM %s holds", hold->vm.name);
    aq_autoclose int fd = aq_vm_open_disk(&hold->vm, hold->lock, err);
    if (fd < 0)
        return -1;
    return fstat(fd, &disk) < 0 ? aq_fail_errno(err, AQ_E_IO, errno, "cannot look at %s", hold->vm.disk)
                                : aq_need_space(folder, (uint64_t)disk.st_blocks * 512, what, err);
}

int aq_vm_extract(struct aq_vm_hold *hold, const char *snapshot, struct aq_quiet *quiet,
                  struct aq_layer *layer, int *held, struct aq_error *err)
{
    const struct aq_vm *vm = &hold->vm;
    char id[AQ_LAYER_ID_TEXT];
    *layer = (struct aq_layer){0};
    if ((snapshot != NULL ? snapshot_key(vm, snapshot, id, err) : disk_key(hold, id, err)) < 0)
        return -1;
    int found = find_layer(id, layer, held, err);
    if (found != 0)
        return found < 0 ? -1 : 0;
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    aq_autofree char *folder = NULL;
    if (aq_layer_stage(id, &stage, &folder, err) < 0 || check_space(hold, folder, err) < 0)
        return -1;
    aq_autofree char *target = aq_format("%s/%s", folder, AQ_LAYER_DISK);
    if (snapshot == NULL && hold->running ? copy_running(hold, quiet, &stage, target, err) < 0
                                          : copy_file(vm, snapshot, target, err) < 0)
        return aq_error_context(err, "VM %s cannot be copied", vm->name);
    memcpy(layer->id, id, sizeof id);
    return publish(vm, snapshot, &stage, layer, held, err);
}

int aq_vm_follow_begin(const struct aq_vm_hold *hold, struct aq_qmp *qmp, struct aq_following *following,
                       struct aq_error *err)
{
    aq_autofree char *folder = NULL;
    aq_layer_random_id(following->id);
    if (aq_layer_stage(following->id, &following->stage, &folder, err) < 0)
        return -1;
    aq_autofree char *target = aq_format("%s/%s", folder, AQ_LAYER_DISK);
    aq_autojson json_t *options = make_target(&hold->vm, &following->stage, target, err);
    if (options == NULL || aq_qmp_follow_top(qmp, json_incref(options), aq_after_ms(COPY_MS), err) < 0)
        return -1;
    following->qmp = qmp;
    return 0;
}

int aq_vm_follow_end(struct aq_following *following, struct aq_error *err)
{
    if (aq_qmp_follow_end(following->qmp, aq_after_ms(COPY_MS), err) < 0)
        return -1;
    following->qmp = NULL;
    return 0;
}

int aq_vm_follow_publish(const struct aq_vm_hold *hold, struct aq_following *following,
                         struct aq_layer *layer, int *held, struct aq_error *err)
{
    *layer = (struct aq_layer){0};
    memcpy(layer->id, following->id, sizeof layer->id);
    return publish(&hold->vm, NULL, &following->stage, layer, held, err);
}

void aq_vm_follow_close(struct aq_following *following)
{
    if (following->qmp != NULL)
        aq_qmp_follow_give_up(following->qmp);
    aq_stage_close(&following->stage);
}
