/* SPDX-License-Identifier: MIT */
#include "vm/restart.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "util/files.h"
#include "vm/start.h"

#define RESTARTING "restarting" /* a file in the VM's folder, with the run that is stopped for it */

enum { TEXT_MAX = 64 };

char *aq_run_text(const struct aq_process_id *run)
{
    return aq_format("%d:%" PRIu64, (int)run->pid, run->start_time);
}

bool aq_run_of_text(const char *text, struct aq_process_id *run)
{
    int64_t pid;
    uint64_t start_time;
    char rest;
    if (strspn(text, "0123456789:") != strlen(text) ||
        sscanf(text, "%" SCNd64 ":%" SCNu64 "%c", &pid, &start_time, &rest) != 2 || pid <= 0 || pid > INT_MAX)
        return false;
    *run = (struct aq_process_id){.pid = (pid_t)pid, .start_time = start_time};
    return true;
}

static bool same(const struct aq_process_id *a, const struct aq_process_id *b)
{
    return a->pid == b->pid && a->start_time == b->start_time;
}

bool aq_restart_pending(int vm_folder, struct aq_process_id *only)
{
    aq_autobuffer struct aq_buffer text = {0};
    struct aq_error ignored = {0};
    return aq_read_file_at(vm_folder, RESTARTING, TEXT_MAX, &text, &ignored) == 0 &&
           aq_run_of_text(aq_buffer_text(&text), only);
}

void aq_restart_forget(int vm_folder)
{
    unlinkat(vm_folder, RESTARTING, 0);
}

static int note(int vm_folder, const struct aq_process_id *only, struct aq_error *err)
{
    aq_autofree char *text = aq_run_text(only);
    return aq_replace_file_at(vm_folder, RESTARTING, text, strlen(text), err);
}

static bool is_noted(int vm_folder, const struct aq_process_id *only)
{
    struct aq_process_id noted;
    return aq_restart_pending(vm_folder, &noted) && same(&noted, only);
}

static int another(const struct aq_vm *vm, const struct aq_process_id *only, struct aq_error *err)
{
    return aq_fail(err, AQ_E_VM_NOT_RUNNING, "the VM %s does not run as process %d any more", vm->name,
                   (int)only->pid);
}

/* Does that run go on? 1 and *run, 0 the VM is stopped, -1 also when it is another. */
static int find(const struct aq_vm *vm, const struct aq_process_id *only, struct aq_run *run,
                struct aq_error *err)
{
    int running = aq_run_read(vm, run, err);
    if (running > 0 && !same(&run->process, only))
        return another(vm, only, err);
    return running;
}

int aq_vm_stop_run(const struct aq_vm *vm, const struct aq_process_id *only, int64_t patience_ms,
                   enum aq_stop *how, struct aq_error *err)
{
    struct aq_run run = {0};
    aq_autoclose int lock = aq_vm_lock(vm->name, AQ_LOCK_EXCLUSIVE, err);
    int running = lock < 0 ? -1 : find(vm, only, &run, err);
    if (running <= 0)
        return running < 0 ? -1 : another(vm, only, err);
    return aq_vm_stop_locked(vm, lock, &run, AQ_STOP_CLEAN, patience_ms, how, err);
}

static int stop_for_restart(const struct aq_vm *vm, const struct aq_process_id *only, int64_t patience_ms,
                            enum aq_stop *how, struct aq_error *err)
{
    struct aq_run run = {0};
    aq_autoclose int lock = aq_vm_lock(vm->name, AQ_LOCK_EXCLUSIVE, err);
    int running = lock < 0 ? -1 : find(vm, only, &run, err);
    if (running < 0)
        return -1;
    if (running == 0)
        return is_noted(lock, only) ? 0 : another(vm, only, err);
    return note(lock, only, err) < 0
               ? -1
               : aq_vm_stop_locked(vm, lock, &run, AQ_STOP_CLEAN, patience_ms, how, err);
}

static int start_again(const struct aq_vm *vm, const struct aq_process_id *only, struct aq_run *run,
                       struct aq_error *err)
{
    aq_autoclose int lock = aq_vm_lock(vm->name, AQ_LOCK_EXCLUSIVE, err);
    if (lock < 0)
        return -1;
    return is_noted(lock, only) ? aq_vm_start_locked(vm, lock, NULL, run, err) : another(vm, only, err);
}

int aq_vm_restart_run(const struct aq_vm *vm, const struct aq_process_id *only, int64_t patience_ms,
                      enum aq_stop *how, struct aq_run *run, struct aq_error *err)
{
    *how = AQ_STOP_CLEAN;
    return stop_for_restart(vm, only, patience_ms, how, err) < 0 ? -1 : start_again(vm, only, run, err);
}
