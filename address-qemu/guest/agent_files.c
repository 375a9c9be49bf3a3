/* SPDX-License-Identifier: MIT */
#include "guest/agent_files.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "guest/agent_exec.h"
#include "guest/cksum.h"
#include "guest/shell_scripts.h"
#include "util/base64.h"
#include "util/files.h"
#include "util/json.h"
#include "util/random.h"

/* What measured best: larger pieces gain nothing. */
#define WRITE_SIZE (512 * 1024)
#define READ_SIZE (8 * 1024 * 1024)
#define CLOSE_MS 10000

/* Runs one of the scripts: any exit code but 0 is a failure. */
static int run_script(struct aq_agent *agent, const char *script, const char *const *arguments,
                      const char *path, struct aq_buffer *output, aq_deadline deadline, struct aq_error *err)
{
    int code = aq_agent_run_script(agent, script, arguments, output, deadline, err);
    return code > 0 ? aq_script_fail(code, path, aq_buffer_text(output), err) : code;
}

json_int_t aq_agent_open(struct aq_agent *agent, const char *path, const char *mode, aq_deadline deadline,
                         struct aq_error *err)
{
    aq_autojson json_t *handle =
        aq_agent_call(agent, "guest-file-open", json_pack("{s:s, s:s}", "path", path, "mode", mode),
                      AQ_AGENT_SMALL_ANSWER, deadline, err);
    if (handle == NULL)
        return -1;
    if (!json_is_integer(handle) || json_integer_value(handle) < 0)
        return aq_fail(err, AQ_E_GUEST_PROTOCOL, "the guest agent does not say what it has opened");
    return json_integer_value(handle);
}

void aq_agent_close(struct aq_agent *agent, json_int_t handle)
{
    struct aq_error ignored = {0};
    if (aq_must_end()) {
        aq_agent_send_blindly(agent, "guest-file-close", json_pack("{s:I}", "handle", handle));
        return;
    }
    json_decref(aq_agent_call(agent, "guest-file-close", json_pack("{s:I}", "handle", handle),
                              AQ_AGENT_SMALL_ANSWER, aq_after_ms(CLOSE_MS), &ignored));
}

ssize_t aq_agent_read(struct aq_agent *agent, json_int_t handle, size_t count, struct aq_buffer *data,
                      aq_deadline deadline, struct aq_error *err)
{
    aq_autojson json_t *answer = aq_agent_call(
        agent, "guest-file-read", json_pack("{s:I, s:I}", "handle", handle, "count", (json_int_t)count),
        AQ_AGENT_SMALL_ANSWER + count / 3 * 4, deadline, err);
    size_t before = data->length;
    if (answer == NULL)
        return -1;
    const json_t *text = json_object_get(answer, "buf-b64");
    if (!json_is_string(text) || !aq_base64_decode(json_string_value(text), json_string_length(text), data) ||
        data->length - before > count)
        return aq_fail(err, AQ_E_GUEST_PROTOCOL, "the guest agent sends something else than was to be read");
    return (ssize_t)(data->length - before);
}

static ssize_t write_piece(struct aq_agent *agent, json_int_t handle, const char *data, size_t length,
                           aq_deadline deadline, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer text = {0};
    aq_base64_encode(data, length, &text);
    aq_autojson json_t *answer =
        aq_agent_call(agent, "guest-file-write",
                      json_pack("{s:I, s:s#}", "handle", handle, "buf-b64", text.data, (int)text.length),
                      AQ_AGENT_SMALL_ANSWER, deadline, err);
    json_int_t written = answer == NULL ? -1 : aq_json_int(answer, "count", -1);
    if (answer != NULL && (written <= 0 || (size_t)written > length))
        return aq_fail(err, AQ_E_GUEST_PROTOCOL, "the guest agent does not say what it has written");
    return (ssize_t)written;
}

int aq_agent_write(struct aq_agent *agent, json_int_t handle, const void *data, size_t length,
                   aq_deadline deadline, struct aq_error *err)
{
    const char *from = data;
    while (length > 0) {
        ssize_t written =
            write_piece(agent, handle, from, length < WRITE_SIZE ? length : WRITE_SIZE, deadline, err);
        if (written < 0)
            return -1;
        from += written;
        length -= (size_t)written;
    }
    return 0;
}

/* --- put --- */

struct transfer {
    struct aq_agent *agent;
    json_int_t handle;
    struct aq_cksum sum;
    aq_deadline deadline;
};

static int send_contents(struct transfer *transfer, const struct aq_guest_put *put, struct aq_error *err)
{
    aq_autofree char *piece = aq_alloc(WRITE_SIZE);
    ssize_t got;
    while ((got = pread(put->fd, piece, WRITE_SIZE, (off_t)transfer->sum.length)) > 0) {
        aq_cksum_add(&transfer->sum, piece, (size_t)got);
        if (aq_agent_write(transfer->agent, transfer->handle, piece, (size_t)got, transfer->deadline, err) <
            0)
            return -1;
    }
    return got == 0 ? 0 : aq_fail_errno(err, AQ_E_IO, errno, "cannot read the file for %s", put->path);
}

static int commit(struct transfer *transfer, const struct aq_guest_put *put, const char *temporary,
                  struct aq_error *err)
{
    char mode[8];
    char sum[16];
    char size[24];
    aq_autobuffer struct aq_buffer output = {0};
    snprintf(mode, sizeof mode, "%04o", (unsigned)put->mode);
    snprintf(sum, sizeof sum, "%u", aq_cksum_value(&transfer->sum));
    snprintf(size, sizeof size, "%llu", (unsigned long long)transfer->sum.length);
    const char *const arguments[] = {put->path, temporary, mode, put->owner, sum, size, NULL};
    return run_script(transfer->agent, aq_script_commit, arguments, put->path, &output, transfer->deadline,
                      err);
}

/* Removes the temporary file. After an interruption too it is waited for, though not for long: an order sent
 * behind what the guest has not read yet would be lost with the connection. */
static void discard(struct aq_agent *agent, json_int_t handle, const char *target, const char *temporary)
{
    struct aq_error ignored = {0};
    aq_autobuffer struct aq_buffer output = {0};
    const char *const arguments[] = {target, temporary, "", NULL};
    aq_interrupt_hold();
    if (handle >= 0)
        aq_agent_close(agent, handle);
    aq_agent_run_script(agent, aq_script_commit, arguments, &output, aq_after_ms(CLOSE_MS), &ignored);
    aq_interrupt_release();
}

int aq_agent_put(struct aq_channel *channel, const struct aq_guest_put *put, struct aq_error *err)
{
    struct transfer transfer = {.agent = (struct aq_agent *)channel, .deadline = put->deadline};
    char name[24];
    aq_autobuffer struct aq_buffer output = {0};
    aq_autofree char *temporary = aq_format("%.*s/.aq-%s", (int)(strrchr(put->path, '/') - put->path),
                                            put->path, aq_random_name(name, sizeof name));
    const char *const arguments[] = {put->path, temporary, put->make_folders ? "yes" : "no", NULL};
    if (run_script(transfer.agent, aq_script_prepare, arguments, put->path, &output, put->deadline, err) < 0)
        return -1;
    int result = -1;
    transfer.handle = aq_agent_open(transfer.agent, temporary, "w", put->deadline, err);
    if (transfer.handle >= 0)
        result = send_contents(&transfer, put, err);
    if (result == 0) {
        aq_agent_close(transfer.agent, transfer.handle); /* which also writes out what it holds */
        transfer.handle = -1;
        result = commit(&transfer, put, temporary, err);
        if (put->sent != NULL)
            *put->sent = transfer.sum.length;
    }
    if (result < 0)
        discard(transfer.agent, transfer.handle, put->path, temporary);
    return result;
}

/* --- get --- */

static int fetch_contents(struct transfer *transfer, const struct aq_guest_get *get, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer piece = {0};
    for (;;) {
        aq_buffer_clear(&piece);
        ssize_t got =
            aq_agent_read(transfer->agent, transfer->handle, READ_SIZE, &piece, transfer->deadline, err);
        if (got <= 0)
            return (int)got;
        if ((uint64_t)got > get->limit - transfer->sum.length)
            return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "%s in the guest is larger than %llu bytes", get->path,
                           (unsigned long long)get->limit);
        aq_cksum_add(&transfer->sum, piece.data, piece.length);
        if (aq_write_all(get->fd, piece.data, piece.length, err) < 0)
            return -1;
    }
}

static int verify(struct transfer *transfer, const struct aq_guest_get *get, struct aq_error *err)
{
    char size[24];
    char sum[16];
    aq_autobuffer struct aq_buffer output = {0};
    snprintf(size, sizeof size, "%llu", (unsigned long long)transfer->sum.length);
    snprintf(sum, sizeof sum, "%u", aq_cksum_value(&transfer->sum));
    const char *const arguments[] = {get->path, size, sum, NULL};
    return run_script(transfer->agent, aq_script_verify, arguments, get->path, &output, transfer->deadline,
                      err);
}

int aq_agent_get(struct aq_channel *channel, const struct aq_guest_get *get, struct aq_guest_file *file,
                 struct aq_error *err)
{
    struct transfer transfer = {.agent = (struct aq_agent *)channel, .deadline = get->deadline};
    aq_autobuffer struct aq_buffer output = {0};
    const char *const arguments[] = {get->path, NULL};
    if (run_script(transfer.agent, aq_script_look, arguments, get->path, &output, get->deadline, err) < 0)
        return -1;
    file->mode = (mode_t)strtoul(aq_buffer_text(&output), NULL, 8) & 07777;
    transfer.handle = aq_agent_open(transfer.agent, get->path, "r", get->deadline, err);
    if (transfer.handle < 0)
        return -1;
    int result = fetch_contents(&transfer, get, err);
    aq_agent_close(transfer.agent, transfer.handle);
    file->size = transfer.sum.length;
    return result < 0 ? -1 : verify(&transfer, get, err);
}
