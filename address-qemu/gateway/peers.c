/* SPDX-License-Identifier: MIT */
#include "gateway/peers.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool aq_peers_add(struct aq_peers *peers, const char *name, const struct aq_ip *address, int cable)
{
    for (unsigned i = 0; i < peers->count; i++)
        if (aq_ip_equal(&peers->peers[i].address, address)) {
            aq_peers_remove(peers, i);
            break;
        }
    if (peers->count == AQ_PEERS_MAX) {
        close(cable);
        return false;
    }
    struct aq_peer *peer = &peers->peers[peers->count++];
    *peer = (struct aq_peer){.address = *address, .cable = cable, .place = -1};
    snprintf(peer->name, sizeof peer->name, "%s", name);
    return true;
}

void aq_peers_remove(struct aq_peers *peers, unsigned place)
{
    close(peers->peers[place].cable);
    peers->peers[place] = peers->peers[--peers->count];
}

const struct aq_peer *aq_peers_at(const struct aq_peers *peers, const struct aq_ip *address)
{
    for (unsigned i = 0; i < peers->count; i++)
        if (aq_ip_equal(&peers->peers[i].address, address))
            return &peers->peers[i];
    return NULL;
}

void aq_peers_card(const struct aq_ip *address, unsigned char mac[AQ_MAC_SIZE])
{
    memcpy(mac, aq_net_mac, 2);
    memcpy(mac + 2, address->bytes + 12, 4);
}

void aq_peers_fill(struct aq_peers *peers, struct aq_polls *polls)
{
    for (unsigned i = 0; i < peers->count; i++)
        peers->peers[i].place = aq_polls_add(polls, peers->peers[i].cable, POLLIN);
}
