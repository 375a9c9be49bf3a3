/* SPDX-License-Identifier: MIT */
/* What was not passed on, counted by why and where to, so that a user sees why a connection fails. */
#ifndef AQ_GATEWAY_DROPS_H
#define AQ_GATEWAY_DROPS_H

#include "gateway/packet.h"

#define AQ_DROP_ROWS 128

struct aq_drop_row {
    enum aq_fault fault;
    uint8_t protocol; /* IANA's number; 0: not IP */
    uint16_t port;    /* 0: none */
    struct aq_ip target;
    uint64_t count;
    int64_t first_ms, last_ms;
    char name[64]; /* of a question to the nameserver; cut off */
};

/* Zero-initialise. */
struct aq_drops {
    uint64_t total;
    unsigned count;
    struct aq_drop_row rows[AQ_DROP_ROWS];
    int64_t log_from_ms; /* the second in which so many lines were written */
    unsigned log_lines, log_held;
};

/* Counts a packet (or with `name` a question). True when it is worth a line in the log: not more than a few a
   second are, however many there are; what was held back is added up in log_held. */
bool aq_drops_count(struct aq_drops *drops, enum aq_fault fault, const struct aq_packet *packet,
                    const char *name, int64_t now_ms);

/* "tcp", "udp", …, or the number. In `text`, which it returns. */
#define AQ_PROTOCOL_TEXT 8
const char *aq_protocol_text(const struct aq_drop_row *row, char text[AQ_PROTOCOL_TEXT]);

#endif
