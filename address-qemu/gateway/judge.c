/* SPDX-License-Identifier: MIT */
#include "gateway/judge.h"

#include <string.h>

enum {
    DHCP_SERVER = 67,
    DHCP_CLIENT = 68,
    DNS = 53,
    ECHO_REPLY = 0,
    ECHO_REQUEST = 8,
    ROUTER_SOLICITATION = 133,
    NEIGHBOUR_SOLICITATION = 135,
    NEIGHBOUR_ADVERTISEMENT = 136,
    NEIGHBOUR_HOP_LIMIT = 255, /* RFC 4861: it comes from the very link */
    UDP_PATIENCE_MS = 300000,
};

static const struct aq_ip unspecified4 = {{[10] = 0xff, [11] = 0xff}};

const unsigned char aq_net_mac[AQ_MAC_SIZE] = {0x52, 0x55, 10, 0, 2, 2}; /* as libslirp has it */

/* One frame under way through the questions below. */
struct trial {
    const struct aq_judge *judge;
    const struct aq_packet *packet;
    int64_t now_ms;
    enum aq_fault *fault;
};

static enum aq_verdict drop(const struct trial *trial, enum aq_fault fault)
{
    *trial->fault = fault;
    return AQ_DROP;
}

static enum aq_verdict refuse(const struct trial *trial, enum aq_fault fault)
{
    *trial->fault = fault;
    return AQ_REFUSE;
}

static bool in_net4(const struct aq_ip *ip)
{
    return aq_ip_within(ip, &AQ_NET4, AQ_NET4_BITS);
}

static bool is_peer(const struct aq_judge *judge, const struct aq_ip *address)
{
    return judge->peers != NULL && aq_peers_at(judge->peers, address) != NULL;
}

/* The guest's own questions and answers within the net. A probe for its own address comes from 0.0.0.0 (RFC
   5227). */
static enum aq_verdict judge_arp(const struct trial *trial)
{
    const struct aq_packet *packet = trial->packet;
    const struct aq_ip *own = &trial->judge->card.address;
    if (memcmp(packet->network + 8, trial->judge->card.mac, AQ_MAC_SIZE) != 0)
        return drop(trial, AQ_FAULT_MAC);
    if (!aq_ip_equal(&packet->source, own) && !aq_ip_equal(&packet->source, &unspecified4))
        return drop(trial, AQ_FAULT_SOURCE);
    if (!in_net4(&packet->target))
        return drop(trial, AQ_FAULT_ARP);
    return is_peer(trial->judge, &packet->target) ? AQ_TO_PEER : AQ_PASS;
}

static struct aq_flow flow_of(const struct aq_packet *packet)
{
    return (struct aq_flow){.peer = packet->target,
                            .peer_port = packet->target_port,
                            .guest_port = packet->source_port,
                            .protocol = packet->protocol};
}

/* Does a packet of TCP open a connection? Whatever comes later is of one. */
static bool opens(const struct aq_packet *packet)
{
    return packet->protocol != AQ_PROTOCOL_TCP || (packet->flags & (AQ_TCP_SYN | AQ_TCP_ACK)) == AQ_TCP_SYN;
}

/* Does it belong to a connection that came in through a forwarded port? Who opens one answers nobody. */
static bool answers(const struct trial *trial)
{
    if (trial->packet->protocol == AQ_PROTOCOL_TCP && opens(trial->packet))
        return false;
    struct aq_flow flow = flow_of(trial->packet);
    int64_t patience = flow.protocol == AQ_PROTOCOL_TCP ? INT64_MAX : UDP_PATIENCE_MS;
    if (!aq_flows_has(trial->judge->ingress, &flow, trial->now_ms, patience))
        return false;
    if (flow.protocol == AQ_PROTOCOL_TCP)
        aq_flows_note(trial->judge->ingress, &flow, trial->now_ms);
    return true;
}

/* The host's end of this net is the host's loopback, for libslirp and for the rules. */
static struct aq_ip meant_by(const struct aq_ip *target)
{
    if (aq_ip_equal(target, &AQ_NET6_HOST))
        return (struct aq_ip){{[15] = 1}};
    return aq_ip_equal(target, &AQ_NET4_HOST) ? AQ_IP4(127, 0, 0, 1) : *target;
}

/* What comes of this from its far end is an answer, until the rules change. */
static void note_asked(const struct trial *trial)
{
    struct aq_flow flow = flow_of(trial->packet);
    if (flow.protocol == AQ_PROTOCOL_UDP)
        aq_flows_note(trial->judge->asked, &flow, trial->now_ms);
}

static enum aq_verdict judge_connection(const struct trial *trial)
{
    const struct aq_packet *packet = trial->packet;
    bool six = packet->ethertype == AQ_ETHERTYPE_IP6;
    struct aq_ip target = packet->target;
    if (answers(trial))
        return AQ_PASS;
    if (aq_ip_equal(&target, six ? &AQ_NET6_HOST : &AQ_NET4_HOST))
        target = meant_by(&target);
    else if (six ? aq_ip_within(&target, &AQ_NET6, AQ_NET6_BITS) : in_net4(&target))
        return refuse(trial, AQ_FAULT_NOWHERE);
    else if (aq_ip_within(&target, &AQ_IP4(127, 0, 0, 0), AQ_IP4_BITS + 8) ||
             (six && aq_ip_within(&target, &(struct aq_ip){{0}}, 80)))
        return drop(trial, AQ_FAULT_NOWHERE); /* nobody means these on a wire */
    enum aq_fault fault =
        aq_policy_judge(trial->judge->policy, packet->protocol, &target, packet->target_port);
    if (fault == AQ_FAULT_NONE) {
        note_asked(trial);
        return AQ_PASS;
    }
    return refuse(trial, opens(packet) ? fault : AQ_FAULT_STRAY);
}

/* To another VM: as to anybody else, but that it is neither the host's nor special, whatever the host's own
 * net is. */
static enum aq_verdict judge_to_peer(const struct trial *trial)
{
    const struct aq_packet *packet = trial->packet;
    bool icmp = packet->protocol == AQ_PROTOCOL_ICMP;
    if (icmp && packet->icmp_type != ECHO_REQUEST && packet->icmp_type != ECHO_REPLY)
        return drop(trial, AQ_FAULT_ICMP);
    if ((!icmp || packet->icmp_type == ECHO_REPLY) && answers(trial))
        return AQ_TO_PEER;
    enum aq_fault fault =
        aq_policy_judge_peer(trial->judge->policy, packet->protocol, &packet->target, packet->target_port);
    if (fault == AQ_FAULT_NONE) {
        note_asked(trial);
        return AQ_TO_PEER;
    }
    if (icmp)
        return drop(trial, AQ_FAULT_ICMP);
    return refuse(trial, opens(packet) ? fault : AQ_FAULT_STRAY);
}

/* The nameserver of this net is nobody but this process. */
static enum aq_verdict judge_dns(const struct trial *trial)
{
    if (trial->packet->target_port != DNS)
        return refuse(trial, AQ_FAULT_NOWHERE);
    if (trial->packet->protocol == AQ_PROTOCOL_UDP)
        return AQ_TO_DNS;
    /* A long answer is asked for over TCP, which only libslirp can carry, and it carries it unread. */
    return trial->packet->ethertype == AQ_ETHERTYPE_IP4 && aq_policy_resolves_all(trial->judge->policy)
               ? AQ_PASS
               : refuse(trial, AQ_FAULT_DNS);
}

static bool is_gate_answer(const struct aq_packet *packet)
{
    bool from_beyond = aq_ip_equal(&packet->target, &AQ_NET4_BEYOND) && packet->source_port == AQ_GATE_PORT;
    return aq_packet_is(packet, AQ_PROTOCOL_TCP) && packet->target_port == AQ_GATE_PORT &&
           (from_beyond || aq_ip_equal(&packet->target, &AQ_NET4_HOST)) &&
           (packet->flags & (AQ_TCP_RST | AQ_TCP_ACK)) != 0;
}

static bool is_dhcp(const struct aq_packet *packet)
{
    static const struct aq_ip broadcast = {{[10] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    return aq_packet_is(packet, AQ_PROTOCOL_UDP) && packet->source_port == DHCP_CLIENT &&
           packet->target_port == DHCP_SERVER &&
           (aq_ip_equal(&packet->target, &broadcast) || aq_ip_equal(&packet->target, &AQ_NET4_HOST));
}

static enum aq_verdict judge_ip4(const struct trial *trial)
{
    const struct aq_packet *packet = trial->packet;
    const struct aq_ip *own = &trial->judge->card.address;
    bool from_own = aq_ip_equal(&packet->source, own);
    if (is_dhcp(packet) && (from_own || aq_ip_equal(&packet->source, &unspecified4)))
        return AQ_TO_DHCP;
    if (!from_own)
        return drop(trial, AQ_FAULT_SOURCE);
    if (is_peer(trial->judge, &packet->target))
        return judge_to_peer(trial);
    if (packet->protocol == AQ_PROTOCOL_ICMP) {
        if (packet->icmp_type != ECHO_REQUEST)
            return drop(trial, AQ_FAULT_ICMP);
        /* Not for the host's end either: libslirp would ask the host's loopback. */
        if (aq_policy_judge(trial->judge->policy, AQ_PROTOCOL_ICMP, &packet->target, 0) != AQ_FAULT_NONE)
            return drop(trial, AQ_FAULT_ICMP);
        return in_net4(&packet->target) && !aq_ip_equal(&packet->target, &AQ_NET4_HOST)
                   ? drop(trial, AQ_FAULT_NOWHERE)
                   : AQ_PASS;
    }
    if (is_gate_answer(packet))
        return AQ_TO_GATE;
    if (aq_ip_equal(&packet->target, &AQ_NET4_NAMESERVER))
        return judge_dns(trial);
    return judge_connection(trial);
}

static enum aq_verdict judge_icmp6(const struct trial *trial)
{
    const struct aq_packet *packet = trial->packet;
    bool from_link = packet->network[7] == NEIGHBOUR_HOP_LIMIT;
    if (from_link && packet->icmp_type == ROUTER_SOLICITATION)
        return AQ_TO_ADVERT;
    if (from_link &&
        (packet->icmp_type == NEIGHBOUR_SOLICITATION || packet->icmp_type == NEIGHBOUR_ADVERTISEMENT))
        return AQ_PASS;
    return drop(trial, AQ_FAULT_ICMP);
}

/* Its own addresses are those of the net that the host's end does not have, and link-local ones; of the
   latter nothing but neighbours' talk passes. */
static enum aq_verdict judge_ip6(const struct trial *trial)
{
    static const struct aq_ip link_local = {{0xfe, 0x80}};
    const struct aq_packet *packet = trial->packet;
    if (!aq_policy_wants_ip6(trial->judge->policy))
        return drop(trial, AQ_FAULT_IP6);
    bool of_net = aq_ip_within(&packet->source, &AQ_NET6, AQ_NET6_BITS) &&
                  !aq_ip_equal(&packet->source, &AQ_NET6_HOST) &&
                  !aq_ip_equal(&packet->source, &AQ_NET6_NAMESERVER);
    bool of_link =
        aq_ip_within(&packet->source, &link_local, 64) || aq_ip_equal(&packet->source, &(struct aq_ip){{0}});
    if (packet->protocol == AQ_PROTOCOL_ICMP6)
        return of_net || of_link ? judge_icmp6(trial) : drop(trial, AQ_FAULT_SOURCE);
    if (!of_net)
        return drop(trial, AQ_FAULT_SOURCE);
    if (aq_ip_equal(&packet->target, &AQ_NET6_NAMESERVER))
        return judge_dns(trial);
    return judge_connection(trial);
}

/* What systems send to groups of their own accord (which multicast they listen to, who else is there): nobody
   is. Neighbours' talk of IPv6 is for the host's end. */
static bool is_to_group(const struct aq_packet *packet)
{
    bool neighbours = packet->protocol == AQ_PROTOCOL_ICMP6 && packet->icmp_type >= ROUTER_SOLICITATION &&
                      packet->icmp_type <= NEIGHBOUR_ADVERTISEMENT;
    if (packet->ethertype == AQ_ETHERTYPE_IP6)
        return packet->target.bytes[0] == 0xff && !neighbours;
    return packet->ethertype == AQ_ETHERTYPE_IP4 &&
           aq_ip_within(&packet->target, &AQ_IP4(224, 0, 0, 0), AQ_IP4_BITS + 4);
}

/* From its own card; to one of the host's end (which libslirp numbers 52:55 and 52:56), or to all. */
static bool cards_fit(const struct aq_judge *judge, const unsigned char *frame)
{
    bool to_all = (frame[0] & 1) != 0;
    bool to_host = frame[0] == 0x52 && (frame[1] == 0x55 || frame[1] == 0x56);
    return memcmp(frame + AQ_MAC_SIZE, judge->card.mac, AQ_MAC_SIZE) == 0 && (to_all || to_host);
}

enum aq_verdict aq_judge_frame(const struct aq_judge *judge, const unsigned char *frame, size_t length,
                               int64_t now_ms, struct aq_packet *packet, enum aq_fault *fault)
{
    const struct trial trial = {judge, packet, now_ms, fault};
    *fault = aq_packet_parse(frame, length, packet);
    if (length >= AQ_ETHER_HEADER && !cards_fit(judge, frame))
        return drop(&trial, AQ_FAULT_MAC);
    if (is_to_group(packet))
        return drop(&trial, AQ_FAULT_GROUP);
    if (*fault != AQ_FAULT_NONE)
        return AQ_DROP;
    switch (packet->ethertype) {
    case AQ_ETHERTYPE_ARP:
        return judge_arp(&trial);
    case AQ_ETHERTYPE_IP4:
        return judge_ip4(&trial);
    default:
        return judge_ip6(&trial);
    }
}

bool aq_judge_allows(const struct aq_judge *judge, const struct aq_flow *flow)
{
    if (is_peer(judge, &flow->peer))
        return aq_policy_judge_peer(judge->policy, flow->protocol, &flow->peer, flow->peer_port) ==
               AQ_FAULT_NONE;
    if (aq_ip_equal(&flow->peer, &AQ_NET4_NAMESERVER))
        return flow->peer_port == DNS && aq_policy_resolves_all(judge->policy);
    struct aq_ip target = meant_by(&flow->peer);
    return aq_policy_judge(judge->policy, flow->protocol, &target, flow->peer_port) == AQ_FAULT_NONE;
}

/* Who sends to the guest of his own accord may be answered, whatever the rules are; who was asked may be as
   long as they allow the question. */
static void note_inbound(const struct aq_judge *judge, const struct aq_flow *flow, int64_t now_ms)
{
    bool was_asked =
        flow->protocol == AQ_PROTOCOL_UDP && aq_flows_has(judge->asked, flow, now_ms, UDP_PATIENCE_MS);
    aq_flows_note(was_asked ? judge->asked : judge->ingress, flow, now_ms);
}

bool aq_judge_inbound(const struct aq_judge *judge, const struct aq_packet *packet, bool forwarded,
                      int64_t now_ms)
{
    struct aq_flow flow = {.peer = packet->source,
                           .peer_port = packet->source_port,
                           .guest_port = packet->target_port,
                           .protocol = packet->protocol};
    if (aq_packet_is(packet, AQ_PROTOCOL_TCP)) {
        if ((packet->flags & (AQ_TCP_SYN | AQ_TCP_ACK)) == AQ_TCP_SYN)
            aq_flows_note(judge->ingress, &flow, now_ms);
        return true;
    }
    if (!aq_packet_is(packet, AQ_PROTOCOL_UDP))
        return true;
    if (!forwarded && !aq_flows_has(judge->asked, &flow, now_ms, UDP_PATIENCE_MS))
        return false;
    note_inbound(judge, &flow, now_ms);
    return true;
}

bool aq_judge_from_peer(const struct aq_judge *judge, const struct aq_peer *peer,
                        const struct aq_packet *packet, int64_t now_ms)
{
    bool icmp = aq_packet_is(packet, AQ_PROTOCOL_ICMP) &&
                (packet->icmp_type == ECHO_REQUEST || packet->icmp_type == ECHO_REPLY);
    if (packet->ethertype != AQ_ETHERTYPE_IP4 || !aq_ip_equal(&packet->source, &peer->address) ||
        !aq_ip_equal(&packet->target, &judge->card.address) ||
        (packet->protocol == AQ_PROTOCOL_ICMP && !icmp))
        return false;
    const struct aq_flow flow = {.peer = packet->source,
                                 .peer_port = packet->source_port,
                                 .guest_port = packet->target_port,
                                 .protocol = packet->protocol};
    if (opens(packet))
        note_inbound(judge, &flow, now_ms);
    return true;
}
