/* SPDX-License-Identifier: MIT */
#include "gateway/gateway.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/advert.h"
#include "gateway/bytes.h"
#include "gateway/own.h"
#include "gateway/sockets.h"
#include "util/memory.h"

enum { BATCHES_A_TURN = 4 }; /* so that a flood of frames does not keep everything else waiting */

static void count_drop(struct aq_gateway *gateway, enum aq_fault fault, const struct aq_packet *packet,
                       const char *name)
{
    char protocol[AQ_PROTOCOL_TEXT], target[AQ_IP_TEXT], line[256];
    if (!aq_drops_count(&gateway->drops, fault, packet, name, gateway->now_ms))
        return;
    const struct aq_drop_row row = {.fault = fault,
                                    .protocol = aq_packet_is_ip(packet) ? packet->protocol : 0};
    snprintf(line, sizeof line, "dropped %s to %s port %u: %s%s%s", aq_protocol_text(&row, protocol),
             aq_ip_text(&packet->target, target), packet->target_port, aq_fault_text(fault),
             name != NULL ? ": " : "", name != NULL ? name : "");
    gateway->log(gateway->data, line);
}

static void refuse(struct aq_gateway *gateway, const struct aq_packet *packet)
{
    unsigned char frame[AQ_BUILD_MAX];
    size_t length = aq_build_refusal(frame, packet);
    if (length > 0)
        aq_link_send(&gateway->link, frame, length);
}

static void serve_dhcp(struct aq_gateway *gateway, const struct aq_packet *packet)
{
    unsigned char frame[AQ_DHCP_MAX];
    enum aq_dhcp_step step;
    size_t length = aq_dhcp_answer(&gateway->dhcp, packet, frame, &step);
    if (step == AQ_DHCP_BEGINS)
        aq_forwards_guest_begins(&gateway->forwards, gateway->now_ms);
    if (step != AQ_DHCP_OTHER)
        gateway->leased_ms = step == AQ_DHCP_LEASED ? gateway->now_ms : 0;
    if (length > 0)
        aq_link_send(&gateway->link, frame, length);
}

static void advertise(struct aq_gateway *gateway)
{
    unsigned char frame[AQ_BUILD_MAX];
    aq_link_send(&gateway->link, frame, aq_advert_build(&gateway->judge.card, frame));
    gateway->advert_at_ms = gateway->now_ms + AQ_ADVERT_EVERY_MS;
}

static void serve_dns(struct aq_gateway *gateway, const struct aq_packet *packet)
{
    char name[AQ_HOST_NAME_MAX + 1];
    if (!aq_resolver_ask(&gateway->resolver, packet, gateway->now_ms, name))
        count_drop(gateway, AQ_FAULT_DNS, packet, name);
}

/* Has libslirp forget a connection: a reset in the guest's name, which never hears of it. */
static void end_stream(struct aq_gateway *gateway, const struct aq_stream_over *over)
{
    unsigned char frame[AQ_BUILD_MAX];
    const struct aq_segment reset = {.sequence = over->sequence, .flags = AQ_TCP_RST};
    size_t length = aq_build_tcp(frame, gateway->judge.card.mac,
                                 &(struct aq_endpoint){over->guest, over->flow.guest_port},
                                 &(struct aq_endpoint){over->flow.peer, over->flow.peer_port}, &reset);
    aq_nat_input(gateway->nat, frame, length);
}

/* Makes room, as long as there are connections that are over. */
static void end_streams(struct aq_gateway *gateway)
{
    struct aq_stream_over over;
    while (aq_sockets_open() >= AQ_SOCKETS_OUT_MAX && aq_streams_take_over(&gateway->streams, &over))
        end_stream(gateway, &over);
}

/* What was open under earlier rules, or before a denied name was known, is over, unless it came in. */
static void end_forbidden(struct aq_gateway *gateway)
{
    gateway->names_judged = gateway->policy.names.added;
    for (int place = 0; place < AQ_FLOWS_MAX; place++) {
        const struct aq_flow *asked = aq_flows_at(&gateway->asked, place);
        if (asked != NULL && !aq_judge_allows(&gateway->judge, asked))
            aq_flows_forget(&gateway->asked, place);
        const struct aq_flow *open = aq_flows_at(&gateway->streams.flows, place);
        if (open == NULL || aq_flows_find(&gateway->ingress, open) >= 0 ||
            aq_judge_allows(&gateway->judge, open))
            continue;
        const struct aq_stream *stream = &gateway->streams.streams[place];
        const struct aq_stream_over over = {*open, stream->guest, stream->acknowledged};
        aq_flows_forget(&gateway->streams.flows, place);
        end_stream(gateway, &over);
    }
}

static void pass(struct aq_gateway *gateway, const struct aq_packet *packet)
{
    bool opens =
        aq_packet_is(packet, AQ_PROTOCOL_TCP) && (packet->flags & (AQ_TCP_SYN | AQ_TCP_ACK)) == AQ_TCP_SYN;
    if (opens && aq_sockets_open() >= AQ_SOCKETS_OUT_MAX) {
        count_drop(gateway, AQ_FAULT_LIMIT, packet, NULL);
        refuse(gateway, packet);
        return;
    }
    if (aq_packet_is(packet, AQ_PROTOCOL_TCP) &&
        !aq_streams_may_pass(&gateway->streams, packet, gateway->now_ms)) {
        count_drop(gateway, AQ_FAULT_ORDER, packet, NULL);
        return;
    }
    gateway->passed++;
    aq_nat_input(gateway->nat, packet->frame, packet->length);
    end_streams(gateway);
}

/* Asks with a SYN, and answers the guest's agreement with a reset, so that its service never hears of it. */
static void ask_from(struct aq_gateway *gateway, const struct aq_ip *from, uint16_t guest_port,
                     const struct aq_packet *answer)
{
    unsigned char frame[AQ_BUILD_MAX];
    struct aq_segment segment = {.sequence = (uint32_t)gateway->ingress.seed, .flags = AQ_TCP_SYN};
    if (answer != NULL)
        segment = (struct aq_segment){.sequence = aq_get32(answer->transport + 8), .flags = AQ_TCP_RST};
    size_t length = aq_build_tcp(frame, gateway->judge.card.mac, &(struct aq_endpoint){*from, AQ_GATE_PORT},
                                 &(struct aq_endpoint){gateway->judge.card.address, guest_port}, &segment);
    aq_link_send(&gateway->link, frame, length);
}

static void serve_gate(struct aq_gateway *gateway, const struct aq_packet *packet)
{
    if (aq_ip_equal(&packet->target, &AQ_NET4_BEYOND)) {
        if ((packet->flags & AQ_TCP_RST) == 0)
            ask_from(gateway, &AQ_NET4_BEYOND, AQ_GATE_PORT, packet);
        gateway->port_answered(gateway->data, 0, true);
        return;
    }
    aq_forwards_answered(&gateway->forwards, packet, gateway->now_ms);
    gateway->port_answered(gateway->data, packet->source_port, (packet->flags & AQ_TCP_RST) == 0);
}

/* A question by which card a VM is reached, or a frame for it. One that finds its cable full is lost, as any
 * may be. */
static void serve_peer(struct aq_gateway *gateway, const struct aq_packet *packet)
{
    const struct aq_peer *peer = aq_peers_at(&gateway->peers, &packet->target);
    unsigned char frame[AQ_BUILD_MAX], mac[AQ_MAC_SIZE];
    if (packet->ethertype == AQ_ETHERTYPE_ARP) {
        aq_peers_card(&packet->target, mac);
        aq_link_send(&gateway->link, frame, aq_build_arp_reply(frame, packet, mac));
    } else if (peer != NULL &&
               send(peer->cable, packet->frame, packet->length, MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
        gateway->passed++;
    }
}

/* One that has ended: whoever has its address next has another name. */
static void forget_peer(struct aq_gateway *gateway, unsigned place)
{
    aq_names_forget(&gateway->policy.names, &gateway->peers.peers[place].address);
    aq_peers_remove(&gateway->peers, place);
}

/* What the other VMs have sent: to the guest's card, from theirs. */
static void hear_peer(struct aq_gateway *gateway, unsigned place)
{
    static unsigned char frame[AQ_FRAME_MAX + 2];
    const struct aq_peer *peer = &gateway->peers.peers[place];
    struct aq_packet packet;
    for (unsigned i = 0; i < AQ_LINK_BATCH * BATCHES_A_TURN && !aq_link_is_full(&gateway->link); i++) {
        ssize_t got = recv(peer->cable, frame, sizeof frame, MSG_DONTWAIT);
        if (got <= 0) {
            if (got == 0 || (errno != EAGAIN && errno != EINTR))
                forget_peer(gateway, place);
            return;
        }
        if (aq_packet_parse(frame, (size_t)got, &packet) != AQ_FAULT_NONE ||
            !aq_judge_from_peer(&gateway->judge, peer, &packet, gateway->now_ms))
            continue;
        memcpy(frame, gateway->judge.card.mac, AQ_MAC_SIZE);
        aq_peers_card(&peer->address, frame + AQ_MAC_SIZE);
        aq_link_send(&gateway->link, frame, (size_t)got);
    }
}

static void hear_peers(struct aq_gateway *gateway, const struct aq_polls *polls)
{
    for (unsigned i = gateway->peers.count; i-- > 0;)
        if (aq_polls_events(polls, gateway->peers.peers[i].place) != 0)
            hear_peer(gateway, i);
}

static void serve_frame(struct aq_gateway *gateway, const unsigned char *frame, size_t length)
{
    struct aq_packet packet;
    enum aq_fault fault;
    switch (aq_judge_frame(&gateway->judge, frame, length, gateway->now_ms, &packet, &fault)) {
    case AQ_PASS:
        pass(gateway, &packet);
        break;
    case AQ_TO_DHCP:
        serve_dhcp(gateway, &packet);
        break;
    case AQ_TO_DNS:
        serve_dns(gateway, &packet);
        break;
    case AQ_TO_ADVERT:
        advertise(gateway);
        break;
    case AQ_TO_GATE:
        serve_gate(gateway, &packet);
        break;
    case AQ_REFUSE:
        refuse(gateway, &packet);
        count_drop(gateway, fault, &packet, NULL);
        break;
    case AQ_TO_PEER:
        serve_peer(gateway, &packet);
        break;
    case AQ_DROP:
        count_drop(gateway, fault, &packet, NULL);
        break;
    }
}

/* What libslirp and the resolver send. */

static void on_nat_send(void *data, const unsigned char *frame, size_t length)
{
    struct aq_gateway *gateway = data;
    struct aq_packet packet;
    if (aq_packet_parse(frame, length, &packet) != AQ_FAULT_NONE)
        return;
    if (aq_packet_is(&packet, AQ_PROTOCOL_TCP))
        aq_streams_learn(&gateway->streams, &packet, gateway->now_ms);
    bool forwarded = aq_forwards_lead_to(&gateway->forwards, packet.protocol, packet.target_port);
    if (aq_judge_inbound(&gateway->judge, &packet, forwarded, gateway->now_ms))
        aq_link_send(&gateway->link, frame, length);
}

static bool on_may_wait(void *data, int fd)
{
    const struct aq_gateway *gateway = data;
    return aq_forwards_may_wait(&gateway->forwards, fd);
}

static bool on_may_accept(void *data, int fd)
{
    struct aq_gateway *gateway = data;
    return aq_forwards_may_accept(&gateway->forwards, fd, gateway->now_ms);
}

static void on_dns_answer(void *data, const struct aq_endpoint *from, const struct aq_endpoint *to,
                          const unsigned char *message, size_t length)
{
    static unsigned char frame[AQ_FRAME_MAX];
    struct aq_gateway *gateway = data;
    if (length <= sizeof frame - AQ_BUILD_UDP_OVERHEAD)
        aq_link_send(&gateway->link, frame,
                     aq_build_udp(frame, gateway->judge.card.mac, from, to, message, length));
}

static void on_ask(void *data, uint16_t guest_port, const struct aq_packet *answer)
{
    ask_from(data, &AQ_NET4_HOST, guest_port, answer);
}

/* By its name alone, or in the network's domain; itself, too. */
static bool is_called(const struct aq_gateway *gateway, const char *vm, const char *name)
{
    size_t length = strlen(vm);
    return length > 0 && strncasecmp(name, vm, length) == 0 &&
           (name[length] == '\0' ||
            (name[length] == '.' && strcasecmp(name + length + 1, gateway->dhcp.domain) == 0));
}

static bool on_is_vm(void *data, const char *name, struct aq_ip *address)
{
    const struct aq_gateway *gateway = data;
    if (gateway->dhcp.domain[0] == '\0')
        return false;
    *address = gateway->judge.card.address;
    if (is_called(gateway, gateway->dhcp.hostname, name))
        return true;
    for (unsigned i = 0; i < gateway->peers.count; i++)
        if (is_called(gateway, gateway->peers.peers[i].name, name)) {
            *address = gateway->peers.peers[i].address;
            return true;
        }
    return false;
}

static bool on_is_own(void *data, const struct aq_ip *address)
{
    (void)data;
    return aq_is_own(address);
}

void aq_gateway_open(struct aq_gateway *gateway, int fd, const struct aq_guest_card *card)
{
    const struct aq_nat_user user = {on_nat_send, on_may_wait, on_may_accept, gateway};
    gateway->link.fd = fd;
    gateway->policy.is_own = on_is_own;
    gateway->judge = (struct aq_judge){.card = *card,
                                       .policy = &gateway->policy,
                                       .ingress = &gateway->ingress,
                                       .asked = &gateway->asked,
                                       .peers = &gateway->peers};
    gateway->dhcp.card = *card;
    uint64_t seeds[3];
    if (getrandom(seeds, sizeof seeds, 0) != sizeof seeds)
        aq_panic("there are no random numbers");
    gateway->ingress.seed = seeds[0];
    gateway->asked.seed = seeds[1];
    gateway->streams.flows.seed = seeds[2];
    gateway->resolver.policy = &gateway->policy;
    gateway->resolver.answer = on_dns_answer;
    gateway->resolver.is_vm = on_is_vm;
    gateway->resolver.domain = gateway->dhcp.domain;
    gateway->resolver.data = gateway;
    aq_resolver_init(&gateway->resolver);
    aq_sockets_guard(&gateway->policy, &gateway->nameserver);
    gateway->nat = aq_nat_open(&card->address, &user);
    gateway->forwards.nat = gateway->nat;
    gateway->forwards.guest = card->address;
    gateway->forwards.ask = on_ask;
    gateway->forwards.data = gateway;
    aq_forwards_guest_begins(&gateway->forwards, gateway->now_ms);
}

void aq_gateway_close(struct aq_gateway *gateway)
{
    aq_nat_close(gateway->nat);
    close(gateway->link.fd);
}

/* Rules may have a VM's name in both its forms. */
static void learn_peer(struct aq_gateway *gateway, const struct aq_peer *peer)
{
    char whole[sizeof peer->name + sizeof gateway->dhcp.domain + 1];
    snprintf(whole, sizeof whole, "%s.%s", peer->name, gateway->dhcp.domain);
    aq_resolver_learn(&gateway->resolver, peer->name, &peer->address);
    aq_resolver_learn(&gateway->resolver, whole, &peer->address);
}

bool aq_gateway_add_peer(struct aq_gateway *gateway, const char *name, const struct aq_ip *address, int cable)
{
    if (!aq_peers_add(&gateway->peers, name, address, cable))
        return false;
    aq_names_forget(&gateway->policy.names, address);
    learn_peer(gateway, &gateway->peers.peers[gateway->peers.count - 1]);
    return true;
}

void aq_gateway_set_rules(struct aq_gateway *gateway, const struct aq_egress *egress)
{
    gateway->policy.egress = *egress;
    for (unsigned i = 0; i < gateway->peers.count; i++)
        learn_peer(gateway, &gateway->peers.peers[i]);
    end_forbidden(gateway);
    aq_resolver_learn_names(&gateway->resolver, gateway->now_ms);
}

void aq_gateway_set_nameservers(struct aq_gateway *gateway, const struct aq_endpoint *servers, unsigned count)
{
    gateway->resolver.server_count = count;
    memcpy(gateway->resolver.servers, servers, count * sizeof *servers);
    gateway->resolver.preferred = 0;
    gateway->nameserver = count > 0 ? servers[0] : (struct aq_endpoint){0};
}

void aq_gateway_ask_port(struct aq_gateway *gateway, uint16_t port)
{
    on_ask(gateway, port, NULL);
}

void aq_gateway_ask_network(struct aq_gateway *gateway)
{
    ask_from(gateway, &AQ_NET4_BEYOND, AQ_GATE_PORT, NULL);
}

void aq_gateway_fill(struct aq_gateway *gateway, struct aq_polls *polls, int64_t now_ms)
{
    gateway->now_ms = now_ms;
    aq_forwards_tick(&gateway->forwards, polls, now_ms);
    aq_link_flush(&gateway->link);
    gateway->paused = aq_link_is_full(&gateway->link);
    gateway->link_place =
        aq_polls_add(polls, gateway->link.fd, gateway->link.count > 0 ? POLLIN | POLLOUT : POLLIN);
    aq_resolver_fill(&gateway->resolver, polls);
    if (!gateway->paused)
        aq_peers_fill(&gateway->peers, polls);
    if (gateway->advert_at_ms != 0)
        aq_polls_call_at(polls, gateway->advert_at_ms);
    if (!gateway->paused)
        aq_nat_fill(gateway->nat, polls, now_ms);
}

static void serve_guest(struct aq_gateway *gateway)
{
    size_t lengths[AQ_LINK_BATCH];
    for (unsigned batch = 0; batch < BATCHES_A_TURN; batch++) {
        unsigned count = aq_link_receive(&gateway->link, lengths);
        for (unsigned i = 0; i < count; i++)
            serve_frame(gateway, gateway->link.input[i], lengths[i]);
        if (count < AQ_LINK_BATCH)
            break;
    }
}

bool aq_gateway_serve(struct aq_gateway *gateway, const struct aq_polls *polls, int64_t now_ms)
{
    gateway->now_ms = now_ms;
    /* libslirp first: it looks at its clock there, by which it judges the age of what comes next. */
    if (gateway->paused)
        aq_nat_pause(gateway->nat);
    else
        aq_nat_serve(gateway->nat, polls);
    end_streams(gateway);
    aq_resolver_serve(&gateway->resolver, polls, now_ms);
    if (gateway->names_judged != gateway->policy.names.added)
        end_forbidden(gateway);
    if (gateway->advert_at_ms != 0 && gateway->advert_at_ms <= now_ms)
        advertise(gateway);
    if (!gateway->paused)
        hear_peers(gateway, polls);
    if (aq_polls_events(polls, gateway->link_place) != 0)
        serve_guest(gateway);
    aq_link_flush(&gateway->link);
    return !gateway->link.ended;
}
