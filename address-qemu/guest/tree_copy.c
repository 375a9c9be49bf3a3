/* SPDX-License-Identifier: MIT */
#include "guest/tree_copy.h"

#include <string.h>

#include "guest/channel_ops.h"
#include "guest/shell.h"
#include "guest/tree_scripts.h"
#include "util/digest.h"
#include "util/random.h"

enum {
    WORDS_MAX = 64 * 1024,
    CLEAR_UP_MS = 30000,
};

/* A stream on its way, and its digest. */
struct stream {
    struct aq_tree_pack *pack;
    struct aq_tree_unpack *unpack;
    struct aq_digest *digest;
    struct aq_error failure;
    char sum[AQ_SHA256_TEXT];
};

static int fail_by_code(const struct aq_guest_exit *exit, const char *path, struct aq_error *err)
{
    switch (exit->exit_code) {
    case AQ_TREE_NOT_FOUND:
        return aq_guest_shell_fail(exit, AQ_E_GUEST_FILE_NOT_FOUND, path, err);
    case AQ_TREE_NO_TOOLS:
        return aq_guest_shell_fail(exit, AQ_E_NOT_SUPPORTED, path, err);
    case AQ_TREE_CORRUPT:
        return aq_fail(err, AQ_E_TRANSFER_CORRUPT, "what arrived of %s is not what was sent", path);
    default:
        return aq_guest_shell_fail(exit, AQ_E_GUEST_REFUSED, path, err);
    }
}

/* Passing the deadline is a time-out of the copy, not of some command. */
static int fail_run(const struct aq_error *why, struct aq_error *err)
{
    if (why->code == AQ_E_COMMAND_TIMEOUT)
        return aq_fail(err, AQ_E_TIMEOUT, "the guest did not finish within the timeout");
    return aq_fail(err, why->code, "%s", why->text);
}

/* --- put --- */

static ssize_t read_pack(void *data, void *to, size_t room, struct aq_error *err)
{
    struct stream *stream = data;
    ssize_t got = aq_tree_pack_read(stream->pack, to, room, err);
    if (got > 0 && aq_digest_add(stream->digest, to, (size_t)got, err) < 0)
        return -1;
    return got;
}

/* Also after an interruption: the guest would keep half of it otherwise. */
static void discard(struct aq_channel *channel, const char *script, const char *path, const char *name)
{
    const char *const arguments[] = {path, name, NULL};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    struct aq_error ignored = {0};
    aq_interrupt_hold();
    aq_guest_shell(channel, script, arguments, aq_after_ms(CLEAR_UP_MS), &exit, &ignored);
    aq_interrupt_release();
}

static int send(struct aq_channel *channel, const struct aq_guest_tree_put *put, const char *stage,
                struct stream *stream, struct aq_error *err)
{
    const char *const arguments[] = {put->path, stage, put->make_folders ? "yes" : "no", NULL};
    struct aq_guest_exec exec = {.deadline = put->deadline,
                                 .capture_limit = WORDS_MAX,
                                 .read_input = read_pack,
                                 .read_input_data = stream};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    struct aq_error why = {0};
    if (aq_guest_shell_exec(channel, aq_tree_stage_script, arguments, &exec, &exit, &why) < 0)
        return fail_run(&why, err);
    if (exit.exit_code != 0)
        return fail_by_code(&exit, put->path, err);
    return aq_digest_finish(aq_steal_ptr(&stream->digest), stream->sum, err);
}

static int commit(struct aq_channel *channel, const struct aq_guest_tree_put *put, const char *stage,
                  const struct stream *stream, struct aq_error *err)
{
    const char *const arguments[] = {put->path, stage, stream->sum, put->owner != NULL ? put->owner : "",
                                     NULL};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    struct aq_error why = {0};
    if (aq_guest_shell(channel, aq_tree_commit_script, arguments, put->deadline, &exit, &why) < 0)
        return fail_run(&why, err);
    return exit.exit_code == 0 ? 0 : fail_by_code(&exit, put->path, err);
}

int aq_guest_tree_put(struct aq_channel *channel, const struct aq_guest_tree_put *put, struct aq_error *err)
{
    char random[11], stage[32];
    snprintf(stage, sizeof stage, AQ_TREE_STAGE "%s", aq_random_name(random, sizeof random));
    struct stream stream = {.pack = put->pack, .digest = aq_digest_start(err)};
    int result = stream.digest != NULL && aq_guest_check_path(put->path, err) == 0 ? 0 : -1;
    if (result == 0 &&
        (send(channel, put, stage, &stream, err) < 0 || commit(channel, put, stage, &stream, err) < 0)) {
        discard(channel, aq_tree_discard_script, put->path, stage);
        result = -1;
    }
    aq_digest_drop(stream.digest);
    return result;
}

/* --- get --- */

static void take_output(void *data, enum aq_stream which, const char *bytes, size_t length)
{
    struct stream *stream = data;
    if (which != AQ_STREAM_STDOUT || stream->failure.code != AQ_OK)
        return;
    if (aq_digest_add(stream->digest, bytes, length, &stream->failure) == 0)
        aq_tree_unpack_write(stream->unpack, bytes, length, &stream->failure);
}

/* The script's last words: "sum DIGEST". */
static int check_sum(const struct aq_guest_exit *exit, struct stream *stream, const char *path,
                     struct aq_error *err)
{
    const char *said = strstr(aq_buffer_text(&exit->errors), "sum ");
    if (aq_digest_finish(aq_steal_ptr(&stream->digest), stream->sum, err) < 0)
        return -1;
    if (said != NULL && strncmp(said + strlen("sum "), stream->sum, strlen(stream->sum)) == 0)
        return 0;
    return aq_fail(err, AQ_E_TRANSFER_CORRUPT, "what arrived of %s is not what the guest has sent", path);
}

static int receive(struct aq_channel *channel, const struct aq_guest_tree_get *get, const char *name,
                   struct stream *stream, struct aq_error *err)
{
    const char *const arguments[] = {get->path, name, NULL};
    struct aq_guest_exec exec = {.deadline = get->deadline,
                                 .capture_errors = WORDS_MAX,
                                 .on_output = take_output,
                                 .on_output_data = stream,
                                 .failure = &stream->failure};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    struct aq_error why = {0};
    if (aq_guest_shell_exec(channel, aq_tree_fetch_script, arguments, &exec, &exit, &why) < 0)
        return fail_run(&why, err);
    if (stream->failure.code != AQ_OK) /* it was found when the command had ended already */
        return aq_fail(err, stream->failure.code, "%s", stream->failure.text);
    if (exit.exit_code != 0)
        return fail_by_code(&exit, get->path, err);
    return check_sum(&exit, stream, get->path, err) < 0 ? -1 : aq_tree_unpack_finish(stream->unpack, err);
}

int aq_guest_tree_get(struct aq_channel *channel, const struct aq_guest_tree_get *get, struct aq_error *err)
{
    char name[11];
    struct stream stream = {.unpack = get->unpack, .digest = aq_digest_start(err)};
    int result = stream.digest != NULL && aq_guest_check_path(get->path, err) == 0 ? 0 : -1;
    aq_random_name(name, sizeof name);
    if (result == 0 && receive(channel, get, name, &stream, err) < 0) {
        discard(channel, aq_tree_fetch_discard_script, get->path, name);
        result = -1;
    }
    aq_digest_drop(stream.digest);
    return result;
}
