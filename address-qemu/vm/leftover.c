/* SPDX-License-Identifier: MIT */
#include "vm/leftover.h"

#include <fcntl.h>

#include "qemu/launch.h"
#include "util/files.h"
#include "util/home.h"
#include "util/stage.h"
#include "vm/orphan.h"
#include "vm/record.h"

enum { RECORD_MAX = 64 * 1024 };

/* Of what was started the process is on record; of what was about to be, where its sockets are. */
static void end_run(int folder, const struct aq_run *run, bool running)
{
    struct aq_error ignored = {0};
    aq_autoclose int run_folder = aq_run_open_folder(run, &ignored);
    if (running)
        aq_qemu_kill(run_folder, &run->process);
    else
        aq_orphan_quit(run);
    aq_run_forget(folder, run);
}

/* Its maker died before it could say that it had made a folder for sockets. */
static void remove_run_folder(int folder)
{
    aq_autovm struct aq_vm vm = {.name = aq_strdup("")};
    aq_autobuffer struct aq_buffer record = {0};
    struct aq_error ignored = {0};
    aq_autoclose int runtime = aq_open_runtime(&ignored);
    if (runtime >= 0 && aq_read_file_at(folder, AQ_VM_RECORD, RECORD_MAX, &record, &ignored) == 0 &&
        aq_vm_from_yaml(&record, &vm, &ignored) == 0)
        aq_remove_tree_at(runtime, vm.id, &ignored);
}

static void end_what_runs(void *data, int folder)
{
    struct aq_run run = {0};
    struct aq_error ignored = {0};
    (void)data;
    int running = aq_run_read_in(folder, &run, &ignored);
    if (run.folder[0] == '/')
        end_run(folder, &run, running > 0);
    else
        remove_run_folder(folder);
}

void aq_leftovers_sweep(int parent)
{
    aq_interrupt_hold();
    aq_stage_sweep_with(parent, end_what_runs, NULL);
    aq_interrupt_release();
}
