/* SPDX-License-Identifier: MIT */
/*
 * A running guest whose disk is to be looked at from outside: it is asked to have written everything and to
 * write nothing for the moment. Nothing leaves it frozen: our helper lets go by itself, and for the guest
 * agent, which does not, another process stands by to say so should this one die (util/guard.h).
 *
 *     aq_autoquiet struct aq_quiet quiet = AQ_QUIET_NONE;
 *     aq_quiet_open(vm, &run, wish, &quiet, err);     finds a way into the guest
 *     aq_quiet_begin(&quiet, err);                    … the moment …
 *     aq_quiet_end(&quiet, err);                      quiet.done: it was frozen all the while
 */
#ifndef AQ_VM_QUIESCE_H
#define AQ_VM_QUIESCE_H

#include "util/guard.h"
#include "vm/guest.h"

/* Must not move once it is open. */
struct aq_quiet {
    enum aq_quiesce wish;
    struct aq_guest guest;
    struct aq_guard guard;
    bool open, frozen;
    bool done; /* afterwards: it was quiet from the beginning to the end */
};

#define AQ_QUIET_NONE                                                                                        \
    {                                                                                                        \
        .guest = AQ_GUEST_CLOSED, .guard = AQ_GUARD_NONE                                                     \
    }

/* VM_PAUSED and what aq_guest_open fails with, for MUST. */
int aq_quiet_open(const struct aq_vm *vm, const struct aq_run *run, enum aq_quiesce wish,
                  struct aq_quiet *quiet, struct aq_error *err);

/* Freezes. Both NULL and one that has found no way into the guest do nothing. What aq_channel_fs_freeze fails
 * with, for MUST. */
int aq_quiet_begin(struct aq_quiet *quiet, struct aq_error *err);

/* Lets it go on, whatever happens. For MUST, GUEST_REFUSED when it had gone on by itself too early. */
int aq_quiet_end(struct aq_quiet *quiet, struct aq_error *err);

/* Lets it go on if it has not been yet, and closes the way. */
void aq_quiet_close(struct aq_quiet *quiet);
#define aq_autoquiet aq_cleanup(aq_quiet_close)

#endif
