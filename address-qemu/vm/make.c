/* SPDX-License-Identifier: MIT */
#include "vm/make.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "image/chain.h"
#include "image/qcow2.h"
#include "util/clock.h"
#include "util/files.h"
#include "util/home.h"
#include "vm/admit.h"
#include "vm/record.h"

enum { NAME_TRIES = 8 };

/* Locally administered, with QEMU's own prefix; the rest is the VM's for ever. */
static void make_mac(char mac[18])
{
    unsigned char bytes[3];
    aq_random_bytes(bytes, sizeof bytes);
    snprintf(mac, 18, "52:54:00:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2]);
}

static void replace(char **text, const char *wanted, const char *fallback)
{
    if (wanted == NULL && *text != NULL)
        return;
    free(*text);
    *text = aq_strdup(wanted != NULL ? wanted : fallback);
}

static int fill_ports(const struct aq_clone_request *request, struct aq_vm *vm, struct aq_error *err)
{
    if (request->port_count > AQ_VM_PORTS_MAX)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "%u ports are to be forwarded; at most %d can be",
                       request->port_count, AQ_VM_PORTS_MAX);
    if (request->port_count == 0)
        return 0;
    memcpy(vm->ports, request->ports, request->port_count * sizeof *request->ports);
    vm->port_count = request->port_count;
    return 0;
}

int aq_vm_fill(const struct aq_clone_request *request, struct aq_vm *vm, struct aq_error *err)
{
    char now[AQ_TIME_TEXT];
    uint64_t least = vm->disk_size;
    if (request->disk_size != 0 && request->disk_size < least)
        return aq_fail(
            err, AQ_E_DISK_SHRINK,
            "a disk of %llu bytes is smaller than what it is made from (%llu bytes); a disk can only grow",
            (unsigned long long)request->disk_size, (unsigned long long)least);
    vm->disk_size = request->disk_size != 0 ? request->disk_size : least;
    vm->memory = request->memory != 0 ? request->memory : vm->memory;
    vm->cpus = request->cpus != 0 ? request->cpus : vm->cpus;
    aq_random_uuid(vm->id);
    make_mac(vm->mac);
    replace(&vm->network, request->network, "user");
    replace(&vm->egress, request->egress, "any");
    replace(&vm->accel, request->accel, "auto");
    replace(&vm->base, NULL, "");
    replace(&vm->disk, NULL, AQ_VM_DISK);
    vm->created = aq_strdup(aq_now_text(now));
    return fill_ports(request, vm, err);
}

/* All that is below is what it was, and not too much. */
static int check_below(const struct aq_vm *vm, struct aq_error *err)
{
    aq_autochain struct aq_chain chain = {0};
    return aq_chain_append(&chain, AQ_PARENT_NONE, "", vm->disk, err) < 0 ||
                   aq_chain_add(&vm->parent, &chain, err) < 0
               ? -1
               : 0;
}

static int make_disk(int folder, const struct aq_vm *vm, struct aq_error *err)
{
    aq_autofree char *backing = NULL;
    if (aq_parent_backing(&vm->parent, &backing, err) < 0)
        return -1;
    aq_autoclose int disk = aq_make_file_at(folder, vm->disk, NULL, 0, 0600, err);
    if (disk < 0 || aq_qcow2_write_overlay(disk, vm->disk, backing, vm->disk_size, err) < 0)
        return -1;
    return aq_steal_fd(&disk);
}

int aq_vm_write_files(int folder, const struct aq_vm *vm, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer record = {0};
    bool own = vm->disk[0] != '/';
    if (aq_vm_to_yaml(vm, &record, err) < 0)
        return -1;
    aq_autoclose int disk = own ? make_disk(folder, vm, err) : -1;
    if (own && disk < 0)
        return -1;
    aq_autoclose int file = aq_make_file_at(folder, AQ_VM_RECORD, record.data, record.length, 0600, err);
    return file < 0 ? -1 : 0;
}

int aq_vm_sync_files(int folder, const struct aq_vm *vm, struct aq_error *err)
{
    bool own = vm->disk[0] != '/';
    aq_autoclose int file = aq_open_beneath(folder, AQ_VM_RECORD, O_RDONLY, err);
    aq_autoclose int disk = file >= 0 && own ? aq_open_beneath(folder, vm->disk, O_RDONLY, err) : -1;
    const int both[] = {file, disk};
    if (file < 0 || (own && disk < 0))
        return -1;
    return aq_sync_files(both, own ? 2 : 1, err);
}

static int name_taken(const char *name, struct aq_error *err)
{
    return aq_fail(err, AQ_E_VM_EXISTS,
                   "there is a VM %s already; `remove name=%s` it, or choose another name", name, name);
}

static char *made_up_name(void)
{
    char part[9];
    return aq_format("vm-%s", aq_random_name(part, sizeof part));
}

int aq_vm_publish(struct aq_stage *stage, const struct aq_clone_request *request, struct aq_vm *vm,
                  struct aq_error *err)
{
    for (int i = 0; i < NAME_TRIES; i++) {
        int published = aq_stage_publish(stage, vm->name, true, err);
        if (published != 0)
            return published < 0 ? -1 : 0;
        if (request->name != NULL)
            return name_taken(request->name, err);
        free(vm->name);
        vm->name = made_up_name();
    }
    return name_taken(vm->name, err);
}

int aq_vm_name(const struct aq_clone_request *request, int vms, struct aq_vm *vm, struct aq_error *err)
{
    free(vm->name);
    vm->name = request->name != NULL ? aq_strdup(request->name) : made_up_name();
    bool taken = faccessat(vms, vm->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    return taken && request->name != NULL ? name_taken(request->name, err) : 0;
}

int aq_vm_make(const struct aq_clone_request *request, struct aq_vm *vm, struct aq_error *err)
{
    aq_autoclose int vms = aq_open_home_dir("vms", err);
    if (vms < 0 || aq_vm_name(request, vms, vm, err) < 0 || check_below(vm, err) < 0)
        return -1;
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    if (aq_vm_stage(vms, vm, &stage, err) < 0 || aq_vm_write_files(stage.folder, vm, err) < 0 ||
        aq_vm_sync_files(stage.folder, vm, err) < 0)
        return -1;
    return aq_vm_publish(&stage, request, vm, err);
}
