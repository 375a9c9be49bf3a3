/* SPDX-License-Identifier: MIT */
/* The members of a pool: made, counted, ended. */
#include <string.h>
#include <unistd.h>

#include "qemu/launch.h"
#include "util/files.h"
#include "vm/leftover.h"
#include "vm/pool.h"

/* Ends what runs in the folder and removes it. The caller holds it. */
static void discard(int pool, const char *name, int member)
{
    struct aq_run run;
    struct aq_error ignored = {0};
    int running = aq_run_read_in(member, &run, &ignored);
    if (run.folder[0] == '/') {
        aq_autoclose int run_folder = aq_run_open_folder(&run, &ignored);
        if (running > 0)
            aq_qemu_kill(run_folder, &run.process);
        aq_run_forget(member, &run);
    }
    aq_folder_remove(pool, name, &ignored);
}

/* One that is being claimed is locked, and none of ours any more. */
static bool is_kept(int pool, const char *name, bool room, unsigned *ended)
{
    struct aq_run run;
    struct aq_error ignored = {0};
    aq_autoclose int member = -1;
    if (aq_folder_lock(pool, name, AQ_LOCK_EXCLUSIVE, 0, &member, &ignored) != AQ_LOCK_HELD)
        return false;
    if (room && aq_run_read_in(member, &run, &ignored) > 0)
        return true;
    discard(pool, name, member);
    (*ended)++;
    return false;
}

unsigned aq_pool_trim(int folder, unsigned most, unsigned *ended)
{
    aq_autostrings struct aq_strings names = {0};
    struct aq_error ignored = {0};
    unsigned ready = 0;
    aq_leftovers_sweep(folder);
    aq_interrupt_hold();
    aq_folder_list(folder, &names, &ignored);
    for (size_t i = 0; i < names.count; i++)
        ready += is_kept(folder, names.items[i], ready < most, ended);
    aq_interrupt_release();
    return ready;
}

int aq_pool_ready(const char *template, struct aq_strings *members, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    aq_autoclose int folder = aq_pool_open(template, false, err);
    if (folder < 0)
        return folder == -2 ? 0 : -1;
    if (aq_folder_list(folder, &names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        struct aq_run run;
        struct aq_error ignored = {0};
        aq_autoclose int member = aq_open_private_dir_at(folder, names.items[i], &ignored);
        if (member >= 0 && aq_run_read_in(member, &run, &ignored) > 0)
            aq_strings_add(members, names.items[i]);
    }
    return 0;
}

int aq_pool_add(const char *template, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run;
    const struct aq_clone_request request = {0};
    aq_autoclose int folder = aq_pool_open(template, false, err);
    if (folder < 0)
        return folder == -2 ? aq_fail(err, AQ_E_TEMPLATE_NOT_FOUND, "the pool of %s is gone", template) : -1;
    return aq_template_clone_resting(template, folder, &request, &vm, &run, err);
}
