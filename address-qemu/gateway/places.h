/* SPDX-License-Identifier: MIT */
/* Addresses that are not like others: whatever is allowed to "any" address is not allowed to these. */
#ifndef AQ_GATEWAY_PLACES_H
#define AQ_GATEWAY_PLACES_H

#include "util/ip.h"

enum aq_place {
    AQ_PLACE_PUBLIC,
    AQ_PLACE_LOCALHOST, /* 127.0.0.1 and ::1: the host's loopback services */
    AQ_PLACE_SPECIAL,   /* link-local and cloud metadata; IPv6 in which an IPv4 address may hide */
    AQ_PLACE_NOWHERE,   /* no address that a packet could be sent to: "this network", multicast, the rest */
};

/* By the number alone (IANA's special-purpose registries; RFC 6890). That an address may be one of the host's
   own cards is for others to find out. */
enum aq_place aq_place_of(const struct aq_ip *ip);

#endif
