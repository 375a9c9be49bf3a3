/* SPDX-License-Identifier: MIT */
#include "gateway/link.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { SEND_BATCH = 32 };

/* A message of no bytes is what a guest may send as well as what the end looks like. */
static bool hung_up(int fd)
{
    struct pollfd look = {.fd = fd};
    return poll(&look, 1, 0) > 0 && (look.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

unsigned aq_link_receive(struct aq_link *link, size_t lengths[AQ_LINK_BATCH])
{
    struct iovec iov[AQ_LINK_BATCH];
    struct mmsghdr messages[AQ_LINK_BATCH] = {0};
    for (unsigned i = 0; i < AQ_LINK_BATCH; i++) {
        iov[i] = (struct iovec){link->input[i], sizeof link->input[i]};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
    }
    int got = recvmmsg(link->fd, messages, AQ_LINK_BATCH, MSG_DONTWAIT, NULL);
    if (got <= 0) {
        link->ended = link->ended || got == 0 || (errno != EAGAIN && errno != EINTR);
        return 0;
    }
    for (int i = 0; i < got; i++) {
        lengths[i] = messages[i].msg_len; /* what is longer than a frame can be fails as one: cut off */
        if (lengths[i] == 0 && hung_up(link->fd)) {
            link->ended = true;
            return (unsigned)i;
        }
    }
    return (unsigned)got;
}

/* A TCP segment over IPv4 that acknowledges and does nothing else. */
static bool is_pure_ack(const unsigned char *frame, size_t length)
{
    enum { PURE = AQ_ETHER_HEADER + AQ_IP4_HEADER + AQ_TCP_HEADER };
    return length >= PURE && frame[12] == 8 && frame[13] == 0 && frame[14] == 0x45 &&
           frame[AQ_ETHER_HEADER + 2] == 0 && frame[AQ_ETHER_HEADER + 3] == PURE - AQ_ETHER_HEADER &&
           frame[AQ_ETHER_HEADER + 9] == AQ_PROTOCOL_TCP && frame[PURE - 7] == AQ_TCP_ACK;
}

/* The same connection, and further on: an acknowledgement that is repeated tells of a loss. */
static bool overtakes(const unsigned char *later, const unsigned char *earlier)
{
    enum { ADDRESSES = AQ_ETHER_HEADER + 12, ACKNOWLEDGED = AQ_ETHER_HEADER + AQ_IP4_HEADER + 8 };
    return memcmp(later + ADDRESSES, earlier + ADDRESSES, 12) == 0 &&
           memcmp(later + ACKNOWLEDGED, earlier + ACKNOWLEDGED, 4) != 0;
}

void aq_link_send(struct aq_link *link, const unsigned char *frame, size_t length)
{
    if (link->count > 0) {
        unsigned last = link->first + link->count - 1;
        unsigned char *earlier = link->queue + link->frames[last].start;
        if (link->frames[last].length == length && is_pure_ack(frame, length) &&
            is_pure_ack(earlier, length) && overtakes(frame, earlier)) {
            memcpy(earlier, frame, length);
            return;
        }
    }
    if (link->first + link->count == AQ_LINK_FRAMES || length > AQ_LINK_QUEUE - link->used) {
        link->lost++;
        return;
    }
    unsigned next = link->first + link->count++;
    link->frames[next].start = (uint32_t)link->used;
    link->frames[next].length = (uint32_t)length;
    memcpy(link->queue + link->used, frame, length);
    link->used += length;
}

static int send_some(struct aq_link *link)
{
    struct iovec iov[SEND_BATCH];
    struct mmsghdr messages[SEND_BATCH] = {0};
    unsigned count = link->count < SEND_BATCH ? link->count : SEND_BATCH;
    for (unsigned i = 0; i < count; i++) {
        iov[i] = (struct iovec){link->queue + link->frames[link->first + i].start,
                                link->frames[link->first + i].length};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
    }
    return sendmmsg(link->fd, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void aq_link_flush(struct aq_link *link)
{
    while (link->count > 0) {
        int sent = send_some(link);
        if (sent <= 0) {
            link->ended = link->ended || (errno != EAGAIN && errno != EINTR && errno != ENOBUFS);
            return;
        }
        link->first += (unsigned)sent;
        link->count -= (unsigned)sent;
    }
    link->first = 0;
    link->used = 0;
}

bool aq_link_is_full(const struct aq_link *link)
{
    return link->used > AQ_LINK_QUEUE / 2 || link->first + link->count > AQ_LINK_FRAMES / 2;
}
