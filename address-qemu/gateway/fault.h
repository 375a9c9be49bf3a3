/* SPDX-License-Identifier: MIT */
/* Why a frame, or a connection, is not passed on. One list; its texts are what `egress` shows. */
#ifndef AQ_GATEWAY_FAULT_H
#define AQ_GATEWAY_FAULT_H

/* A name for scripts, and what a user is told. */
#define AQ_FAULTS(X)                                                                                         \
    X(NONE, "none", "")                                                                                      \
    X(SHORT, "malformed", "too short, or of false lengths")                                                  \
    X(VERSION, "malformed", "of another IP version than its frame says")                                     \
    X(ETHERTYPE, "ethertype", "neither IPv4, IPv6 nor ARP")                                                  \
    X(OPTIONS, "options", "with IP options or extension headers")                                            \
    X(FRAGMENT, "fragment", "a fragment of a packet")                                                        \
    X(PROTOCOL, "protocol", "of a protocol that is not passed on")                                           \
    X(ARP, "arp", "an ARP packet that no guest needs to send")                                               \
    X(MAC, "mac", "not from the guest's own card to the host's end")                                         \
    X(SOURCE, "source", "not from the guest's own address")                                                  \
    X(GROUP, "group", "to a group, which has no other members here")                                         \
    X(NOWHERE, "nowhere", "to an address where nobody can be")                                               \
    X(LOCALHOST, "localhost", "to a service of the host itself that no rule names")                          \
    X(SPECIAL, "special", "to a link-local, metadata or embedding address that no rule names")               \
    X(RULE, "rule", "not allowed by the rules")                                                              \
    X(DNS, "dns", "a question for a name that no rule names")                                                \
    X(ICMP, "icmp", "ICMP, which only a VM that may reach anything may send")                                \
    X(IP6, "ip6", "IPv6, which no rule needs")                                                               \
    X(STRAY, "stray", "of no connection that is open")                                                       \
    X(ORDER, "order", "too far ahead of what has been acknowledged")                                         \
    X(LIMIT, "limit", "one connection more than a VM may have open")

enum aq_fault {
#define X(fault, name, text) AQ_FAULT_##fault,
    AQ_FAULTS(X)
#undef X
        AQ_FAULT_COUNT
};

const char *aq_fault_name(enum aq_fault fault);
const char *aq_fault_text(enum aq_fault fault);

#endif
