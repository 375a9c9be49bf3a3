/* SPDX-License-Identifier: MIT */
#include "modify/grow_vm.h"

#include <string.h>
#include <unistd.h>

#include "guest/server/grow.h"
#include "image/base.h"
#include "image/chain.h"
#include "image/layer.h"
#include "image/qcow2.h"
#include "image/qemu_img.h"
#include "offline/appliance.h"
#include "offline/ext4.h"
#include "offline/root.h"
#include "util/files.h"
#include "util/home.h"
#include "util/json.h"
#include "util/stage.h"
#include "vm/disk.h"
#include "vm/grow.h"

#define HEAD "head"

enum {
    HEAD_SIZE = 128 * 1024, /* every partition table and every file system has something there */
    HEAD_MS = 60000,
    GROW_MS = 1200000,
};

/* --- who needs it --- */

static bool base_grows(const struct aq_base *base)
{
    const char *kind = aq_json_text(base->built, "kind", "");
    return (strcmp(kind, "debian") == 0 || strcmp(kind, "micro") == 0) &&
           aq_json_bool(base->built, "helper", false);
}

static bool grows(const struct aq_parent *parent)
{
    struct aq_error unknown = {0};
    aq_autobase struct aq_base base = {0};
    aq_autolayer struct aq_layer layer = {0};
    if (parent->kind == AQ_PARENT_LAYER)
        return aq_layer_load(parent->name, &layer, &unknown) == 0 && grows(&layer.parent);
    if (parent->kind != AQ_PARENT_BASE || aq_base_load(parent->name, &base, &unknown) < 0)
        return false;
    aq_autoparent struct aq_parent below = aq_base_as_parent(&base);
    return base_grows(&base) || (below.kind == AQ_PARENT_LAYER && grows(&below));
}

bool aq_vm_grows_at_boot(const struct aq_vm *vm)
{
    const struct aq_parent base = {.kind = AQ_PARENT_BASE, .name = vm->base};
    /* One that was flattened stands on nothing any more. */
    return grows(vm->parent.kind == AQ_PARENT_NONE && vm->base[0] != '\0' ? &base : &vm->parent);
}

/* --- one that is grown --- */

struct growth {
    struct aq_vm_hold hold;
    uint64_t size;
    aq_grow_say *say;
    void *data;
    struct aq_stage work;
    char *folder; /* its path */
    struct aq_chain chain;
    struct aq_root root;
    char *overlay, *rest; /* files in the VM's folder: what is kept, and what is written after that */
};

#define GROWTH_NONE                                                                                          \
    {                                                                                                        \
        .hold = AQ_VM_HOLD_NONE, .work = AQ_STAGE_NONE                                                       \
    }

static void growth_free(struct growth *growth)
{
    if (growth->rest != NULL)
        unlinkat(growth->hold.lock, growth->rest, 0);
    if (growth->overlay != NULL)
        unlinkat(growth->hold.lock, growth->overlay, 0);
    free(growth->rest);
    free(growth->overlay);
    aq_stage_close(&growth->work);
    free(growth->folder);
    aq_chain_free(&growth->chain);
    aq_vm_let_go(&growth->hold);
}

static int begin(struct growth *growth, const char *name, struct aq_error *err)
{
    struct aq_vm_hold *hold = &growth->hold;
    if (aq_vm_hold(name, hold, err) < 0 || aq_vm_resize_check(&hold->vm, &growth->size, err) < 0 ||
        aq_vm_hold_need_stopped(hold, "what is in its disk is grown", err) < 0)
        return -1;
    aq_autofree char *disk = aq_vm_disk_path(&hold->vm, err);
    aq_autoclose int cache = disk != NULL ? aq_open_home_dir("cache", err) : -1;
    if (cache < 0 || aq_chain_of_disk(disk, &hold->vm.parent, &growth->chain, err) < 0)
        return -1;
    aq_stage_sweep(cache); /* what is left of one that was killed */
    if (aq_stage_open(cache, "grow", &growth->work, err) < 0)
        return -1;
    growth->folder = aq_path_at(cache, growth->work.name);
    return 0;
}

/* 1 there is nothing on the disk, 0 there is, -1. */
static int is_blank(const struct growth *growth, struct aq_error *err)
{
    aq_autofree char *image = aq_chain_name(&growth->chain, err);
    if (image == NULL)
        return -1;
    aq_autofree char *from = aq_format("if=%s", image), *to = aq_format("of=%s/" HEAD, growth->folder);
    const char *const arguments[] = {"dd", "-O", "raw", "bs=64k", "count=2", from, to, NULL};
    aq_autobuffer struct aq_buffer head = {0};
    if (aq_qemu_img(arguments, AQ_TIED, aq_after_ms(HEAD_MS), err) < 0 ||
        aq_read_file_at(growth->work.folder, HEAD, HEAD_SIZE, &head, err) < 0)
        return -1;
    for (size_t i = 0; i < head.length; i++)
        if (head.data[i] != '\0')
            return 0;
    return 1;
}

/* Where the root file system is, if that is soon found; else the appliance looks. */
static int find_root(struct growth *growth, struct aq_error *err)
{
    enum aq_ext4_outcome outcome;
    const struct aq_ext4_request request = {
        .chain = growth->chain.images, .chain_count = growth->chain.count, .folder = growth->folder};
    int partition;
    if (aq_ext4_find(&request, &outcome, &partition, err) < 0)
        return -1;
    if (partition >= 0)
        aq_root_set_partition(&growth->root, partition);
    return 0;
}

static int grow(struct aq_appliance *appliance, struct aq_grown *grown, struct aq_error *err)
{
    static const char *const arguments[] = {"grow", NULL};
    struct aq_guest_exec exec = {.deadline = aq_after_ms(GROW_MS)};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    char text[256];
    if (aq_appliance_agent(appliance, arguments, &exec, &exit, err) < 0)
        return -1;
    aq_grown_read(aq_buffer_text(&exit.output), grown);
    if (exit.exit_code == 0)
        return 0;
    const char *said = aq_buffer_text(&exit.errors);
    return aq_fail(err, exit.exit_code == AQ_GROW_IMPOSSIBLE ? AQ_E_NOT_SUPPORTED : AQ_E_GUEST_REFUSED, "%s",
                   aq_guest_printable(said, strcspn(said, "\n"), text));
}

/* In the overlay, which nobody writes to any more when it is done: the rest goes into another one. */
static int grow_in_appliance(struct growth *growth, struct aq_grown *grown, struct aq_error *err)
{
    int folder = growth->hold.lock;
    growth->overlay = aq_vm_grow_overlay(&growth->hold, growth->size, err);
    if (growth->overlay == NULL)
        return -1;
    aq_autofree char *path = aq_path_at(folder, growth->overlay);
    const struct aq_appliance_drive drive = {path, "qcow2", "main"};
    const struct aq_appliance_request request = {
        .drives = &drive, .drive_count = 1, .progress = growth->say, .progress_data = growth->data};
    aq_autoappliance struct aq_appliance *appliance = aq_appliance_open(&request, err);
    if (appliance == NULL || aq_appliance_mount(appliance, &growth->root, err) < 0 ||
        grow(appliance, grown, err) < 0)
        return -1;
    aq_autofree char *name = aq_vm_disk_name(), *rest = aq_path_at(folder, name);
    aq_autoclose int fd = aq_make_file_at(folder, name, NULL, 0, 0600, err);
    if (fd < 0)
        return -1;
    growth->rest = aq_steal_ptr(&name);
    return aq_qcow2_write_overlay(fd, rest, path, growth->size, err) < 0
               ? -1
               : aq_appliance_cut(appliance, rest, err);
}

/* A failure of these says nothing of what is in the disk. */
static bool is_of_the_host(enum aq_error_code code)
{
    return code == AQ_E_INTERRUPTED || code == AQ_E_NO_SPACE || code == AQ_E_IO;
}

int aq_modify_grow_vm(const char *name, uint64_t size, aq_grow_say *say, void *data, uint64_t *before,
                      struct aq_grown *grown, struct aq_error *err)
{
    aq_cleanup(growth_free) struct growth growth = GROWTH_NONE;
    growth.size = size;
    growth.say = say;
    growth.data = data;
    *grown = (struct aq_grown){0};
    if (begin(&growth, name, err) < 0)
        return -1;
    *before = growth.hold.vm.disk_size;
    int blank = is_blank(&growth, err);
    if (blank != 0)
        return blank < 0 ? -1 : 0;
    if (find_root(&growth, err) < 0 || grow_in_appliance(&growth, grown, err) < 0)
        return is_of_the_host(err->code)
                   ? -1
                   : aq_error_context(err,
                                      "the disk of VM %s is as it was, for what is in it cannot be grown "
                                      "from outside (guest=false makes the disk alone larger)",
                                      name);
    aq_autofree char *overlay = aq_steal_ptr(&growth.overlay);
    return aq_vm_grow_adopt(&growth.hold, overlay, err) < 0 ? -1 : 1;
}
