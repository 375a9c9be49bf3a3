/* SPDX-License-Identifier: MIT */
/* The server's end of a command's side channel (guest/side.h): lines from its socket become frames. */
#ifndef AQ_GUEST_SERVER_SIDE_H
#define AQ_GUEST_SERVER_SIDE_H

#include <stdbool.h>

#include "guest/server/session.h"
#include "guest/side.h"

struct aq_side {
    int fd; /* -1: there is none, or the command has closed it */
    size_t length;
    bool too_long; /* the line that is being read: it will be dropped */
    bool drained;  /* at the latest look there was nothing more */
    char line[AQ_SIDE_MAX + 1];
};

/* A pair of sockets: ours in *side, the command's is returned; -1 with errno. */
int aq_side_open(struct aq_side *side);
void aq_side_close(struct aq_side *side);

/* Sends the lines that are there, as credit and room allow. False when there is nothing (more) now. */
bool aq_side_pump(struct aq_session *session, struct aq_operation *operation, struct aq_side *side);

/* May a line be sent now? */
bool aq_side_may_flow(const struct aq_session *session, const struct aq_operation *operation,
                      const struct aq_side *side);

/* Gives the command a line of the host's; one that it has no room for is dropped. */
void aq_side_tell(struct aq_side *side, const struct aq_frame *frame);

#endif
