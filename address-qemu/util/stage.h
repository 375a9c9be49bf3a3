/* SPDX-License-Identifier: MIT */
/*
 * Folders of the store that are there whole or not at all: made as `.NAME.xxxxxxxxxx.tmp`, filled, and
 * renamed into place. The maker holds a kernel lock on the folder, so a leftover of a dead process is known
 * by nobody holding it, and swept. The same lock guards a published folder: shared while it is used,
 * exclusive to change or remove it.
 */
#ifndef AQ_UTIL_STAGE_H
#define AQ_UTIL_STAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/memory.h"
#include "util/names.h"

/* A folder that is being made. Close it in any case: what was not published is removed. */
struct aq_stage {
    int parent;     /* owned; the folder that it is made in */
    int folder;     /* owned; the folder itself, and the lock on it */
    char name[128]; /* of the folder below the parent: the temporary one, later the published one */
    bool published;
};

#define AQ_STAGE_NONE                                                                                        \
    {                                                                                                        \
        .parent = -1, .folder = -1                                                                           \
    }

/* Makes and locks a temporary folder for `name` below the open folder `parent` (which is not taken). Mode
 * 0700. */
int aq_stage_open(int parent, const char *name, struct aq_stage *stage, struct aq_error *err);

/* Renames it to `name`: 1 done, 0 that name is taken, -1 IO. The files in it have to be synced before;
   `durable` syncs the folder and its parent. The lock is held on until the stage is closed. */
int aq_stage_publish(struct aq_stage *stage, const char *name, bool durable, struct aq_error *err);

/* Exchanges it with the published folder `name` (whose lock the caller holds, exclusively), and removes the
 * old one. */
int aq_stage_exchange(struct aq_stage *stage, const char *name, struct aq_error *err);

void aq_stage_close(struct aq_stage *stage);

#define aq_autostage aq_cleanup(aq_stage_close)

/* Removes leftovers of dead processes below `parent`. Errors are of no account: the next sweep tries again.
 */
void aq_stage_sweep(int parent);

enum aq_lock { AQ_LOCK_SHARED, AQ_LOCK_EXCLUSIVE };

/* Opens the published folder `name` and locks it, waiting for others up to `wait_ms` (negative: for ever).
   Returns a descriptor whose closing unlocks; -2 when there is no such folder, -3 when it was locked for
   longer (both without an error), -1 with INTERRUPTED, FILE_KIND or IO. */
int aq_folder_lock(int parent, const char *name, enum aq_lock kind, int wait_ms, struct aq_error *err);

/* Removes a published folder whose lock is held exclusively: renamed away first, so it is gone at once and
 * whole. */
int aq_folder_remove(int parent, const char *name, struct aq_error *err);

/* The published folders below `parent`, sorted. */
int aq_folder_list(int parent, struct aq_strings *names, struct aq_error *err);

#endif
