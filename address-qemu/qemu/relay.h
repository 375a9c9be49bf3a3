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
    bool ended;          /* QEMU has written all of it */
    bool ending, closed; /* the last part is under way; who takes it in has closed the pipe */
    char *kept;          /* what was written while the guest stands still, to be passed on afterwards */
    size_t kept_length;
};

/* Begins it and lets through all but the last few MiB. INTERRUPTED, QMP_FAILED, TIMEOUT. */
int aq_relay_begin(struct aq_relay *relay, struct aq_qmp *qmp, int to, struct aq_error *err);

/* Takes the rest of the RAM, and what has changed in it meanwhile; then the guest stands still, with
   its disks still open. */
int aq_relay_stop(struct aq_relay *relay, struct aq_error *err);

/* Takes the state of the devices. The guest stands still until `cont`. */
int aq_relay_finish(struct aq_relay *relay, struct aq_error *err);

/* Passes on what was taken while the guest stood still: it need not wait for whoever takes that in. */
int aq_relay_deliver(struct aq_relay *relay, struct aq_error *err);

/* One that has not come to its end is given up, and the guest goes on: when this returns, `cont` is
   possible. */
void aq_relay_close(struct aq_relay *relay);

#endif
