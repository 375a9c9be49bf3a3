/* SPDX-License-Identifier: MIT */
/*
 * The cable to the guest's card: a SOCK_SEQPACKET pair whose other end is QEMU's, one message a frame. QEMU's
 * end of it closing is how its end is known.
 *
 * Frames to the guest are gathered and sent together. Of acknowledgements that wait, the latest of a
 * connection replaces the one before it: they say the same, and each costs as much as a frame of 64 KiB.
 */
#ifndef AQ_GATEWAY_LINK_H
#define AQ_GATEWAY_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/net.h"

#define AQ_LINK_BATCH 8
#define AQ_LINK_QUEUE (1 << 20)
#define AQ_LINK_FRAMES 512

struct aq_link {
    int fd; /* non-blocking */
    bool ended;
    unsigned char input[AQ_LINK_BATCH][AQ_FRAME_MAX + 2];
    /* Frames that wait, one after the other in `queue`. */
    unsigned char queue[AQ_LINK_QUEUE];
    struct {
        uint32_t start, length;
    } frames[AQ_LINK_FRAMES];
    unsigned first, count; /* of frames that wait */
    size_t used;           /* of queue */
    uint64_t lost;         /* frames for which there was no room */
};

/* Takes the frames that are there, at most a batch: how many; 0 for none, or (see ended) no more to come. The
   n-th is input[n], lengths[n] long. */
unsigned aq_link_receive(struct aq_link *link, size_t lengths[AQ_LINK_BATCH]);

/* Queues a frame. One for which there is no room is lost, as on any cable. */
void aq_link_send(struct aq_link *link, const unsigned char *frame, size_t length);

/* Sends what waits as far as QEMU takes it. */
void aq_link_flush(struct aq_link *link);

/* Does so much wait that what makes more of it should pause? */
bool aq_link_is_full(const struct aq_link *link);

#endif
