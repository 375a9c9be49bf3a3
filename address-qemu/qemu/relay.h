/* SPDX-License-Identifier: MIT */
/*
 * A running guest's whole state, as a stream that another QEMU takes in, while the guest goes on: QEMU's live
 * migration, with us in the middle. We let no more of it through than we want, so that it does not come to
 * its end before everything is prepared for the moment in which the guest stands still.
 *
 * The guest goes on by itself if we die, but for that moment (see qemu/guard.h).
 * (Source: QEMU's qapi/migration.json, docs/devel/migration.rst.)
 */
#ifndef AQ_QEMU_RELAY_H
#define AQ_QEMU_RELAY_H

#include "qemu/qmp.h"

/* Zero-initialise; aq_relay_close at the end. */
struct aq_relay {
    struct aq_qmp *qmp;  /* the caller's; no other command may be under way on it */
    int from;            /* QEMU writes into it; 0: it was not begun */
    int to;              /* the caller's: where it goes, a pipe that does not block */
    bool ended;          /* all of it has gone through */
    bool ending, closed; /* the last part is under way; who takes it in has closed the pipe */
};

/* Begins it and lets through all but the last few MiB. INTERRUPTED, QMP_FAILED, TIMEOUT. */
int aq_relay_begin(struct aq_relay *relay, struct aq_qmp *qmp, int to, struct aq_error *err);

/* Lets the rest of the RAM through, and what has changed in it meanwhile; then the guest stands still, with
   its disks still open. */
int aq_relay_stop(struct aq_relay *relay, struct aq_error *err);

/* Lets the state of the devices through. The guest stands still until `cont`. */
int aq_relay_finish(struct aq_relay *relay, struct aq_error *err);

/* One that has not come to its end is given up, and the guest goes on: when this returns, `cont` is
   possible. */
void aq_relay_close(struct aq_relay *relay);

#endif
