/* SPDX-License-Identifier: MIT */
#include "vm/resize.h"

#include <inttypes.h>
#include <string.h>

#include "guest/runner.h"
#include "guest/runner_path.h"
#include "image/chain.h"
#include "image/qcow2.h"
#include "image/qemu_img.h"
#include "qemu/block.h"
#include "vm/guest.h"
#include "vm/hold.h"
#include "vm/record.h"

enum { QMP_MS = 60000, RESIZE_MS = 600000, GROW_MS = 120000, WORDS_MAX = 4096 };

static int resize_running(const struct aq_vm_hold *hold, uint64_t size, struct aq_error *err)
{
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(hold->run_folder, aq_after_ms(QMP_MS), err);
    if (qmp == NULL || aq_qmp_end_jobs(qmp, aq_after_ms(QMP_MS), err) < 0)
        return -1;
    aq_autofree char *node = aq_qmp_disk_node(qmp, aq_after_ms(QMP_MS), err);
    if (node == NULL)
        return -1;
    return aq_qmp_command(qmp, "block_resize",
                          json_pack("{s:s, s:I}", "node-name", node, "size", (json_int_t)size),
                          aq_after_ms(RESIZE_MS), NULL, err);
}

int aq_vm_resize_file(const struct aq_vm *vm, int lock, uint64_t size, struct aq_error *err)
{
    aq_autochain struct aq_chain chain = {0};
    aq_autofree char *path = aq_vm_disk_path(vm, err), *bytes = aq_format("%" PRIu64, size);
    if (path == NULL || aq_chain_of_disk(path, &vm->parent, &chain, err) < 0)
        return -1;
    aq_autofree char *image = aq_chain_name(&chain, err);
    const char *const arguments[] = {"resize", "-q", image, bytes, NULL};
    return image == NULL ? -1 : aq_qemu_img(arguments, lock, aq_after_ms(RESIZE_MS), err);
}

int aq_vm_resize_check(const struct aq_vm *vm, uint64_t *size, struct aq_error *err)
{
    *size = (*size + 511) & ~UINT64_C(511);
    if (*size < vm->disk_size)
        return aq_fail(err, AQ_E_DISK_SHRINK,
                       "the disk of VM %s has %" PRIu64 " bytes and cannot be made %" PRIu64
                       ": a disk can only grow, what is at its end would be lost",
                       vm->name, vm->disk_size, *size);
    if (*size > AQ_QCOW2_SIZE_MAX)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "a disk of %" PRIu64 " bytes is too large; 64T is the most",
                       *size);
    if (aq_vm_is_saved(vm))
        return aq_fail(err, AQ_E_VM_SAVED,
                       "the VM %s has a state that was saved at %s, with the disk as it is; `restore_state` "
                       "it first, or "
                       "`start` it with discard_state=true",
                       vm->name, vm->saved);
    return 0;
}

int aq_vm_resize(const char *name, uint64_t size, uint64_t *before, struct aq_error *err)
{
    aq_autohold struct aq_vm_hold hold = AQ_VM_HOLD_NONE;
    if (aq_vm_hold(name, &hold, err) < 0 || aq_vm_resize_check(&hold.vm, &size, err) < 0)
        return -1;
    *before = hold.vm.disk_size;
    if (size == *before)
        return 0;
    aq_interrupt_hold();
    int resized =
        hold.running ? resize_running(&hold, size, err) : aq_vm_resize_file(&hold.vm, hold.lock, size, err);
    hold.vm.disk_size = size;
    if (resized == 0)
        resized = aq_vm_write(&hold.vm, hold.lock, err);
    aq_interrupt_release();
    return resized;
}

/* "partition /dev/vda2 OLD NEW" and "filesystem ext4 OLD NEW", as guest/server/grow.h has them; what a guest
   says is believed no further than that. */
void aq_grown_read(const char *words, struct aq_grown *grown)
{
    char what[16], which[16];
    uint64_t old, new;
    for (; words != NULL && *words != '\0'; words = strchr(words, '\n'), words += words != NULL) {
        if (sscanf(words, "%15s %15s %" SCNu64 " %" SCNu64, what, which, &old, &new) != 4)
            continue;
        if (strcmp(what, "partition") == 0) {
            grown->partition_before = old;
            grown->partition = new;
        } else if (strcmp(what, "filesystem") == 0) {
            grown->file_system_before = old;
            grown->file_system = new;
            memcpy(grown->kind, which, sizeof grown->kind);
        }
    }
}

static int run_in_guest(struct aq_channel *channel, aq_deadline deadline, struct aq_grown *grown,
                        struct aq_error *err)
{
    struct aq_guest_runner runner = {0};
    aq_autofree char *local = aq_guest_runner_path(err);
    if (local == NULL || aq_guest_ensure_runner(channel, local, deadline, &runner, err) < 0)
        return -1;
    const char *const argv[] = {runner.path, "--grow", NULL};
    const struct aq_guest_exec exec = {.argv = argv, .deadline = deadline, .capture_limit = WORDS_MAX};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    if (aq_channel_exec(channel, &exec, &exit, err) < 0)
        return -1;
    if (exit.exit_code != 0) {
        char text[256];
        const char *said = aq_buffer_text(&exit.errors);
        return aq_fail(err, AQ_E_GUEST_REFUSED, "in the guest: %s",
                       aq_guest_printable(said, strcspn(said, "\n"), text));
    }
    aq_grown_read(aq_buffer_text(&exit.output), grown);
    return 0;
}

int aq_vm_grow_guest(const struct aq_vm *vm, aq_deadline deadline, struct aq_grown *grown,
                     struct aq_error *err)
{
    *grown = (struct aq_grown){0};
    aq_autoguest struct aq_guest guest = AQ_GUEST_CLOSED;
    if (aq_guest_open(vm, AQ_METHOD_AUTO, deadline, &guest, err) < 0)
        return -1;
    return run_in_guest(guest.channel, aq_after_ms(GROW_MS), grown, err);
}
