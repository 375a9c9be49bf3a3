/* SPDX-License-Identifier: MIT */
/* A REXX at a place of the user's choice in the guest: our own runner, or a program of theirs. */
#ifndef AQ_GUEST_DEPLOY_H
#define AQ_GUEST_DEPLOY_H

#include "guest/channel.h"

/* What is to be at `target`: the program in the file `fd` (a regular one, open for reading), or, with fd -1,
   a link to `link`, a program that is in the guest. */
struct aq_guest_deployment {
    const char *target; /* absolute */
    int fd;
    const char *link;
    aq_deadline deadline;
};

/* Puts it there when it has run a line of REXX; until then, and if it cannot, whatever was there stays.
   GUEST_REFUSED with what it said; otherwise as aq_channel_put. */
int aq_guest_deploy(struct aq_channel *channel, const struct aq_guest_deployment *deployment,
                    struct aq_error *err);

#endif
