/* SPDX-License-Identifier: MIT */
/* FREEZE, REPAIR, THAW and CLOCK: requests that concern the whole guest and are answered at once. */
#ifndef AQ_GUEST_SERVER_STANDSTILL_H
#define AQ_GUEST_SERVER_STANDSTILL_H

#include "guest/server/session.h"

#define AQ_STANDSTILL_ANSWER 1024

/* Is it one of them? */
bool aq_standstill_is(uint8_t request_type);

/* Does what session->request asks: the answer's length, and its type in *type; -1 with errno and *what. */
ssize_t aq_standstill(struct aq_session *session, unsigned char answer[AQ_STANDSTILL_ANSWER],
                      enum aq_wire_type *type, const char **what);

#endif
