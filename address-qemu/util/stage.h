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

/* Makes (0700) and locks a temporary folder for `name` below the open folder `parent`, which is not taken. */
int aq_stage_open(int parent, const char *name, struct aq_stage *stage, struct aq_error *err);

/* Makes a stage for `name` below `parent` of the published folder `from_name` below `from`, by a rename: it
   is there no more, and goes the way of all stages if this process dies. `folder` is the descriptor that
   holds its lock exclusively; it is the stage's from now on, also after a failure. */
int aq_stage_adopt(int from, const char *from_name, int folder, int parent, const char *name,
                   struct aq_stage *stage, struct aq_error *err);

/* Renames it to `name`: 1 done, 0 that name is taken, -1 IO. The files in it have to be synced before;
   `durable` syncs the folder and its parent; what cannot be synced is taken back. The lock is held on until
   the stage is closed. */
int aq_stage_publish(struct aq_stage *stage, const char *name, bool durable, struct aq_error *err);

/* Exchanges it with the published folder `name`, whose lock the caller holds exclusively; removes the old
 * one. */
int aq_stage_exchange(struct aq_stage *stage, const char *name, struct aq_error *err);

void aq_stage_close(struct aq_stage *stage);

#define aq_autostage aq_cleanup(aq_stage_close)

/* Removes leftovers of dead processes below `parent`. Errors do not matter: the next sweep tries again. */
void aq_stage_sweep(int parent);

/* The same; `before` (may be NULL) is called with each leftover's open folder before it is removed. */
void aq_stage_sweep_with(int parent, void (*before)(void *data, int folder), void *data);

enum aq_lock { AQ_LOCK_SHARED, AQ_LOCK_EXCLUSIVE };

/* What came of asking for a lock. */
enum aq_lock_result { AQ_LOCK_HELD, AQ_LOCK_ABSENT, AQ_LOCK_BUSY };

/* Opens the published folder `name` and locks it, waiting for others up to `wait_ms` (negative: for ever).
   HELD: *fd is a descriptor of the folder whose closing unlocks. ABSENT: there is no such folder. BUSY: it
   was locked for longer. -1 with INTERRUPTED or IO. */
int aq_folder_lock(int parent, const char *name, enum aq_lock kind, int wait_ms, int *fd,
                   struct aq_error *err);

/* Removes a published folder whose lock is held exclusively. It is renamed away first: gone whole, at once.
 */
int aq_folder_remove(int parent, const char *name, struct aq_error *err);

/* The published folders below `parent`, sorted. */
int aq_folder_list(int parent, struct aq_strings *names, struct aq_error *err);

#endif
