/* SPDX-License-Identifier: MIT */
#include "guest/helper_session.h"

#include <errno.h>
#include <string.h>

/* Room in the queue that data leaves to control frames. */
#define CONTROL_ROOM (128 * 1024)
#define CREDIT_STEP 65536

static int fail_protocol(struct aq_error *err, const char *what)
{
    return aq_fail(err, AQ_E_GUEST_PROTOCOL, "the guest's helper %s", what);
}

static bool has_room(const struct aq_helper *helper, size_t length)
{
    return aq_wire_queue_room(&helper->queue) >= CONTROL_ROOM + length;
}

int aq_helper_request(struct aq_helper *helper, const struct aq_helper_operation *operation,
                      enum aq_wire_type type, unsigned flags, const struct aq_buffer *request,
                      struct aq_error *err)
{
    size_t sent = 0;
    if (request->length > AQ_WIRE_REQUEST_MAX)
        return aq_fail(
            err, AQ_E_LIMIT_EXCEEDED,
            "a command for the guest, with its arguments and environment, is at most %d bytes long, not %zu",
            AQ_WIRE_REQUEST_MAX, request->length);
    do {
        size_t left = request->length - sent;
        size_t piece = left < AQ_WIRE_PAYLOAD_MAX ? left : AQ_WIRE_PAYLOAD_MAX;
        aq_wire_send(&helper->queue, type, flags | (piece < left ? AQ_WIRE_MORE : 0), operation->channel,
                     aq_buffer_text(request) + sent, piece);
        sent += piece;
    } while (sent < request->length);
    return 0;
}

/* Tells the guest to end it; it is done when the guest says so. */
static void give_up(struct aq_helper *helper, struct aq_helper_operation *operation,
                    const struct aq_error *why)
{
    operation->error = *why;
    operation->given_up = true;
    operation->deadline = aq_after_ms(AQ_HELPER_GRACE_MS);
    aq_wire_send(&helper->queue, operation->kind->give_up, 0, operation->channel, NULL, 0);
}

static uint16_t next_channel(struct aq_helper *helper)
{
    helper->last_channel++;
    if (helper->last_channel == 0)
        helper->last_channel = 1;
    return helper->last_channel;
}

static void start_operation(struct aq_helper *helper, struct aq_helper_operation *operation)
{
    operation->channel = next_channel(helper);
    operation->may_send = operation->may_receive = AQ_WIRE_WINDOW;
    if (operation->kind->start(helper, operation, &operation->error) < 0)
        operation->done = true;
}

/* Starts and feeds what can be. */
static void send_all(struct aq_helper *helper)
{
    for (unsigned i = 0; i < helper->count; i++) {
        struct aq_helper_operation *operation = &helper->operations[i];
        struct aq_error problem = {0};
        if (!operation->done && operation->channel == 0 && has_room(helper, 2 * AQ_WIRE_REQUEST_MAX))
            start_operation(helper, operation);
        while (!operation->done && !operation->given_up && operation->channel != 0 &&
               operation->kind->send != NULL && !operation->all_sent && operation->may_send > 0 &&
               has_room(helper, AQ_WIRE_HEADER + AQ_WIRE_PAYLOAD_MAX))
            if (operation->kind->send(helper, operation, &problem) < 0)
                give_up(helper, operation, &problem);
        if (operation->kind->tell != NULL && operation->channel != 0 && !operation->done &&
            !operation->given_up && operation->kind->tell(helper, operation, &problem) < 0)
            give_up(helper, operation, &problem);
    }
}

static int check_deadline(struct aq_helper *helper, struct aq_helper_operation *operation,
                          struct aq_error *err)
{
    struct aq_error late = {0};
    if (operation->done || aq_ms_left(operation->deadline) > 0)
        return 0;
    if (operation->given_up)
        return aq_fail(err, AQ_E_AGENT_DEAD, "the guest's helper does not end what it was told to end");
    aq_fail(&late, operation->kind->timeout, "%s",
            operation->kind->timeout == AQ_E_COMMAND_TIMEOUT
                ? "the command in the guest took longer than its timeout and was ended, its children too"
                : "the guest did not finish within the timeout");
    if (operation->channel != 0 && operation->kind->give_up != 0) {
        give_up(helper, operation, &late);
        return 0;
    }
    operation->error = late;
    operation->done = true;
    return 0;
}

/* A killed helper gives no hang-up: silence is asked about, and ends the session if it goes on. */
static int check_liveness(struct aq_helper *helper, struct aq_error *err)
{
    int64_t now = aq_now();
    if (helper->pinged_at != 0 && now - helper->pinged_at > helper->patience_ms * 1000000LL)
        return aq_fail(err, AQ_E_AGENT_DEAD, "the guest's helper has stopped answering");
    if (helper->pinged_at == 0 && now - helper->heard_at > helper->ping_after_ms * 1000000LL) {
        helper->pinged_at = now;
        aq_wire_send(&helper->queue, AQ_WIRE_PING, 0, 0, NULL, 0);
    }
    return 0;
}

static struct aq_helper_operation *find_operation(struct aq_helper *helper, unsigned channel)
{
    for (unsigned i = 0; i < helper->count; i++)
        if (helper->operations[i].channel == channel && !helper->operations[i].done)
            return &helper->operations[i];
    return NULL;
}

/* What the guest's errno means here. */
static void take_error(struct aq_helper_operation *operation, const struct aq_frame *frame)
{
    char text[256];
    unsigned number = aq_wire_get32(frame->payload);
    operation->done = true;
    if (operation->given_up)
        return;
    aq_guest_printable((const char *)frame->payload + 4, frame->length - 4, text);
    enum aq_error_code code = number == ENOENT || number == ENOTDIR ? AQ_E_GUEST_FILE_NOT_FOUND
                              : number == EBADMSG                   ? AQ_E_TRANSFER_CORRUPT
                                                                    : AQ_E_GUEST_REFUSED;
    const char *object = operation->put != NULL        ? operation->put->path
                         : operation->get != NULL      ? operation->get->path
                         : operation->exec != NULL     ? operation->exec->argv[0]
                         : operation->question != NULL ? "the helper"
                                                       : "sync";
    const char *reason = number < 134 ? strerrordesc_np((int)number) : NULL;
    aq_fail(&operation->error, code, "in the guest: %s: %s: %s", object, text,
            reason != NULL ? reason : "unknown error");
}

static int give_credit(struct aq_helper *helper, struct aq_helper_operation *operation, struct aq_error *err)
{
    unsigned char payload[4];
    if (operation->done || operation->dealt_with < CREDIT_STEP)
        return 0;
    aq_wire_put32(payload, operation->dealt_with);
    if (!aq_wire_send(&helper->queue, AQ_WIRE_CREDIT, 0, operation->channel, payload, sizeof payload))
        return fail_protocol(err, "sends without end and reads nothing");
    operation->may_receive += operation->dealt_with;
    operation->dealt_with = 0;
    return 0;
}

static int take_operation_frame(struct aq_helper *helper, struct aq_helper_operation *operation,
                                const struct aq_frame *frame, struct aq_error *err)
{
    struct aq_error problem = {0};
    if (frame->type == AQ_WIRE_CREDIT) {
        if (frame->length != 4 || aq_wire_get32(frame->payload) > AQ_WIRE_WINDOW - operation->may_send)
            return fail_protocol(err, "gives more credit than there is");
        operation->may_send += aq_wire_get32(frame->payload);
        return 0;
    }
    if (frame->type == AQ_WIRE_ERROR) {
        if (frame->length < 5)
            return fail_protocol(err, "sends an error that cannot be read");
        take_error(operation, frame);
        return 0;
    }
    bool data = frame->type == AQ_WIRE_STDOUT || frame->type == AQ_WIRE_STDERR ||
                frame->type == AQ_WIRE_SIDE || frame->type == AQ_WIRE_DATA;
    if (data && frame->length > operation->may_receive)
        return fail_protocol(err, "sends more than it was given credit for");
    if (operation->kind->frame(helper, operation, frame, &problem) < 0) {
        if (problem.code == AQ_E_GUEST_PROTOCOL) {
            *err = problem;
            return -1;
        }
        if (!operation->given_up)
            give_up(helper, operation, &problem);
    }
    if (!data)
        return 0;
    operation->may_receive -= frame->length;
    operation->dealt_with += frame->length;
    return give_credit(helper, operation, err);
}

static void take_pong(struct aq_helper *helper, const struct aq_frame *frame)
{
    for (unsigned i = 0; i < helper->count; i++)
        if (helper->operations[i].kind == &aq_helper_ping_kind && frame->length == 8 &&
            aq_wire_get64(frame->payload) == helper->operations[i].position)
            helper->operations[i].done = true;
}

static int take_frame(struct aq_helper *helper, const struct aq_frame *frame, struct aq_error *err)
{
    /* Only whole frames are a sign of life: the answers to pings could fill a damaged one for minutes. */
    helper->heard_at = aq_now();
    helper->pinged_at = 0;
    if (frame->type == AQ_WIRE_HELLO_ANSWER) {
        if (frame->length >= 8 && aq_wire_get64(frame->payload) == 0)
            return fail_protocol(err,
                                 "has lost the session: it was restarted, or what reached it was damaged");
        return 0; /* a HELLO that was repeated has been answered again */
    }
    if (frame->type == AQ_WIRE_PONG) {
        take_pong(helper, frame);
        return 0;
    }
    struct aq_helper_operation *operation = find_operation(helper, frame->channel);
    if (operation == NULL || frame->channel == 0)
        return fail_protocol(err, "speaks of something that was not asked");
    return take_operation_frame(helper, operation, frame, err);
}

int aq_helper_take_input(struct aq_helper *helper, struct aq_error *err)
{
    for (int reads = 0; reads < 8;) {
        struct aq_frame frame;
        int taken = aq_wire_next(&helper->parser, &frame);
        if (taken < 0)
            return fail_protocol(err, "has sent something that is not a frame, or a damaged one");
        if (taken > 0) {
            if (take_frame(helper, &frame, err) < 0)
                return -1;
            continue;
        }
        int got = aq_helper_fill(helper, err);
        if (got <= 0)
            return got;
        reads++;
    }
    return 0;
}

/* When an operation has to be looked at, whatever comes or does not come. */
static aq_deadline next_look(const struct aq_helper_operation *operation)
{
    const struct aq_guest_side *side = operation->exec != NULL ? operation->exec->side : NULL;
    aq_deadline tick = side != NULL && side->tick_ms > 0 ? aq_after_ms(side->tick_ms) : AQ_FOREVER;
    return tick < operation->deadline ? tick : operation->deadline;
}

static bool all_done(const struct aq_helper *helper, aq_deadline *next)
{
    bool done = true;
    *next = aq_after_ms(helper->ping_after_ms < 1000 ? helper->ping_after_ms
                                                     : 1000); /* to see that the peer lives */
    for (unsigned i = 0; i < helper->count; i++) {
        if (helper->operations[i].done)
            continue;
        done = false;
        aq_deadline look = next_look(&helper->operations[i]);
        if (look < *next)
            *next = look;
    }
    return done;
}

static int run_once(struct aq_helper *helper, aq_deadline next, struct aq_error *err)
{
    for (unsigned i = 0; i < helper->count; i++)
        if (check_deadline(helper, &helper->operations[i], err) < 0)
            return -1;
    if (check_liveness(helper, err) < 0)
        return -1;
    send_all(helper);
    if (aq_helper_flush(helper, err) < 0)
        return -1;
    if (all_done(helper, &next))
        return 0;
    if (aq_wait_fd(helper->base.port.fd, aq_helper_greet_events(&helper->base), next, err) < 0)
        return -1;
    return aq_helper_take_input(helper, err);
}

/* For a transfer, a protocol that was not kept means that the file is not what was sent. */
static void fail_operation(struct aq_helper_operation *operation, const struct aq_error *why)
{
    operation->error = *why;
    if (why->code == AQ_E_GUEST_PROTOCOL && (operation->put != NULL || operation->get != NULL))
        operation->error.code = AQ_E_TRANSFER_CORRUPT;
}

/* The session has failed, or the wait was interrupted: whatever is not done ends here, and as far as the
   guest can still be told, there as well. */
static void break_off(struct aq_helper *helper, const struct aq_error *why)
{
    struct aq_error ignored = {0};
    for (unsigned i = 0; i < helper->count; i++) {
        struct aq_helper_operation *operation = &helper->operations[i];
        if (operation->done)
            continue;
        if (!operation->given_up && operation->channel != 0 && operation->kind->give_up != 0)
            aq_wire_send(&helper->queue, operation->kind->give_up, 0, operation->channel, NULL, 0);
        if (operation->error.code == AQ_OK)
            fail_operation(operation, why);
        operation->done = true;
    }
    aq_helper_flush(helper, &ignored);
    aq_helper_leave(helper);
}

int aq_helper_run(struct aq_helper *helper, struct aq_helper_operation *operations, unsigned count,
                  struct aq_error *err)
{
    struct aq_error problem = {0};
    aq_deadline next;
    int result = 0;
    helper->operations = operations;
    helper->count = count;
    helper->heard_at = aq_now();
    helper->pinged_at = 0;
    result = aq_helper_take_input(helper, &problem); /* what came with the greeting is not told of again */
    while (result == 0 && !all_done(helper, &next))
        result = run_once(helper, next, &problem);
    if (result < 0) {
        break_off(helper, &problem);
        *err = problem;
    }
    helper->operations = NULL;
    helper->count = 0;
    return result;
}
