/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "image/chain.h"
#include "qemu/launch.h"
#include "qemu/migrate.h"
#include "util/clock.h"
#include "util/files.h"
#include "util/home.h"
#include "util/json.h"
#include "vm/admit.h"
#include "vm/boot.h"
#include "vm/bound.h"
#include "vm/companion.h"
#include "vm/disk.h"
#include "vm/forward.h"
#include "vm/iso.h"
#include "vm/lifecycle.h"
#include "vm/machine.h"
#include "vm/mend.h"
#include "vm/orphan.h"
#include "vm/private_network.h"
#include "vm/recover.h"
#include "vm/restart.h"
#include "vm/saved_state.h"
#include "vm/snapshot_find.h"
#include "vm/snapshot_live.h"
#include "vm/start.h"

enum {
    QEMU_ANSWERS_MS = 60000, /* QEMU's own start, not the guest's: seconds even on a busy host */
    LOAD_MS = 600000,        /* a large memory from a slow disk */
};

/* Everything that a start gathers, and lets go of at its end. */
struct start {
    const struct aq_vm *vm; /* as it is on record while the lock is held */
    const struct aq_origin *origin;
    struct aq_chain chain; /* of its disk */
    int vm_folder;         /* the caller's */
    int runtime, run_folder, log;
    int disk_folder; /* the VM's, as QEMU inherits it: without our lock on it */
    struct aq_companion_ends ends;
    struct aq_vm_boot boot;
};

static void start_free(struct start *start)
{
    aq_chain_free(&start->chain);
    aq_companion_ends_close(&start->ends);
    aq_vm_boot_free(&start->boot);
    const int fds[] = {start->runtime, start->run_folder, start->log, start->disk_folder};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        aq_cleanup_close(&fds[i]);
}

/* Whatever the disk is made of is what it was. */
static int check_chain(struct start *start, struct aq_error *err)
{
    const struct aq_vm *vm = start->vm;
    aq_autofree char *path =
        vm->disk[0] == '/' ? aq_strdup(vm->disk) : aq_path_at(start->vm_folder, vm->disk);
    if (aq_chain_of_disk(path, &start->vm->parent, &start->chain, err) < 0)
        return aq_error_context(err, "VM %s cannot start", start->vm->name);
    return 0;
}

static int open_log(int folder, const char *name, struct aq_error *err)
{
    int fd = openat(folder, name, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd >= 0 ? fd : aq_fail_errno(err, AQ_E_IO, errno, "cannot open the VM's %s", name);
}

static int open_files(struct start *start, struct aq_run *run, struct aq_error *err)
{
    const struct aq_vm *vm = start->vm;
    start->runtime = aq_open_runtime(err);
    if (start->runtime < 0 || (start->run_folder = aq_run_make_folder(vm, run, err)) < 0)
        return -1;
    start->log = open_log(start->vm_folder, AQ_VM_LOG, err);
    return start->log >= 0 ? 0 : -1;
}

static int choose_accel(struct start *start, struct aq_run *run, struct aq_error *err)
{
    const char *wish = start->origin->accel != NULL ? start->origin->accel : start->vm->accel;
    enum aq_accel wanted = aq_accel_wish(wish);
    struct aq_kvm_verdict verdict = {0};
    if (aq_accel_choose(start->runtime, wanted, &run->accel, &verdict, err) < 0)
        return -1;
    if (wanted == AQ_ACCEL_AUTO && run->accel == AQ_ACCEL_TCG)
        snprintf(run->accel_reason, sizeof run->accel_reason, "%s", verdict.reason);
    return 0;
}

/* What goes on from a state boots nothing. */
static enum aq_run_boot choose_boot(struct start *start)
{
    if (start->origin->snapshot != NULL || start->origin->state > 0)
        return AQ_RUN_OF_STATE;
    return aq_vm_boot_find(&start->chain, &start->boot) ? AQ_RUN_OF_KERNEL : AQ_RUN_OF_DISK;
}

/* A QEMU that waits gets the state it is to go on with. */
static int go_on_from(const struct start *start, struct aq_qmp *qmp, struct aq_error *err)
{
    if (aq_snapshot_load(qmp, start->origin->snapshot, aq_after_ms(LOAD_MS), err) < 0)
        return aq_error_context(err, "VM %s cannot go on from %s", start->vm->name, start->origin->snapshot);
    return aq_qmp_command(qmp, "cont", NULL, aq_after_ms(QEMU_ANSWERS_MS), NULL, err);
}

/* A VM that is published after its start has its disk then under another name, and QEMU opens it again by the
   name that it knows when a layer is made of it. So it gets one that stays true. */
static int name_disk_by_folder(struct start *start, struct aq_error *err)
{
    struct aq_disk_image *disk = &start->chain.images[0];
    if (start->origin->state <= 0 || start->vm->disk[0] == '/')
        return 0;
    start->disk_folder = openat(start->vm_folder, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (start->disk_folder < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot open the folder of VM %s", start->vm->name);
    free((char *)disk->path);
    disk->path = aq_format("/proc/self/fd/%d/%s", start->disk_folder, start->vm->disk);
    return 0;
}

static int meanwhile(void *data, struct aq_error *err)
{
    const struct start *start = data;
    return start->origin->meanwhile(start->origin->data, start->run_folder, err);
}

static int launch(struct start *start, struct aq_run *run, struct aq_qmp **qmp, struct aq_error *err)
{
    const struct aq_origin *origin = start->origin;
    if (name_disk_by_folder(start, err) < 0)
        return -1;
    const struct aq_disk disk = {
        .chain = start->chain.images, .chain_count = start->chain.count, .serial = AQ_DISK_SERIAL};
    struct aq_machine machine = aq_vm_machine(start->vm, run->accel, origin->machine_type, &disk);
    machine.kernel = run->boot == AQ_RUN_OF_KERNEL ? &start->boot.machine : NULL;
    machine.cpu_model = origin->cpu_model;
    machine.ram_file = origin->ram;
    machine.ram_shared = origin->state <= 0; /* in the making */
    aq_autojson json_t *ahead = origin->state > 0 ? aq_migrate_load_commands(origin->state, true) : NULL;
    const struct aq_launch launch = {
        .machine = &machine,
        .runtime_dir = start->run_folder,
        .log_fd = start->log,
        .console_fd = start->ends.console,
        .cable_fd = start->ends.cable,
        .paused = origin->snapshot != NULL,
        .incoming = origin->state > 0 ? "defer" : NULL,
        .state_fd = origin->state,
        .disk_folder_fd = start->disk_folder,
        .ahead = ahead,
        .meanwhile = origin->meanwhile != NULL ? meanwhile : NULL,
        .data = start,
        .deadline = aq_after_ms(QEMU_ANSWERS_MS),
    };
    if (aq_qemu_launch(&launch, &run->process, qmp, err) < 0)
        return -1;
    if (origin->snapshot == NULL || go_on_from(start, *qmp, err) == 0)
        return 0;
    aq_qemu_kill(start->run_folder, &run->process);
    return -1;
}

/* Booting would leave the saved memory without the disk that it belongs to. */
static int check_saved(const struct start *start, struct aq_error *err)
{
    const struct aq_vm *vm = start->vm;
    if (start->origin->snapshot != NULL || !aq_vm_is_saved(vm))
        return 0;
    return aq_fail(err, AQ_E_VM_SAVED,
                   "the VM %s has a state that was saved at %s: `restore_state name=%s` goes on from it, "
                   "`start name=%s discard_state=true` gives it up and boots",
                   vm->name, vm->saved, vm->name, vm->name);
}

/* From here on the record tells where the sockets are, so that a QEMU whose starter dies can be found. */
static int start_noted(struct start *start, struct aq_run *run, struct aq_qmp **qmp, struct aq_error *err)
{
    run->boot = choose_boot(start);
    if (choose_accel(start, run, err) < 0 ||
        aq_companion_start(start->vm, start->vm_folder, start->run_folder, run, &start->ends, err) < 0 ||
        aq_run_write(start->vm_folder, run, err) < 0 || launch(start, run, qmp, err) < 0)
        return -1;
    char now[AQ_TIME_TEXT];
    snprintf(run->started, sizeof run->started, "%s", aq_now_text(now));
    run->resumed =
        start->origin->snapshot != NULL && strcmp(start->origin->snapshot, AQ_SNAPSHOT_SAVED_STATE) == 0;
    if (aq_run_write(start->vm_folder, run, err) == 0) {
        struct aq_error ignored = {0}; /* then another port is chosen next time, no more */
        aq_forward_note_chosen(start->vm->name, start->vm_folder, run, &ignored);
        return 0;
    }
    aq_qemu_kill(start->run_folder, &run->process);
    return -1;
}

static int start_checked(struct start *start, struct aq_run *run, struct aq_qmp **qmp, struct aq_error *err)
{
    *run = (struct aq_run){0};
    if (aq_vm_admit(start->vm, err) == 0 && open_files(start, run, err) == 0 &&
        aq_vm_admit_run(start->vm, start->vm_folder, run, err) == 0 && start_noted(start, run, qmp, err) == 0)
        return 0;
    aq_companion_ends_close(&start->ends);
    aq_run_forget(start->vm_folder, run);
    *run = (struct aq_run){0};
    return -1;
}

static struct start begin(const struct aq_vm *vm, int folder, const struct aq_origin *origin)
{
    return (struct start){.vm = vm,
                          .origin = origin,
                          .vm_folder = folder,
                          .runtime = -1,
                          .run_folder = -1,
                          .log = -1,
                          .disk_folder = -1,
                          .ends = AQ_COMPANION_NO_ENDS};
}

int aq_vm_start_in(const struct aq_vm *vm, int folder, const struct aq_origin *origin, struct aq_run *run,
                   struct aq_qmp **qmp, struct aq_error *err)
{
    aq_cleanup(start_free) struct start start = begin(vm, folder, origin);
    return check_chain(&start, err) < 0 ? -1 : start_checked(&start, run, qmp, err);
}

/* What the last run, or whoever was at work on the disk, has left behind is settled first. */
static int settle(const struct start *start, struct aq_vm *vm, struct aq_run *run, struct aq_error *err)
{
    if (aq_vm_settle_saved(vm, start->vm_folder, run, -1, err) < 0 || check_saved(start, err) < 0 ||
        aq_orphan_end(vm, start->vm_folder, run, err) < 0 || aq_vm_recover(vm, start->vm_folder, -1, err) < 0)
        return -1;
    aq_run_forget(start->vm_folder, run);
    return 0;
}

/* As long as there is a state with memory, the VM gets the machine that it was made on. */
static void bind_origin(const struct aq_vm *vm, struct aq_origin *origin)
{
    bool goes_on = origin->snapshot != NULL;
    if (!aq_vm_is_bound(vm, goes_on))
        return;
    origin->machine_type = vm->bound.machine;
    if (goes_on) {
        origin->accel = vm->bound.accel;
        origin->cpu_model = vm->bound.cpu;
    }
}

int aq_vm_start_locked(const struct aq_vm *vm, int lock, const char *from, struct aq_run *run,
                       struct aq_error *err)
{
    int running = aq_run_read(vm, run, err);
    if (running > 0)
        return aq_fail(err, AQ_E_VM_RUNNING, "the VM %s is %s already, as process %d since %s", vm->name,
                       aq_run_status(vm, run), run->process.pid, run->started);
    aq_autovm struct aq_vm now = {0};
    if (running < 0 || aq_vm_load(vm->name, &now, err) < 0)
        return -1;
    if (aq_private_network_has(&now) && aq_private_network_assign(&now, lock, err) < 0)
        return -1;
    struct aq_origin origin = {.snapshot = from};
    aq_cleanup(start_free) struct start start = begin(&now, lock, &origin);
    if (settle(&start, &now, run, err) < 0 || check_chain(&start, err) < 0 || aq_vm_check_iso(&now, err) < 0)
        return -1;
    bind_origin(&now, &origin);
    aq_vm_sweep_disks(&now, lock);
    aq_autoqmp struct aq_qmp *qmp = NULL;
    struct aq_error ignored = {0}; /* a note that stays is settled by the next */
    if ((from != NULL && aq_vm_tables_begin(&now, lock, err) < 0) ||
        start_checked(&start, run, &qmp, err) < 0)
        return -1;
    if (from != NULL)
        aq_vm_tables_end(&now, lock, &ignored);
    aq_restart_forget(lock); /* it is done, by whomever */
    return 0;
}

int aq_vm_start(const struct aq_vm *vm, struct aq_run *run, struct aq_error *err)
{
    aq_autoclose int lock = aq_vm_lock(vm->name, AQ_LOCK_EXCLUSIVE, err);
    return lock < 0 ? -1 : aq_vm_start_locked(vm, lock, NULL, run, err);
}
