/* SPDX-License-Identifier: MIT */
/* The channel through SSH, for guest/ssh_*.c alone; users have guest/channel.h. */
#ifndef AQ_GUEST_SSH_CHANNEL_H
#define AQ_GUEST_SSH_CHANNEL_H

#include "guest/channel_ops.h"
#include "guest/ssh_link.h"

struct aq_ssh_channel {
    struct aq_channel base;
    const struct aq_ssh_target *target; /* whoever opened the channel keeps it */
    struct aq_ssh_link *link;           /* NULL: to be opened at the next use */
    struct aq_error failure;            /* of the last try, for as long as it stands */
    aq_deadline failed_at;
};

/* How a command is ended that has no more time. */
enum aq_ssh_ending {
    AQ_SSH_KILL,    /* with all its descendants */
    AQ_SSH_STARVE,  /* its input ends early, and it is known to clear up after itself */
    AQ_SSH_ABANDON, /* its input and output are closed */
};

struct aq_ssh_order {
    const struct aq_guest_exec *exec;
    int file; /* >0: its contents from offset 0 are the input, instead of the exec's */
    enum aq_ssh_ending ending;
    enum aq_error_code late; /* what it is when there is no more time */
    const bool
        *enough; /* when this becomes true nothing more is wanted of it, and it is abandoned; or NULL */
};

/* Runs a command as aq_channel_exec does. */
int aq_ssh_run(struct aq_ssh_channel *ssh, const struct aq_ssh_order *order, struct aq_guest_exit *exit,
               struct aq_error *err);

int aq_ssh_exec(struct aq_channel *channel, const struct aq_guest_exec *exec, struct aq_guest_exit *exit,
                struct aq_error *err);
int aq_ssh_put(struct aq_channel *channel, const struct aq_guest_put *put, struct aq_error *err);
int aq_ssh_get(struct aq_channel *channel, const struct aq_guest_get *get, struct aq_guest_file *file,
               struct aq_error *err);
int aq_ssh_sync(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err);

/* When what went wrong on the way, and is in *err, is that the server's QEMU has ended: VM_NOT_RUNNING in its
   place. Returns -1. */
int aq_ssh_blame(const struct aq_ssh_channel *ssh, struct aq_error *err);

/* Closes the connection; the next use opens another. */
void aq_ssh_leave(struct aq_ssh_channel *ssh);

#endif
