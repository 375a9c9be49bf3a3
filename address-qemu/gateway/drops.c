/* SPDX-License-Identifier: MIT */
#include "gateway/drops.h"

#include <stdio.h>
#include <string.h>

enum { LINES_A_SECOND = 5 };

static bool same_row(const struct aq_drop_row *a, const struct aq_drop_row *b)
{
    return a->fault == b->fault && a->protocol == b->protocol && a->port == b->port &&
           aq_ip_equal(&a->target, &b->target) && strcmp(a->name, b->name) == 0;
}

/* The row of that kind; a new one takes the place of the one that was seen longest ago. */
static struct aq_drop_row *row_of(struct aq_drops *drops, const struct aq_drop_row *wanted)
{
    struct aq_drop_row *oldest = &drops->rows[0];
    for (unsigned i = 0; i < drops->count; i++) {
        if (same_row(&drops->rows[i], wanted))
            return &drops->rows[i];
        if (drops->rows[i].last_ms < oldest->last_ms)
            oldest = &drops->rows[i];
    }
    if (drops->count < AQ_DROP_ROWS)
        oldest = &drops->rows[drops->count++];
    *oldest = *wanted;
    return oldest;
}

static bool may_log(struct aq_drops *drops, int64_t now_ms)
{
    if (now_ms - drops->log_from_ms >= 1000) {
        drops->log_from_ms = now_ms;
        drops->log_lines = 0;
    }
    if (drops->log_lines < LINES_A_SECOND) {
        drops->log_lines++;
        return true;
    }
    drops->log_held++;
    return false;
}

bool aq_drops_count(struct aq_drops *drops, enum aq_fault fault, const struct aq_packet *packet,
                    const char *name, int64_t now_ms)
{
    struct aq_drop_row wanted = {.fault = fault, .target = packet->target, .first_ms = now_ms};
    if (aq_packet_is_ip(packet))
        wanted.protocol = packet->protocol;
    wanted.port = packet->target_port;
    if (name != NULL)
        snprintf(wanted.name, sizeof wanted.name, "%s", name);
    struct aq_drop_row *row = row_of(drops, &wanted);
    row->count++;
    row->last_ms = now_ms;
    drops->total++;
    return fault != AQ_FAULT_GROUP && may_log(drops, now_ms); /* that is every system's own noise */
}

const char *aq_protocol_text(const struct aq_drop_row *row, char text[AQ_PROTOCOL_TEXT])
{
    switch (row->protocol) {
    case 0:
        snprintf(text, AQ_PROTOCOL_TEXT, "%s", row->fault == AQ_FAULT_ARP ? "arp" : "frame");
        break;
    case AQ_PROTOCOL_TCP:
        return strcpy(text, "tcp");
    case AQ_PROTOCOL_UDP:
        return strcpy(text, "udp");
    case AQ_PROTOCOL_ICMP:
        return strcpy(text, "icmp");
    case AQ_PROTOCOL_ICMP6:
        return strcpy(text, "icmp6");
    default:
        snprintf(text, AQ_PROTOCOL_TEXT, "%u", row->protocol);
    }
    return text;
}
