/* SPDX-License-Identifier: MIT */
/*
 * One port's session with a host, and the operations in it. One process, one thread: a poll() over the port
 * and the pipes of the running commands. All that is kept in memory has a fixed limit.
 */
#ifndef AQ_GUEST_SERVER_SESSION_H
#define AQ_GUEST_SERVER_SESSION_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "guest/server/port.h"
#include "guest/wire.h"

/* Room in the queue that data leaves to answers. */
#define AQ_CONTROL_ROOM 65536
#define AQ_POLLS_MAX (1 + 5 * AQ_WIRE_CHANNELS)

struct aq_session;
struct aq_operation;

/* What the kinds of operation do differently. */
struct aq_operation_kind {
    /* A frame from the host; false: it is not allowed here, which ends the session. */
    bool (*frame)(struct aq_session *session, struct aq_operation *operation, const struct aq_frame *frame);
    /* Moves what can be moved without waiting. */
    void (*pump)(struct aq_session *session, struct aq_operation *operation);
    /* Fills in what to wait for and returns how many (at most 5). */
    unsigned (*polls)(struct aq_session *session, struct aq_operation *operation, struct pollfd *polls);
    /* Ends what it still does in the guest, and frees it. */
    void (*release)(struct aq_operation *operation);
};

/* The first member of every operation. */
struct aq_operation {
    const struct aq_operation_kind *kind;
    uint16_t channel;
    bool finished;        /* the last frame of the channel is queued */
    bool ready;           /* something happened that it waits for, or it need not wait */
    uint32_t may_send;    /* credit that the host has given */
    uint32_t may_receive; /* credit that the host has left */
    int64_t wake_at;      /* CLOCK_MONOTONIC in ms at which to pump; 0: never */
};

struct aq_session {
    struct aq_port port;
    struct aq_wire_parser parser;
    struct aq_wire_queue queue;
    struct aq_operation *operations[AQ_WIRE_CHANNELS];
    unsigned char request[AQ_WIRE_REQUEST_MAX + 1]; /* the one that is being assembled */
    size_t request_length;
    uint8_t request_type;  /* 0: none */
    uint8_t request_flags; /* of its first frame */
    uint16_t request_channel;
    unsigned next_turn; /* whose turn it is to send first */
    bool input_waits;   /* frames have been read that wait for room in the queue */
    bool thawed;        /* what was repaired is to be kept, as soon as the host has the answer */
    bool over;          /* leave */
};

int64_t aq_server_now_ms(void);

/* Can `length` bytes of data be queued, leaving room for answers? */
bool aq_session_has_room(const struct aq_session *session, size_t length);

/* Gives the host credit for what has been dealt with. */
void aq_session_credit(struct aq_session *session, struct aq_operation *operation, uint32_t bytes);

/* The ways in which an operation ends. */
void aq_operation_exit(struct aq_session *session, struct aq_operation *operation, unsigned code,
                       unsigned signal);
void aq_operation_done(struct aq_session *session, struct aq_operation *operation, uint64_t size,
                       uint32_t crc, uint32_t mode);
void aq_operation_fail(struct aq_session *session, struct aq_operation *operation, int errnum,
                       const char *what);

/* Start an operation from its whole request (which is followed by a NUL): NULL with errno and *what. */
struct aq_operation *aq_command_start(const unsigned char *request, size_t length, bool with_side,
                                      const char **what);
struct aq_operation *aq_put_start(const unsigned char *request, size_t length, const char **what);
struct aq_operation *aq_get_start(const unsigned char *request, size_t length, const char **what);
struct aq_operation *aq_sync_start(const unsigned char *request, size_t length, const char **what);

#endif
