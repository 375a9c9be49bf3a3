/* SPDX-License-Identifier: MIT */
/*
 * The host's end of the helper's protocol (guest/wire.h): the session and the operations that run in it, many
 * at once. What the operations do is in guest/helper_operations.c.
 */
#ifndef AQ_GUEST_HELPER_SESSION_H
#define AQ_GUEST_HELPER_SESSION_H

#include "guest/channel_ops.h"
#include "guest/wire.h"

/* How long an ended operation may take to say so before the helper counts as dead. */
#define AQ_HELPER_GRACE_MS 10000

/* The longest answer to a question. */
#define AQ_HELPER_ANSWER_MAX 1024

struct aq_helper;
struct aq_helper_operation;

/* A question: a request that the guest answers with one frame. */
struct aq_helper_question {
    enum aq_wire_type type, answer_type;
    size_t answer_min; /* what the answer has at least, in bytes */
    const struct aq_buffer *request;
    unsigned char answer[AQ_HELPER_ANSWER_MAX];
    size_t answer_length;
};

/* What the kinds of operation do differently. */
struct aq_helper_kind {
    /* Queues the request; -1 if it cannot be. */
    int (*start)(struct aq_helper *helper, struct aq_helper_operation *operation, struct aq_error *err);
    /* Queues data as credit and room allow; may be NULL. -1: the host's side failed, the operation is given
     * up. */
    int (*send)(struct aq_helper *helper, struct aq_helper_operation *operation, struct aq_error *err);
    /* Queues what is to be said besides, if there is anything; may be NULL. -1: the operation is given up. */
    int (*tell)(struct aq_helper *helper, struct aq_helper_operation *operation, struct aq_error *err);
    /* Takes a frame that only this kind knows. -1 with GUEST_PROTOCOL: the guest is not to be trusted, the
       session is over; with anything else: the operation is given up. */
    int (*frame)(struct aq_helper *helper, struct aq_helper_operation *operation,
                 const struct aq_frame *frame, struct aq_error *err);
    enum aq_wire_type give_up;  /* the frame that ends it in the guest; 0: there is nothing to end */
    enum aq_error_code timeout; /* what passing its deadline is called */
};

/* One operation; the caller fills in kind, deadline and what the kind needs. */
struct aq_helper_operation {
    const struct aq_helper_kind *kind;
    aq_deadline deadline;
    const struct aq_guest_exec *exec;
    struct aq_guest_exit *exit;
    const struct aq_guest_put *put;
    const struct aq_guest_get *get;
    struct aq_guest_file *file;
    struct aq_helper_question *question;

    struct aq_error error; /* what came of it: code AQ_OK if it went well */
    /* From here on the session's own. */
    uint16_t channel;
    bool done;
    bool given_up; /* it has been told to end; error holds why */
    uint32_t may_send;
    uint32_t may_receive;
    uint32_t dealt_with; /* received, for which no credit has been given yet */
    uint64_t position;   /* sent or received so far */
    uint32_t crc;
    bool all_sent;
};

struct aq_helper {
    struct aq_channel base;
    bool greeted; /* in a session */
    uint64_t nonce;
    aq_deadline say_hello_at;
    unsigned hellos;
    aq_deadline heard_at;
    aq_deadline pinged_at; /* 0: no answer is awaited */
    int64_t ping_after_ms; /* of silence */
    int64_t patience_ms;   /* how long the answer to a ping may take */
    uint16_t last_channel;
    struct aq_helper_operation *operations; /* the ones of the present call */
    unsigned count;
    char build_id[AQ_WIRE_HELLO_MAX];
    char runner_path[AQ_WIRE_HELLO_MAX];
    struct aq_wire_queue queue;
    struct aq_wire_parser parser;
};

/* A channel of this kind that has not said anything yet; it owns the port from then on. */
struct aq_helper *aq_helper_new(const struct aq_channel_port *port);

/* Queues a greeting without the zeros, which is not repeated: for a helper of which it is known that it is
   there, between two frames. */
void aq_helper_greet_once(struct aq_helper *helper);

/* The greeting, as aq_channel_ops has it. */
int aq_helper_greet(struct aq_channel *channel, struct aq_error *err);
short aq_helper_greet_events(const struct aq_channel *channel);

/* Runs up to AQ_WIRE_CHANNELS operations at once to their ends; each one's own error says what came of it. -1
   when the session broke or the wait was interrupted: then those that were not done have that error too. */
int aq_helper_run(struct aq_helper *helper, struct aq_helper_operation *operations, unsigned count,
                  struct aq_error *err);

/* Leaves the session: the next operation starts a new one, which ends in the guest what may still run there.
 */
void aq_helper_leave(struct aq_helper *helper);

/* Sends what is queued, as much as can be now. */
int aq_helper_flush(struct aq_helper *helper, struct aq_error *err);

/* Reads once: 1 something came, 0 nothing. */
int aq_helper_fill(struct aq_helper *helper, struct aq_error *err);

/* Takes what has come, a bounded amount of it, so that sending gets its turn. -1: the session is over. */
int aq_helper_take_input(struct aq_helper *helper, struct aq_error *err);

/* Queues a whole request in as many frames as it needs; LIMIT_EXCEEDED beyond AQ_WIRE_REQUEST_MAX. `flags`
   are those of its frames, besides AQ_WIRE_MORE. */
int aq_helper_request(struct aq_helper *helper, const struct aq_helper_operation *operation,
                      enum aq_wire_type type, unsigned flags, const struct aq_buffer *request,
                      struct aq_error *err);

/* The ping is answered on channel 0: it is known by the value that it carries, its operation's position. */
extern const struct aq_helper_kind aq_helper_ping_kind;
extern const struct aq_helper_kind aq_helper_exec_kind;
extern const struct aq_helper_kind aq_helper_put_kind;
extern const struct aq_helper_kind aq_helper_get_kind;
extern const struct aq_helper_kind aq_helper_sync_kind;
extern const struct aq_helper_kind aq_helper_ask_kind;

#endif
