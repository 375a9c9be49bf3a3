/* SPDX-License-Identifier: MIT */
#include "guest/server/session.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guest/server/freeze.h"
#include "guest/server/fs_freeze.h"
#include "guest/server/identity.h"
#include "guest/server/repair.h"
#include "guest/server/server.h"
#include "guest/server/standstill.h"

#define QUEUE_SIZE (512 * 1024)
#define ANSWER_MAX 2048 /* what one frame from the host can make us say, at most */
#define READS_A_TURN 4  /* so that a flood of input does not hold the commands up */
#define ERROR_TEXT_MAX 512

/* What is said to a host that would stop a machine that is none. */
#define NO_MACHINE "this is no port of a virtual machine"

int64_t aq_server_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool aq_session_has_room(const struct aq_session *session, size_t length)
{
    return aq_wire_queue_room(&session->queue) >= AQ_CONTROL_ROOM + AQ_WIRE_HEADER + length;
}

static void send_frame(struct aq_session *session, enum aq_wire_type type, unsigned channel,
                       const void *payload, size_t length)
{
    aq_wire_send(&session->queue, type, 0, channel, payload, length);
}

void aq_session_credit(struct aq_session *session, struct aq_operation *operation, uint32_t bytes)
{
    unsigned char payload[4];
    aq_wire_put32(payload, bytes);
    operation->may_receive += bytes;
    send_frame(session, AQ_WIRE_CREDIT, operation->channel, payload, sizeof payload);
}

void aq_operation_exit(struct aq_session *session, struct aq_operation *operation, unsigned code,
                       unsigned signal)
{
    unsigned char payload[8];
    aq_wire_put32(payload, code);
    aq_wire_put32(payload + 4, signal);
    send_frame(session, AQ_WIRE_EXIT, operation->channel, payload, sizeof payload);
    operation->finished = true;
}

void aq_operation_done(struct aq_session *session, struct aq_operation *operation, uint64_t size,
                       uint32_t crc, uint32_t mode)
{
    unsigned char payload[16];
    aq_wire_put64(payload, size);
    aq_wire_put32(payload + 8, crc);
    aq_wire_put32(payload + 12, mode);
    send_frame(session, AQ_WIRE_DONE, operation->channel, payload, sizeof payload);
    operation->finished = true;
}

static void send_error(struct aq_session *session, unsigned channel, int errnum, const char *what)
{
    unsigned char payload[4 + ERROR_TEXT_MAX];
    size_t length = strnlen(what, ERROR_TEXT_MAX - 1);
    aq_wire_put32(payload, (uint32_t)errnum);
    memcpy(payload + 4, what, length);
    payload[4 + length] = '\0';
    send_frame(session, AQ_WIRE_ERROR, channel, payload, 4 + length + 1);
}

void aq_operation_fail(struct aq_session *session, struct aq_operation *operation, int errnum,
                       const char *what)
{
    send_error(session, operation->channel, errnum, what);
    operation->finished = true;
}

static void release(struct aq_session *session, unsigned slot)
{
    struct aq_operation *operation = session->operations[slot];
    session->operations[slot] = NULL;
    operation->kind->release(operation);
}

/* Ends the session: what runs in it is ended, and only a HELLO is listened to. */
static void end_session(struct aq_session *session)
{
    for (unsigned i = 0; i < AQ_WIRE_CHANNELS; i++)
        if (session->operations[i] != NULL)
            release(session, i);
    aq_fs_freeze_end();
    session->queue.start = session->queue.end = 0;
    session->request_type = 0;
    session->parser.hunting = true;
}

/* Answers a HELLO, or announces this server with nonce 0. */
static void send_hello(struct aq_session *session, uint64_t nonce)
{
    unsigned char payload[AQ_WIRE_HELLO_MAX];
    const char *build_id = aq_identity_build_id();
    const char *path = aq_identity_path();
    size_t id_size = strlen(build_id) + 1;
    size_t path_size = strlen(path) + 1;
    aq_wire_put64(payload, nonce);
    aq_wire_put32(payload + 8, AQ_WIRE_VERSION);
    memcpy(payload + 12, build_id, id_size);
    memcpy(payload + 12 + id_size, path, path_size);
    send_frame(session, AQ_WIRE_HELLO_ANSWER, 0, payload, 12 + id_size + path_size);
}

/* Ends a session in which something was not as it should be, and says so: the host need not wait for it to
   time out. The zeros complete the frame that may be half sent. */
static void lose_session(struct aq_session *session)
{
    end_session(session);
    aq_wire_send_padding(&session->queue);
    send_hello(session, 0);
}

static bool start_session(struct aq_session *session, const struct aq_frame *frame)
{
    end_session(session);
    if (frame->length != 12 || aq_wire_get64(frame->payload) == 0)
        return true;
    session->parser.hunting = false;
    session->over = aq_identity_replaced();
    if (!session->over)
        send_hello(session, aq_wire_get64(frame->payload));
    return true;
}

static struct aq_operation **find_operation(struct aq_session *session, unsigned channel)
{
    for (unsigned i = 0; i < AQ_WIRE_CHANNELS; i++)
        if (session->operations[i] != NULL && session->operations[i]->channel == channel)
            return &session->operations[i];
    return NULL;
}

static struct aq_operation **find_free_slot(struct aq_session *session)
{
    for (unsigned i = 0; i < AQ_WIRE_CHANNELS; i++)
        if (session->operations[i] == NULL)
            return &session->operations[i];
    return NULL;
}

static struct aq_operation *start_kind(const struct aq_session *session, const char **what)
{
    if (session->request_type == AQ_WIRE_FSFREEZE && !session->port.device) {
        *what = NO_MACHINE;
        errno = EPERM;
        return NULL;
    }
    switch (session->request_type) {
    case AQ_WIRE_EXEC:
        return aq_command_start(session->request, session->request_length,
                                (session->request_flags & AQ_WIRE_WITH_SIDE) != 0, what);
    case AQ_WIRE_PUT:
        return aq_put_start(session->request, session->request_length, what);
    case AQ_WIRE_GET:
        return aq_get_start(session->request, session->request_length, what);
    case AQ_WIRE_FSFREEZE:
        return aq_fs_freeze_start(session->request, session->request_length, what);
    case AQ_WIRE_FSTHAW:
        return aq_fs_thaw_start(session->request, session->request_length, what);
    default:
        return aq_sync_start(session->request, session->request_length, what);
    }
}

/* What concerns the whole guest is done on the spot: true if the request was one of that kind. Only for a
   port of a virtual machine: nothing else is ours to be stopped and renamed. */
static bool answer_at_once(struct aq_session *session)
{
    unsigned char answer[AQ_STANDSTILL_ANSWER];
    enum aq_wire_type type = AQ_WIRE_ERROR;
    const char *what = NO_MACHINE;
    bool device = session->port.device;
    if (!aq_standstill_is(session->request_type))
        return false;
    errno = EPERM;
    ssize_t length = device ? aq_standstill(session, answer, &type, &what) : -1;
    if (length < 0)
        send_error(session, session->request_channel, errno, what);
    else
        send_frame(session, type, session->request_channel, answer, (size_t)length);
    session->thawed |= type == AQ_WIRE_THAWED && length >= 0;
    return true;
}

static void start_operation(struct aq_session *session)
{
    if (answer_at_once(session))
        return;
    struct aq_operation **slot = find_free_slot(session);
    const char *what = "too many operations at once";
    struct aq_operation *operation = NULL;
    errno = EAGAIN;
    if (slot != NULL)
        operation = start_kind(session, &what);
    if (operation == NULL) {
        send_error(session, session->request_channel, errno, what);
        return;
    }
    operation->channel = session->request_channel;
    operation->may_send = operation->may_receive = AQ_WIRE_WINDOW;
    operation->ready = true;
    *slot = operation;
}

/* Collects a request from its frames. */
static bool take_request(struct aq_session *session, const struct aq_frame *frame)
{
    if (session->request_type == 0) {
        if (frame->channel == 0 || find_operation(session, frame->channel) != NULL)
            return false;
        session->request_type = frame->type;
        session->request_flags = frame->flags;
        session->request_channel = frame->channel;
        session->request_length = 0;
    }
    if (frame->type != session->request_type || frame->channel != session->request_channel ||
        frame->length > AQ_WIRE_REQUEST_MAX - session->request_length)
        return false;
    memcpy(session->request + session->request_length, frame->payload, frame->length);
    session->request_length += frame->length;
    if (frame->flags & AQ_WIRE_MORE)
        return true;
    session->request[session->request_length] = '\0';
    start_operation(session);
    session->request_type = 0;
    return true;
}

static bool take_credit(struct aq_operation *operation, const struct aq_frame *frame)
{
    if (frame->length != 4)
        return false;
    uint32_t more = aq_wire_get32(frame->payload);
    if (more > AQ_WIRE_WINDOW - operation->may_send)
        return false;
    operation->may_send += more;
    operation->ready = true;
    return true;
}

static bool take_operation_frame(struct aq_session *session, const struct aq_frame *frame)
{
    struct aq_operation **slot = find_operation(session, frame->channel);
    if (slot == NULL || (*slot)->finished)
        return frame->channel != 0;
    struct aq_operation *operation = *slot;
    if (frame->type == AQ_WIRE_CREDIT)
        return take_credit(operation, frame);
    if (frame->type == AQ_WIRE_STDIN || frame->type == AQ_WIRE_DATA) {
        if (frame->length > operation->may_receive)
            return false;
        operation->may_receive -= frame->length;
    }
    operation->ready = true;
    return operation->kind->frame(session, operation, frame);
}

/* False: not allowed, the session is to be ended. */
static bool take_frame(struct aq_session *session, const struct aq_frame *frame)
{
    if (frame->type == AQ_WIRE_HELLO)
        return start_session(session, frame);
    if (session->request_type != 0 && frame->type != session->request_type)
        return false;
    switch (frame->type) {
    case AQ_WIRE_PING:
        if (frame->channel != 0 || frame->length > 64)
            return false;
        send_frame(session, AQ_WIRE_PONG, 0, frame->payload, frame->length);
        return true;
    case AQ_WIRE_EXEC:
    case AQ_WIRE_PUT:
    case AQ_WIRE_GET:
    case AQ_WIRE_SYNC:
    case AQ_WIRE_FSFREEZE:
    case AQ_WIRE_FSTHAW:
    case AQ_WIRE_FREEZE:
    case AQ_WIRE_REPAIR:
    case AQ_WIRE_THAW:
    case AQ_WIRE_CLOCK:
        return take_request(session, frame);
    case AQ_WIRE_CREDIT:
    case AQ_WIRE_STDIN:
    case AQ_WIRE_KILL:
    case AQ_WIRE_SIDE:
    case AQ_WIRE_DATA:
    case AQ_WIRE_DONE:
    case AQ_WIRE_CANCEL:
        return take_operation_frame(session, frame);
    default:
        return false;
    }
}

/* Reads once: false if there is nothing more now. */
static bool fill(struct aq_session *session)
{
    size_t room;
    size_t length;
    unsigned char *to = aq_wire_room(&session->parser, &room);
    if (!session->port.readable)
        return false;
    switch (aq_port_read(&session->port, to, room, &length)) {
    case AQ_PORT_DATA:
        session->parser.end += length;
        return true;
    case AQ_PORT_NOTHING:
        return false;
    case AQ_PORT_GONE:
        session->over = true;
        break;
    case AQ_PORT_HANG_UP:
        break;
    }
    session->parser.start = session->parser.end = 0;
    end_session(session);
    return false;
}

static void take_input(struct aq_session *session)
{
    int reads = 0;
    session->input_waits = true;
    while (!session->over && aq_wire_queue_room(&session->queue) >= ANSWER_MAX) {
        struct aq_frame frame;
        int taken = aq_wire_next(&session->parser, &frame);
        if (taken < 0 || (taken > 0 && !take_frame(session, &frame))) {
            lose_session(session);
        } else if (taken == 0 && (reads++ == READS_A_TURN || !fill(session))) {
            session->input_waits = false;
            return;
        }
    }
}

static void pump_all(struct aq_session *session)
{
    for (unsigned i = 0; i < AQ_WIRE_CHANNELS; i++) {
        unsigned slot = (session->next_turn + i) % AQ_WIRE_CHANNELS;
        struct aq_operation *operation = session->operations[slot];
        if (operation == NULL || aq_wire_queue_room(&session->queue) < ANSWER_MAX)
            continue;
        if (operation->wake_at != 0 && operation->wake_at <= aq_server_now_ms())
            operation->ready = true;
        if (operation->ready && !operation->finished) {
            operation->ready = false;
            operation->kind->pump(session, operation);
        }
        if (operation->finished)
            release(session, slot);
    }
    session->next_turn++;
}

static void flush(struct aq_session *session)
{
    struct aq_wire_queue *queue = &session->queue;
    while (session->port.writable && queue->start < queue->end)
        queue->start += aq_port_write(&session->port, queue->bytes + queue->start, queue->end - queue->start);
    if (queue->start < queue->end)
        return;
    queue->start = queue->end = 0;
    if (session->thawed) { /* the host waits no longer, so now is the time */
        aq_freeze_over();
        aq_repair_keep();
    }
    session->thawed = false;
}

/* Is there something to do without waiting? Ready operations count only while their data has room to go to.
 */
static bool busy(const struct aq_session *session)
{
    bool answers_fit = aq_wire_queue_room(&session->queue) >= ANSWER_MAX;
    if (answers_fit && (session->port.readable || session->input_waits))
        return true;
    for (unsigned i = 0; i < AQ_WIRE_CHANNELS && answers_fit; i++)
        if (session->operations[i] != NULL && session->operations[i]->ready)
            return true;
    return false;
}

static int wait_milliseconds(const struct aq_session *session)
{
    int64_t next = aq_freeze_ends_at() != 0 ? aq_freeze_ends_at() : INT64_MAX;
    if (busy(session))
        return 0;
    for (unsigned i = 0; i < AQ_WIRE_CHANNELS; i++)
        if (session->operations[i] != NULL && session->operations[i]->wake_at != 0 &&
            session->operations[i]->wake_at < next)
            next = session->operations[i]->wake_at;
    if (next == INT64_MAX)
        return -1;
    int64_t left = next - aq_server_now_ms();
    return left < 0 ? 0 : (int)left;
}

static void wait_for_events(struct aq_session *session)
{
    struct pollfd polls[AQ_POLLS_MAX];
    unsigned owners[AQ_POLLS_MAX];
    unsigned count = 1;
    polls[0] = (struct pollfd){.fd = session->port.events, .events = POLLIN};
    for (unsigned i = 0; i < AQ_WIRE_CHANNELS; i++) {
        if (session->operations[i] == NULL)
            continue;
        unsigned more = session->operations[i]->kind->polls(session, session->operations[i], polls + count);
        for (unsigned j = 0; j < more; j++)
            owners[count + j] = i;
        count += more;
    }
    if (poll(polls, count, wait_milliseconds(session)) < 0)
        return;
    if (polls[0].revents != 0)
        aq_port_update(&session->port);
    for (unsigned i = 1; i < count; i++)
        if (polls[i].revents != 0)
            session->operations[owners[i]]->ready = true;
}

void aq_guest_serve_port(int fd)
{
    struct aq_session *session = calloc(1, sizeof *session);
    unsigned char *queue = malloc(QUEUE_SIZE);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN); /* the kernel reaps: what became of a command comes through a pipe */
    if (session == NULL || queue == NULL || !aq_port_open(&session->port, fd))
        goto out;
    session->queue = (struct aq_wire_queue){.bytes = queue, .size = QUEUE_SIZE};
    session->parser.hunting = true;
    send_hello(session, 0);
    while (!session->over) {
        flush(session);
        wait_for_events(session);
        aq_freeze_tick();
        take_input(session);
        pump_all(session);
    }
    end_session(session);
    aq_port_close(&session->port);
out:
    free(queue);
    free(session);
}
