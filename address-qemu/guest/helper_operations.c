/* SPDX-License-Identifier: MIT */
/* What commands and transfers do in a session with the helper. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "guest/helper_session.h"
#include "guest/side.h"
#include "util/files.h"

static void add32(struct aq_buffer *request, uint32_t value)
{
    unsigned char bytes[4];
    aq_wire_put32(bytes, value);
    aq_buffer_add(request, bytes, sizeof bytes);
}

static void add_string(struct aq_buffer *request, const char *text)
{
    aq_buffer_add(request, text, strlen(text) + 1);
}

static uint32_t count_strings(const char *const *list)
{
    uint32_t count = 0;
    while (list != NULL && list[count] != NULL)
        count++;
    return count;
}

static int fail_unexpected(struct aq_error *err)
{
    return aq_fail(err, AQ_E_GUEST_PROTOCOL,
                   "the guest's helper has answered with something else than was asked");
}

static int send_done(struct aq_helper *helper, struct aq_helper_operation *operation, mode_t mode)
{
    unsigned char payload[16];
    aq_wire_put64(payload, operation->position);
    aq_wire_put32(payload + 8, operation->crc);
    aq_wire_put32(payload + 12, mode);
    aq_wire_send(&helper->queue, AQ_WIRE_DONE, 0, operation->channel, payload, sizeof payload);
    operation->all_sent = true;
    return 0;
}

/* --- ping --- */

static int start_ping(struct aq_helper *helper, struct aq_helper_operation *operation, struct aq_error *err)
{
    unsigned char payload[8];
    (void)err;
    operation->position = (uint64_t)aq_now();
    aq_wire_put64(payload, operation->position);
    aq_wire_send(&helper->queue, AQ_WIRE_PING, 0, 0, payload, sizeof payload);
    return 0;
}

static int ping_frame(struct aq_helper *helper, struct aq_helper_operation *operation,
                      const struct aq_frame *frame, struct aq_error *err)
{
    (void)helper;
    (void)operation;
    (void)frame;
    return fail_unexpected(err); /* its own answer comes on channel 0 */
}

const struct aq_helper_kind aq_helper_ping_kind = {
    .start = start_ping, .frame = ping_frame, .timeout = AQ_E_AGENT_DEAD};

/* --- exec --- */

static int start_exec(struct aq_helper *helper, struct aq_helper_operation *operation, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer request = {0};
    const struct aq_guest_exec *exec = operation->exec;
    add32(&request, count_strings(exec->argv));
    add32(&request, count_strings(exec->environment));
    add_string(&request, exec->working_dir == NULL ? "/" : exec->working_dir);
    for (uint32_t i = 0; exec->argv[i] != NULL; i++)
        add_string(&request, exec->argv[i]);
    for (uint32_t i = 0; i < count_strings(exec->environment); i++)
        add_string(&request, exec->environment[i]);
    return aq_helper_request(helper, operation, AQ_WIRE_EXEC, exec->side != NULL ? AQ_WIRE_WITH_SIDE : 0,
                             &request, err);
}

static int send_input(struct aq_helper *helper, struct aq_helper_operation *operation, struct aq_error *err)
{
    size_t room = operation->may_send < AQ_WIRE_PAYLOAD_MAX ? operation->may_send : AQ_WIRE_PAYLOAD_MAX;
    unsigned char *to = aq_wire_reserve(&helper->queue, room);
    ssize_t length = aq_guest_input(operation->exec, operation->position, to, room, err);
    if (length < 0)
        return -1;
    aq_wire_commit(&helper->queue, AQ_WIRE_STDIN, operation->channel, (size_t)length);
    operation->position += (uint64_t)length;
    operation->may_send -= (uint32_t)length;
    operation->all_sent = length == 0;
    return 0;
}

static int take_exit(struct aq_helper_operation *operation, const struct aq_frame *frame,
                     struct aq_error *err)
{
    uint32_t code = frame->length == 8 ? aq_wire_get32(frame->payload) : 256;
    uint32_t signal_number = frame->length == 8 ? aq_wire_get32(frame->payload + 4) : 0;
    if (code > 255 || signal_number > 127)
        return fail_unexpected(err);
    operation->exit->exit_code = (int)code;
    operation->exit->signal = (int)signal_number;
    operation->done = true;
    return 0;
}

static int take_side(const struct aq_guest_side *side, const struct aq_frame *frame, struct aq_error *err)
{
    if (frame->length > AQ_SIDE_MAX)
        return fail_unexpected(err);
    side->said(side->data, (const char *)frame->payload, frame->length);
    return 0;
}

static int tell_side(struct aq_helper *helper, struct aq_helper_operation *operation, struct aq_error *err)
{
    const struct aq_guest_side *side = operation->exec->side;
    if (side == NULL)
        return 0;
    aq_autobuffer struct aq_buffer line = {0};
    int result = side->tell(side->data, &line, err);
    if (result <= 0)
        return result;
    aq_wire_send(&helper->queue, AQ_WIRE_SIDE, 0, operation->channel, aq_buffer_text(&line),
                 line.length < AQ_SIDE_MAX ? line.length : AQ_SIDE_MAX);
    return 0;
}

static int exec_frame(struct aq_helper *helper, struct aq_helper_operation *operation,
                      const struct aq_frame *frame, struct aq_error *err)
{
    (void)helper;
    if (frame->type == AQ_WIRE_EXIT)
        return take_exit(operation, frame, err);
    if (frame->type == AQ_WIRE_SIDE && operation->exec->side != NULL)
        return take_side(operation->exec->side, frame, err);
    if (frame->type != AQ_WIRE_STDOUT && frame->type != AQ_WIRE_STDERR)
        return fail_unexpected(err);
    return aq_guest_output(operation->exec, operation->exit,
                           frame->type == AQ_WIRE_STDOUT ? AQ_STREAM_STDOUT : AQ_STREAM_STDERR,
                           (const char *)frame->payload, frame->length, err);
}

const struct aq_helper_kind aq_helper_exec_kind = {.start = start_exec,
                                                   .send = send_input,
                                                   .tell = tell_side,
                                                   .frame = exec_frame,
                                                   .give_up = AQ_WIRE_KILL,
                                                   .timeout = AQ_E_COMMAND_TIMEOUT};

/* --- put --- */

static int start_put(struct aq_helper *helper, struct aq_helper_operation *operation, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer request = {0};
    add32(&request, operation->put->mode);
    add32(&request, operation->put->make_folders);
    add_string(&request, operation->put->path);
    add_string(&request, operation->put->owner);
    return aq_helper_request(helper, operation, AQ_WIRE_PUT, 0, &request, err);
}

static int send_file(struct aq_helper *helper, struct aq_helper_operation *operation, struct aq_error *err)
{
    size_t room = operation->may_send < AQ_WIRE_PAYLOAD_MAX ? operation->may_send : AQ_WIRE_PAYLOAD_MAX;
    unsigned char *to = aq_wire_reserve(&helper->queue, room);
    ssize_t length = pread(operation->put->fd, to, room, (off_t)operation->position);
    if (length < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot read the file for %s", operation->put->path);
    if (length == 0)
        return send_done(helper, operation, operation->put->mode);
    operation->crc = aq_crc32(operation->crc, to, (size_t)length);
    operation->position += (uint64_t)length;
    operation->may_send -= (uint32_t)length;
    aq_wire_commit(&helper->queue, AQ_WIRE_DATA, operation->channel, (size_t)length);
    return 0;
}

static int put_frame(struct aq_helper *helper, struct aq_helper_operation *operation,
                     const struct aq_frame *frame, struct aq_error *err)
{
    (void)helper;
    if (frame->type != AQ_WIRE_DONE || frame->length != 16 || !operation->all_sent ||
        aq_wire_get64(frame->payload) != operation->position ||
        aq_wire_get32(frame->payload + 8) != operation->crc)
        return fail_unexpected(err);
    operation->error = (struct aq_error){0}; /* if it was given up just now, that came too late */
    if (operation->put->sent != NULL)
        *operation->put->sent = operation->position;
    operation->done = true;
    return 0;
}

const struct aq_helper_kind aq_helper_put_kind = {.start = start_put,
                                                  .send = send_file,
                                                  .frame = put_frame,
                                                  .give_up = AQ_WIRE_CANCEL,
                                                  .timeout = AQ_E_TIMEOUT};

/* --- get --- */

static int start_get(struct aq_helper *helper, struct aq_helper_operation *operation, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer request = {0};
    add_string(&request, operation->get->path);
    return aq_helper_request(helper, operation, AQ_WIRE_GET, 0, &request, err);
}

static int take_file_end(struct aq_helper_operation *operation, const struct aq_frame *frame,
                         struct aq_error *err)
{
    if (frame->length != 16)
        return fail_unexpected(err);
    operation->done = true;
    operation->file->size = operation->position;
    operation->file->mode = aq_wire_get32(frame->payload + 12) & 07777;
    if (!operation->given_up && (aq_wire_get64(frame->payload) != operation->position ||
                                 aq_wire_get32(frame->payload + 8) != operation->crc))
        aq_fail(&operation->error, AQ_E_TRANSFER_CORRUPT, "what arrived of %s is not what the guest has sent",
                operation->get->path);
    return 0;
}

static int get_frame(struct aq_helper *helper, struct aq_helper_operation *operation,
                     const struct aq_frame *frame, struct aq_error *err)
{
    (void)helper;
    if (frame->type == AQ_WIRE_DONE)
        return take_file_end(operation, frame, err);
    if (frame->type != AQ_WIRE_DATA)
        return fail_unexpected(err);
    if (operation->given_up)
        return 0;
    if (frame->length > operation->get->limit - operation->position)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "%s in the guest is larger than %llu bytes",
                       operation->get->path, (unsigned long long)operation->get->limit);
    if (aq_write_all(operation->get->fd, frame->payload, frame->length, err) < 0)
        return -1;
    operation->position += frame->length;
    operation->crc = aq_crc32(operation->crc, frame->payload, frame->length);
    return 0;
}

const struct aq_helper_kind aq_helper_get_kind = {
    .start = start_get, .frame = get_frame, .give_up = AQ_WIRE_CANCEL, .timeout = AQ_E_TIMEOUT};

/* --- sync --- */

static int start_sync(struct aq_helper *helper, struct aq_helper_operation *operation, struct aq_error *err)
{
    static const struct aq_buffer nothing;
    return aq_helper_request(helper, operation, AQ_WIRE_SYNC, 0, &nothing, err);
}

static int sync_frame(struct aq_helper *helper, struct aq_helper_operation *operation,
                      const struct aq_frame *frame, struct aq_error *err)
{
    (void)helper;
    if (frame->type != AQ_WIRE_DONE)
        return fail_unexpected(err);
    operation->done = true;
    return 0;
}

const struct aq_helper_kind aq_helper_sync_kind = {
    .start = start_sync, .frame = sync_frame, .give_up = AQ_WIRE_CANCEL, .timeout = AQ_E_TIMEOUT};

/* --- questions --- */

static int start_ask(struct aq_helper *helper, struct aq_helper_operation *operation, struct aq_error *err)
{
    return aq_helper_request(helper, operation, operation->question->type, 0, operation->question->request,
                             err);
}

static int ask_frame(struct aq_helper *helper, struct aq_helper_operation *operation,
                     const struct aq_frame *frame, struct aq_error *err)
{
    struct aq_helper_question *question = operation->question;
    (void)helper;
    if (frame->type != question->answer_type || frame->length < question->answer_min ||
        frame->length > sizeof question->answer)
        return fail_unexpected(err);
    memcpy(question->answer, frame->payload, frame->length);
    question->answer_length = frame->length;
    operation->done = true;
    return 0;
}

/* One whose time is over cannot be taken back: the session is given up with it. */
const struct aq_helper_kind aq_helper_ask_kind = {
    .start = start_ask, .frame = ask_frame, .timeout = AQ_E_TIMEOUT};
