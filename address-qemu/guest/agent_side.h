/* SPDX-License-Identifier: MIT */
/* The side channel of a command that runs through the guest agent: two files beside its working files
   (guest/side.h). */
#ifndef AQ_GUEST_AGENT_SIDE_H
#define AQ_GUEST_AGENT_SIDE_H

#include "guest/agent_protocol.h"
#include "guest/side.h"
#include "guest/side_lines.h"

struct aq_agent_side {
    struct aq_agent *agent;
    struct aq_guest_side *side; /* NULL: there is none, or it is closed */
    const char *files;          /* the working files' common name; the caller's */
    json_int_t said, told;      /* the agent's handles */
    struct aq_side_lines lines;
};

#define AQ_AGENT_SIDE_NONE                                                                                   \
    {                                                                                                        \
        .said = -1, .told = -1                                                                               \
    }

/* Makes the files, if the command wants a side channel. */
int aq_agent_side_open(struct aq_agent_side *side, struct aq_agent *agent, const struct aq_guest_exec *exec,
                       const char *files, struct aq_error *err);

/* A turn: takes what was said and tells what is to be told. 1 something was, 0 nothing, -1. `why` is filled
   in when the command is to be ended. */
int aq_agent_side_turn(struct aq_agent_side *side, struct aq_error *why, aq_deadline deadline,
                       struct aq_error *err);

/* Removes the files. */
void aq_agent_side_close(struct aq_agent_side *side);

#endif
