/* SPDX-License-Identifier: MIT */
/*
 * A clone is an overlay of a few sectors over a base that never changes, and a record; so it costs a
 * millisecond, nearly all of which is the disk's word that both are there.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "image/base.h"
#include "image/chain.h"
#include "image/qcow2.h"
#include "util/clock.h"
#include "util/files.h"
#include "util/home.h"
#include "vm/record.h"

enum { NAME_TRIES = 8 };

/* Locally administered, with QEMU's own prefix; the rest is the VM's for ever. */
static void make_mac(char mac[18])
{
    unsigned char bytes[3];
    aq_random_bytes(bytes, sizeof bytes);
    snprintf(mac, 18, "52:54:00:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2]);
}

static int fill_record(const struct aq_clone_request *request, const struct aq_base *base, struct aq_vm *vm,
                       struct aq_error *err)
{
    char now[AQ_TIME_TEXT];
    vm->disk_size = request->disk_size != 0 ? request->disk_size : base->virtual_size;
    if (vm->disk_size < base->virtual_size)
        return aq_fail(
            err, AQ_E_DISK_SHRINK,
            "a disk of %llu bytes is smaller than that of base %s (%llu bytes); a disk can only grow",
            (unsigned long long)vm->disk_size, base->name, (unsigned long long)base->virtual_size);
    aq_random_uuid(vm->id);
    make_mac(vm->mac);
    vm->base = aq_strdup(base->name);
    vm->disk = aq_strdup(AQ_VM_DISK);
    vm->parent = aq_base_as_parent(base);
    vm->memory = request->memory != 0 ? request->memory : base->memory;
    vm->cpus = request->cpus != 0 ? request->cpus : base->cpus;
    vm->network = aq_strdup(request->network != NULL ? request->network : "user");
    vm->accel = aq_strdup(request->accel != NULL ? request->accel : "auto");
    vm->created = aq_strdup(aq_now_text(now));
    if (request->port_count > AQ_VM_PORTS_MAX)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "%u ports are to be forwarded; at most %d can be",
                       request->port_count, AQ_VM_PORTS_MAX);
    if (request->port_count > 0)
        memcpy(vm->ports, request->ports, request->port_count * sizeof *request->ports);
    vm->port_count = request->port_count;
    return 0;
}

static int write_overlay(int disk, const struct aq_vm *vm, struct aq_error *err)
{
    aq_autofree char *backing = NULL;
    if (aq_parent_backing(&vm->parent, &backing, err) < 0)
        return -1;
    return aq_qcow2_write_overlay(disk, AQ_VM_DISK, backing, vm->disk_size, err);
}

/* The overlay and the record, both on the disk when it returns. */
static int write_files(int folder, const struct aq_vm *vm, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer record = {0};
    if (aq_vm_to_yaml(vm, &record, err) < 0)
        return -1;
    aq_autoclose int disk = aq_make_file_at(folder, AQ_VM_DISK, NULL, 0, 0600, err);
    if (disk < 0 || write_overlay(disk, vm, err) < 0)
        return -1;
    aq_autoclose int file = aq_make_file_at(folder, AQ_VM_RECORD, record.data, record.length, 0600, err);
    const int both[] = {disk, file};
    return file < 0 ? -1 : aq_sync_files(both, 2, err);
}

static int name_taken(const char *name, struct aq_error *err)
{
    return aq_fail(err, AQ_E_VM_EXISTS,
                   "there is a VM %s already; `remove name=%s` it, or choose another name", name, name);
}

/* Publishes under the name that was asked for, or under made-up ones until one is free. */
static int publish(struct aq_stage *stage, const struct aq_clone_request *request, struct aq_vm *vm,
                   struct aq_error *err)
{
    for (int i = 0; i < NAME_TRIES; i++) {
        int published = aq_stage_publish(stage, vm->name, true, err);
        if (published != 0)
            return published < 0 ? -1 : 0;
        if (request->name != NULL)
            return name_taken(request->name, err);
        char part[9];
        free(vm->name);
        vm->name = aq_format("vm-%s", aq_random_name(part, sizeof part));
    }
    return name_taken(vm->name, err);
}

int aq_vm_clone(const struct aq_clone_request *request, struct aq_vm *vm, struct aq_error *err)
{
    char part[9];
    vm->name = request->name != NULL ? aq_strdup(request->name)
                                     : aq_format("vm-%s", aq_random_name(part, sizeof part));
    aq_autobase struct aq_base base = {0};
    aq_autochain struct aq_chain chain = {0};
    aq_autoclose int base_lock = aq_base_lock(request->base, AQ_LOCK_SHARED, err);
    if (base_lock < 0 || aq_base_load(request->base, &base, err) < 0)
        return -1;
    if (fill_record(request, &base, vm, err) < 0)
        return -1;
    aq_autoclose int parent_lock = aq_parent_lock(&vm->parent, AQ_LOCK_SHARED, err);
    if (parent_lock < 0 || aq_chain_add(&vm->parent, &chain, err) < 0)
        return -1;

    aq_autoclose int vms = aq_open_home_dir("vms", err);
    if (vms < 0)
        return -1;
    if (request->name != NULL && faccessat(vms, request->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return name_taken(request->name, err);
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    if (aq_stage_open(vms, vm->name, &stage, err) < 0 || write_files(stage.folder, vm, err) < 0)
        return -1;
    return publish(&stage, request, vm, err);
}
