/* SPDX-License-Identifier: MIT */
/*
 * A command in a booted guest. The VM runs on the overlay that becomes the layer; secrets go onto the guest's
 * /run, which has to be in its memory, and caches are disks of their own. Being booted gives an image an
 * identity, which is taken from it again, so that clones do not share it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "modify/build.h"
#include "modify/guest_vm.h"
#include "offline/bundle_write.h"
#include "offline/ext4.h"
#include "util/files.h"

#define RENEWAL "renewal"
#define SECRETS "/run/secrets/"

enum {
    SCRIPT_MS = 120000,
    PUT_MS = 60000,
    CAPTURE = 256 << 10,
};

/* Runs a line of our own in the guest; what is wrong with it is the guest's. */
static int run_script(struct aq_guest_vm *vm, const char *script, const char *what, struct aq_error *err)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    const struct aq_guest_exec exec = {
        .argv = argv, .deadline = aq_after_ms(SCRIPT_MS), .capture_limit = 4096};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    if (aq_channel_exec(vm->channel, &exec, &exit, err) < 0)
        return -1;
    return exit.exit_code == 0 ? 0
                               : aq_fail(err, AQ_E_GUEST_REFUSED, "%s in the guest: %.400s", what,
                                         aq_buffer_text(&exit.errors));
}

static int put_secret(struct aq_build_run *run, struct aq_guest_vm *vm, const char *id, struct aq_error *err)
{
    aq_autosecret struct aq_buffer value = {0};
    aq_autofree char *path = aq_format(SECRETS "%s", id);
    aq_autoclose int fd = memfd_create("secret", MFD_CLOEXEC);
    if (aq_secret_read(&run->modify->spec, id, &value, err) < 0)
        return -1;
    if (fd < 0 || aq_write_all(fd, aq_buffer_text(&value), value.length, err) < 0)
        return aq_fail(err, AQ_E_IO, "cannot hold a secret in memory");
    const struct aq_guest_put put = {.fd = fd, .path = path, .mode = 0400, .deadline = aq_after_ms(PUT_MS)};
    return aq_channel_put(vm->channel, &put, err);
}

static int put_secrets(struct aq_build_run *run, struct aq_guest_vm *vm, struct aq_error *err)
{
    const struct aq_strings *ids = &aq_build_spec_step(run)->command->secrets;
    if (ids->count == 0)
        return 0;
    if (run_script(vm,
                   "grep -q ' /run tmpfs ' /proc/mounts || { echo '/run is not in memory' >&2; exit 1; }; "
                   "mkdir -p " SECRETS " && chmod 700 " SECRETS,
                   "secrets cannot be handed over", err) < 0)
        return -1;
    for (size_t i = 0; i < ids->count; i++)
        if (put_secret(run, vm, ids->items[i], err) < 0)
            return -1;
    return 0;
}

/* The disks with those serial numbers, mounted. */
static int mount_caches(struct aq_build_run *run, struct aq_guest_vm *vm, struct aq_error *err)
{
    for (unsigned i = 0; i < run->caches.count; i++) {
        const struct aq_cache_disk *disk = &run->caches.items[i];
        aq_autofree char *script = aq_format("d=$(grep -lx '%s' /sys/block/vd*/serial | cut -d/ -f4); [ -b "
                                             "\"/dev/$d\" ] || exit 1; mkdir -p '%s'; "
                                             "mount -t ext4 \"/dev/$d\" '%s'",
                                             disk->label, disk->folder, disk->folder);
        if (run_script(vm, script, "a cache cannot be mounted", err) < 0)
            return -1;
    }
    return 0;
}

static int unmount_caches(struct aq_build_run *run, struct aq_guest_vm *vm, struct aq_error *err)
{
    for (unsigned i = 0; i < run->caches.count; i++) {
        aq_autofree char *script = aq_format("cd / && umount '%s'", run->caches.items[i].folder);
        if (run_script(vm, script, "a cache cannot be unmounted", err) < 0)
            return -1;
    }
    return 0;
}

static int run_command(struct aq_build_run *run, struct aq_guest_vm *vm, struct aq_error *err)
{
    const struct aq_command *command = aq_build_spec_step(run)->command;
    aq_autostrings struct aq_strings environment = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    const char *const argv[] = {"/bin/sh", "-c", command->text, NULL};
    for (size_t i = 0; i < command->env.count; i++)
        aq_strings_format(&environment, "%s=%s", command->env.items[i].name, command->env.items[i].text);
    const struct aq_guest_exec exec = {
        .argv = argv,
        .environment = (const char *const *)environment.items,
        .deadline = command->timeout_ms > 0 ? aq_after_ms(command->timeout_ms) : 0,
        .capture_limit = CAPTURE,
        .on_output = run->watch->output,
        .on_output_data = run->watch->data,
    };
    if (put_secrets(run, vm, err) < 0 || mount_caches(run, vm, err) < 0)
        return -1;
    if (aq_channel_exec(vm->channel, &exec, &exit, err) < 0)
        return err->code == AQ_E_COMMAND_TIMEOUT ? aq_error_context(err, "%s", aq_build_step(run)->title)
                                                 : -1;
    if (aq_build_judge_command(run, exit.exit_code, &exit.output, &exit.errors, err) < 0)
        return -1;
    return unmount_caches(run, vm, err);
}

static int open_caches(struct aq_build_run *run, struct aq_error *err)
{
    aq_autostrings struct aq_strings folders = {0};
    const struct aq_strings *wanted = &aq_build_spec_step(run)->command->caches;
    for (size_t i = 0; i < wanted->count; i++)
        aq_strings_add(&folders, wanted->items[i]);
    return aq_cache_disks_open(run->modify->base.name, &folders, NULL, NULL, &run->caches, err);
}

/* Boots, runs, shuts down; the stage's disk is then as the guest left it. */
static int run_vm(struct aq_build_run *run, struct aq_error *err)
{
    aq_autochain struct aq_chain chain = {0};
    aq_autoguestvm struct aq_guest_vm vm = AQ_GUEST_VM_NONE;
    struct aq_disk disks[1 + AQ_CACHE_DISKS_MAX] = {{0}};
    struct aq_disk_image images[AQ_CACHE_DISKS_MAX];
    if (open_caches(run, err) < 0 || aq_build_open_stage(run, err) < 0 ||
        aq_build_chain(run, &chain, err) < 0)
        return -1;
    if (run->caches.count + 1 > AQ_MACHINE_MAX_DISKS)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "a command in a guest may have %d caches",
                       AQ_MACHINE_MAX_DISKS - 1);
    disks[0] = (struct aq_disk){.chain = chain.images, .chain_count = chain.count, .serial = "root"};
    for (unsigned i = 0; i < run->caches.count; i++) {
        images[i] = (struct aq_disk_image){run->caches.items[i].path, "raw"};
        disks[1 + i] =
            (struct aq_disk){.chain = &images[i], .chain_count = 1, .serial = run->caches.items[i].label};
    }
    const struct aq_guest_vm_request request = {
        .name = "build",
        .disks = disks,
        .disk_count = 1 + run->caches.count,
        .memory_mib = run->modify->base.memory,
        .cpus = run->modify->base.cpus,
        .network = aq_build_spec_step(run)->command->network,
    };
    aq_build_say(run, "booting a guest for it");
    if (aq_guest_vm_start(&request, &vm, err) < 0 || run_command(run, &vm, err) < 0)
        return -1;
    return aq_guest_vm_shut_down(&vm, err);
}

/* Takes the identity away: without an appliance where that can be, else in one. */
static int renew(struct aq_build_run *run, int64_t since, struct aq_error *err)
{
    aq_autochain struct aq_chain chain = {0};
    aq_autobuffer struct aq_buffer said = {0};
    enum aq_ext4_outcome outcome = AQ_EXT4_UNFIT;
    bool relabel = false;
    aq_autofree char *path = aq_format("%s/" RENEWAL, run->work_path);
    unlinkat(run->work.folder, RENEWAL, 0);
    aq_autoclose int bundle = openat(run->work.folder, RENEWAL, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (bundle < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make %s", path);
    if (aq_bundle_write_renewal(since, bundle, path, err) < 0 || aq_build_chain(run, &chain, err) < 0)
        return -1;
    if (aq_root_partition(&run->modify->base.root) >= 0) {
        aq_autofree char *folder = aq_build_export_folder(run, err);
        const struct aq_ext4_request request = {
            .chain = chain.images,
            .chain_count = chain.count,
            .partition = aq_root_partition(&run->modify->base.root),
            .bundle = bundle,
            .folder = folder,
        };
        if (folder == NULL || aq_ext4_write(&request, &outcome, &relabel, &said, err) < 0)
            return -1;
    }
    return outcome == AQ_EXT4_DONE ? 0 : aq_build_renew_in_appliance(run, path, err);
}

int aq_build_in_guest(struct aq_build_run *run, struct aq_error *err)
{
    aq_deadline started = aq_now();
    int64_t since = (int64_t)time(NULL) - 1;
    if (run_vm(run, err) < 0 || renew(run, since, err) < 0)
        return -1;
    aq_cache_disks_close(&run->caches);
    aq_build_step(run)->ms = (aq_now() - started) / 1000000;
    return aq_build_publish(run, err);
}
