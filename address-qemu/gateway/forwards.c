/* SPDX-License-Identifier: MIT */
#include "gateway/forwards.h"

#include <unistd.h>

#include "gateway/sockets.h"

enum {
    ASK_EVERY_MS = 150,
    PATIENCE_MS = 180000, /* what a guest is given to come up: as vm/guest.h has it */
};

bool aq_forwards_add(struct aq_forwards *forwards, bool udp, const struct aq_endpoint *host,
                     uint16_t guest_port, int fd)
{
    const struct aq_endpoint guest = {forwards->guest, guest_port};
    if (forwards->count == AQ_FORWARDS_MAX || !aq_nat_forward(forwards->nat, udp, fd, host, &guest)) {
        close(fd);
        return false;
    }
    forwards->ports[forwards->count++] =
        (struct aq_forward_port){.udp = udp, .host = *host, .guest_port = guest_port, .fd = fd};
    return true;
}

bool aq_forwards_remove(struct aq_forwards *forwards, bool udp, const struct aq_endpoint *host)
{
    for (unsigned i = 0; i < forwards->count; i++) {
        const struct aq_forward_port *port = &forwards->ports[i];
        if (port->udp != udp || port->host.port != host->port || !aq_ip_equal(&port->host.ip, &host->ip))
            continue;
        aq_nat_unforward(forwards->nat, udp, host);
        forwards->ports[i] = forwards->ports[--forwards->count];
        return true;
    }
    return false;
}

bool aq_forwards_lead_to(const struct aq_forwards *forwards, uint8_t protocol, uint16_t guest_port)
{
    for (unsigned i = 0; i < forwards->count; i++)
        if (forwards->ports[i].guest_port == guest_port &&
            protocol == (forwards->ports[i].udp ? AQ_PROTOCOL_UDP : AQ_PROTOCOL_TCP))
            return true;
    return false;
}

void aq_forwards_guest_begins(struct aq_forwards *forwards, int64_t now_ms)
{
    forwards->patient_until_ms = now_ms + PATIENCE_MS;
    for (unsigned i = 0; i < forwards->count; i++)
        if (forwards->ports[i].gate == AQ_GATE_OPEN)
            forwards->ports[i].gate = AQ_GATE_IDLE;
}

/* A port that stays closed beyond all patience is closed for good: clients are let in, and turned away. */
void aq_forwards_answered(struct aq_forwards *forwards, const struct aq_packet *packet, int64_t now_ms)
{
    enum { SYN_ACK = AQ_TCP_SYN | AQ_TCP_ACK };
    bool open = (packet->flags & (SYN_ACK | AQ_TCP_RST)) == SYN_ACK;
    if (open)
        forwards->ask(forwards->data, packet->source_port, packet);
    for (unsigned i = 0; i < forwards->count; i++) {
        struct aq_forward_port *port = &forwards->ports[i];
        if (!port->udp && port->guest_port == packet->source_port && port->gate == AQ_GATE_ASKING &&
            (open || now_ms > forwards->patient_until_ms))
            port->gate = AQ_GATE_OPEN;
    }
}

void aq_forwards_tick(struct aq_forwards *forwards, struct aq_polls *polls, int64_t now_ms)
{
    for (unsigned i = 0; i < forwards->count; i++) {
        struct aq_forward_port *port = &forwards->ports[i];
        if (port->gate != AQ_GATE_ASKING)
            continue;
        if (port->ask_at_ms <= now_ms) {
            forwards->ask(forwards->data, port->guest_port, NULL);
            port->ask_at_ms = now_ms + ASK_EVERY_MS;
        }
        aq_polls_call_at(polls, port->ask_at_ms);
    }
}

static struct aq_forward_port *find(const struct aq_forwards *forwards, int fd)
{
    for (unsigned i = 0; i < forwards->count; i++)
        if (forwards->ports[i].fd == fd)
            return (struct aq_forward_port *)&forwards->ports[i];
    return NULL;
}

bool aq_forwards_may_wait(const struct aq_forwards *forwards, int fd)
{
    const struct aq_forward_port *port = find(forwards, fd);
    return port != NULL && port->gate != AQ_GATE_ASKING && aq_sockets_open() < AQ_SOCKETS_MAX;
}

bool aq_forwards_may_accept(struct aq_forwards *forwards, int fd, int64_t now_ms)
{
    struct aq_forward_port *port = find(forwards, fd);
    if (port == NULL || port->gate == AQ_GATE_OPEN)
        return port != NULL;
    port->gate = AQ_GATE_ASKING;
    port->ask_at_ms = now_ms;
    return false;
}
