/* SPDX-License-Identifier: MIT */
/*
 * What a VM may reach, as people write it: a list of rules with commas between, in which the last one that
 * speaks of a connection decides about it. What none speaks of is refused, unless the list begins with "any".
 *
 *     5432                     that TCP port of any public address
 *     8000-8100, 53/udp        several of them; another protocol
 *     db.example.com:5432      of a host by its name (*.example.com: of all below it)
 *     10.1.0.0/16:any          of these addresses; every port
 *     [2001:db8::/32]:443      the same in IPv6
 *     localhost:8080           of the host's own loopback services, which no other form reaches
 *     any, !10.0.0.0/8:any     everything but what follows a "!" (TCP and UDP unless one is named)
 *     none                     nothing
 *
 * "Public" leaves out the host itself and addresses that are special (gateway/places.h): those are reached
 * only by a rule that names them.
 */
#ifndef AQ_SPEC_EGRESS_H
#define AQ_SPEC_EGRESS_H

#include <stdint.h>

#include "util/error.h"
#include "util/ip.h"
#include "util/memory.h"

#define AQ_EGRESS_RULES_MAX 64
#define AQ_HOST_NAME_MAX 253

enum aq_egress_where {
    AQ_EGRESS_ANYWHERE,
    AQ_EGRESS_ADDRESSES, /* a prefix, or one address of 128 bits */
    AQ_EGRESS_NAME,      /* and what it resolves to while the VM runs */
    AQ_EGRESS_LOCALHOST, /* the host's loopback services */
};

struct aq_egress_rule {
    bool deny;
    bool tcp, udp;
    enum aq_egress_where where;
    uint16_t first, last; /* ports; 1 and 65535: every one */
    struct aq_ip address;
    unsigned bits;
    char name[AQ_HOST_NAME_MAX + 1]; /* lower case; with "*." in front for what is below it */
};

struct aq_egress {
    bool any; /* what no rule speaks of is allowed, if it is public */
    unsigned count;
    struct aq_egress_rule rules[AQ_EGRESS_RULES_MAX];
};

/* Parses a list. VALUE_INVALID quotes the part that is wrong and says what is wanted. */
int aq_egress_parse(const char *text, struct aq_egress *egress, struct aq_error *err);

/* Adds the rules of a list behind those that are there, as "allow=" and (deny) "deny=" do; what they override
   altogether goes. VALUE_INVALID, LIMIT_EXCEEDED; then `egress` is as it was. */
int aq_egress_change(struct aq_egress *egress, const char *text, bool deny, struct aq_error *err);

/* The list as text, which aq_egress_parse reads back. */
void aq_egress_text(const struct aq_egress *egress, struct aq_buffer *text);

/* One rule as text. */
#define AQ_EGRESS_RULE_TEXT (AQ_HOST_NAME_MAX + 24)
const char *aq_egress_rule_text(const struct aq_egress_rule *rule, char text[AQ_EGRESS_RULE_TEXT]);

#endif
