/* SPDX-License-Identifier: MIT */
/* The side channel of a command that runs through SSH: files beside it, which a second session of the
   connection reads and writes. For guest/ssh_exec.c. */
#ifndef AQ_GUEST_SSH_SIDE_H
#define AQ_GUEST_SSH_SIDE_H

#include "guest/ssh_run.h"

struct aq_ssh_side;

/* For the command with that mark, whose shell has made the files. NULL on failure. */
struct aq_ssh_side *aq_ssh_side_open(struct aq_ssh_channel *ssh, struct aq_guest_side *talk, const char *mark,
                                     struct aq_error *err);

/* Tells what is to be told, if it is time to ask for that. -1: the command is to be ended. */
int aq_ssh_side_turn(struct aq_ssh_side *side, struct aq_error *err);

/* When it wants its next turn, should nothing come before. */
aq_deadline aq_ssh_side_next(const struct aq_ssh_side *side);

/* Takes what was still said, and has the files removed. NULL is fine. */
void aq_ssh_side_close(struct aq_ssh_side *side);

#endif
