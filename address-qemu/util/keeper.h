/* SPDX-License-Identifier: MIT */
/*
 * Keepers: detached processes that do work while no script runs. There is at most one of each kind for a
 * store: "monitor" runs health checks, others may come. A keeper is started by whoever has work for it, does
 * that work as long as there is any, and ends by itself. What it has to do is on disk and is looked at again
 * and again; nothing is told to it but "look". So a keeper that is killed loses nothing.
 *
 * In `keepers/KIND` in the store:
 *   lock      held (an OFD lock) by the keeper as long as it lives. The dead hold none, so nothing is ever
 * stale. run.json  which process that is; believed only while the lock is held and the process is that one.
 *   log, log.1   what it had to say, a line each, at most about a MiB each
 * The folder's own lock is the gate: it is held by whoever asks for a keeper, and by a keeper that would end
 * while it makes sure that there is no work. So no request falls into the gap between the two.
 *
 * A keeper whose program or library has been replaced by another version becomes the new one (exec), without
 * letting go of the lock. One whose store has been removed ends.
 *
 * The asking side is the first half of this header, the keeper's own side the second.
 */
#ifndef AQ_UTIL_KEEPER_H
#define AQ_UTIL_KEEPER_H

#include <poll.h>
#include <stdbool.h>

#include "util/clock.h"
#include "util/process.h"

/* What is known of one that lives. */
struct aq_keeper_info {
    struct aq_process_id process;
    char started[AQ_TIME_TEXT];
    char version[32];
};

/* Makes sure that one lives and looks at its work from now on: 1 it was started, 0 it was there and has been
   told to look. What it is to do has to be on disk before. `program` is run as `PROGRAM KIND`, detached.
   FAILED with what it said when it does not come up. */
int aq_keeper_need(const char *kind, const char *program, struct aq_error *err);

/* Tells one that lives to look at its work: 1, or 0 when there is none. */
int aq_keeper_nudge(const char *kind, struct aq_error *err);

/* Does one live? 1 and *info, or 0. */
int aq_keeper_find(const char *kind, struct aq_keeper_info *info, struct aq_error *err);

/* Has it end what it is doing, and ends it; by force when it has not gone at the deadline. 1 there was one, 0
   there was none. */
int aq_keeper_end(const char *kind, aq_deadline deadline, struct aq_error *err);

/* Opens the folder, made where it is missing: for a kind's own files beside those named above. */
int aq_keeper_folder(const char *kind, struct aq_error *err);

/* --- in the keeper --- */

struct aq_keeper {
    const char *kind;
    int folder;
    int lock;
    char *program;  /* absolute */
    char *identity; /* of the files that are its code, as they were when it began */
};

#define AQ_KEEPER_NONE                                                                                       \
    {                                                                                                        \
        .folder = -1, .lock = -1                                                                             \
    }

#define AQ_KEEPER_LOCK "lock"
#define AQ_KEEPER_RUN "run.json"
#define AQ_KEEPER_LOG "log"

/* How a keeper gets what it inherits: numbers of descriptors. */
#define AQ_KEEPER_READY_ARGUMENT "--ready=" /* of a pipe: "1", "0" (another lives), or what went wrong */
#define AQ_KEEPER_LOCK_ARGUMENT "--lock="   /* from its predecessor */

/* Becomes the keeper of that kind: takes the lock, says in run.json that it is it, and answers whoever
   started it. From then on SIGTERM is an interruption (util/wait.h) and SIGUSR1 means "look". 1 done, 0
   another one lives already, -1. `kind` has to live as long. `arguments` are those of main() after the kind.
 */
int aq_keeper_become(const char *kind, char **arguments, struct aq_keeper *keeper, struct aq_error *err);

/* What there is to do. */
enum aq_keeper_event {
    AQ_KEEPER_DUE,  /* the deadline has come, or one of the descriptors is ready */
    AQ_KEEPER_LOOK, /* somebody said so: look at all there is to do */
    AQ_KEEPER_END   /* told to end, or the store is gone */
};

/* Waits for one of them; `fds` (may be NULL) as for aq_poll. Does not return when the program was replaced.
 */
enum aq_keeper_event aq_keeper_wait(struct aq_keeper *keeper, struct pollfd *fds, unsigned count,
                                    aq_deadline deadline);

/* May it end, for want of work? Asks idle(data) while nobody can ask for a keeper; when that says true the
   lock is let go before anybody can, and the process has to end. */
bool aq_keeper_may_end(struct aq_keeper *keeper, bool (*idle)(void *data), void *data);

/* A line for the log, with the time before it. */
void aq_keeper_log(struct aq_keeper *keeper, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* In a child that was forked: closes what only the keeper itself may hold. */
void aq_keeper_drop(struct aq_keeper *keeper);

#endif
