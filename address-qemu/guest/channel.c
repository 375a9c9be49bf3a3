/* SPDX-License-Identifier: MIT */
#include "guest/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "guest/channel_ops.h"

/* Waits are on events; this is for what gives none: greetings that are repeated, the state of the port. */
#define TICK_MS 250
#define ASK_EVERY_MS 1000

void aq_channel_close(struct aq_channel *channel)
{
    if (channel == NULL)
        return;
    int fd = channel->port.fd;
    channel->ops->close(channel);
    if (fd >= 0)
        close(fd);
}

const char *aq_channel_name(const struct aq_channel *channel)
{
    return channel->ops->name;
}

const char *aq_channel_build_id(const struct aq_channel *channel)
{
    return channel->ops->build_id(channel);
}

const char *aq_channel_runner_path(const struct aq_channel *channel)
{
    return channel->ops->runner_path(channel);
}

/* Is the port open in the guest? Asked once a second, because it costs a round trip to QEMU. */
static void observe_port(struct aq_channel *channel)
{
    if (channel->asked_at != 0 && aq_now() - channel->asked_at < ASK_EVERY_MS * 1000000LL)
        return;
    channel->guest_open =
        channel->port.guest_open == NULL ? -1 : channel->port.guest_open(channel->port.data);
    channel->asked_at = aq_now();
    if (channel->guest_open != 1)
        channel->open_since = 0;
    else if (channel->open_since == 0)
        channel->open_since = aq_now();
}

static bool is_dead(const struct aq_channel *channel)
{
    return channel->open_since != 0 && aq_now() - channel->open_since > AQ_SILENCE_MS * 1000000LL;
}

static int fail_silent(const struct aq_channel *channel, struct aq_error *err)
{
    const char *name = channel->ops->name;
    if (channel->ops->verdict != NULL)
        return channel->ops->verdict(channel, err);
    if (is_dead(channel))
        return aq_fail(err, AQ_E_AGENT_DEAD,
                       "the guest has the port of its %s open, but nothing has answered for %d s", name,
                       AQ_SILENCE_MS / 1000);
    if (channel->guest_open == 0)
        return aq_fail(err, AQ_E_AGENT_MISSING, "nothing in the guest has opened the port of the %s", name);
    if (channel->guest_open == 1)
        return aq_fail(err, AQ_E_GUEST_NOT_READY,
                       "the guest has opened the port of its %s a moment ago and not answered yet", name);
    return aq_fail(err, AQ_E_GUEST_NOT_READY, "nothing has answered at the port of the %s", name);
}

/* One step for one channel: 1 ready, 0 not yet, -1 failed for good. */
static int greet_step(struct aq_channel *channel, struct aq_error *err)
{
    int state = channel->ops->greet(channel, err);
    if (state != 0) {
        channel->open_since = channel->asked_at = 0;
        return state;
    }
    observe_port(channel);
    return is_dead(channel) ? fail_silent(channel, err) : 0;
}

/* A step for all: the index of one that is ready, -1 none yet, -2 all have failed (the first one's error in
 * *err). */
static int greet_all(struct aq_channel *const *channels, unsigned count, struct aq_error *err)
{
    unsigned failed = 0;
    struct aq_error first = {0};
    for (unsigned i = 0; i < count; i++) {
        struct aq_error own = {0};
        int state = channels[i] == NULL ? -1 : greet_step(channels[i], &own);
        if (state > 0)
            return (int)i;
        failed += state < 0;
        if (own.code != AQ_OK && first.code == AQ_OK)
            first = own;
    }
    if (failed < count)
        return -1;
    aq_fail(err, first.code == AQ_OK ? AQ_E_AGENT_MISSING : first.code, "%s",
            first.code == AQ_OK ? "there is no channel into the guest" : first.text);
    return -2;
}

static int wait_all(struct aq_channel *const *channels, unsigned count, aq_deadline deadline,
                    struct aq_error *err)
{
    struct pollfd polls[8];
    unsigned used = 0;
    aq_deadline tick = aq_after_ms(TICK_MS);
    for (unsigned i = 0; i < count && used < 8; i++)
        if (channels[i] != NULL)
            polls[used++] = (struct pollfd){.fd = channels[i]->port.fd,
                                            .events = channels[i]->ops->greet_events(channels[i])};
    return aq_poll(polls, used, tick < deadline ? tick : deadline, err);
}

int aq_channel_first_ready(struct aq_channel *const *channels, unsigned count, aq_deadline deadline,
                           struct aq_error *err)
{
    for (;;) {
        int index = greet_all(channels, count, err);
        if (index != -1)
            return index < 0 ? -1 : index;
        if (aq_ms_left(deadline) == 0)
            break;
        if (wait_all(channels, count, deadline, err) < 0)
            return -1;
    }
    for (unsigned i = 0; i < count; i++)
        if (channels[i] != NULL)
            return fail_silent(channels[i], err);
    return -1;
}

int aq_channel_ready(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err)
{
    return aq_channel_first_ready(&channel, 1, deadline, err);
}

/* Before an operation: the peer has to be there, if only again. */
static int need_peer(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err)
{
    aq_deadline soon = aq_after_ms(AQ_GREET_MS);
    return aq_channel_ready(channel, deadline != 0 && deadline < soon ? deadline : soon, err);
}

int aq_channel_ping(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err)
{
    if (need_peer(channel, deadline, err) < 0)
        return -1;
    return channel->ops->ping(channel, deadline, err);
}

int aq_channel_exec(struct aq_channel *channel, const struct aq_guest_exec *exec, struct aq_guest_exit *exit,
                    struct aq_error *err)
{
    struct aq_guest_exec checked = *exec;
    if (aq_guest_check_exec(exec, err) < 0 || need_peer(channel, exec->deadline, err) < 0)
        return -1;
    if (checked.deadline == 0)
        checked.deadline = AQ_FOREVER;
    return channel->ops->exec(channel, &checked, exit, err);
}

int aq_channel_put(struct aq_channel *channel, const struct aq_guest_put *put, struct aq_error *err)
{
    struct aq_guest_put checked = *put;
    if (aq_guest_check_path(put->path, err) < 0 || need_peer(channel, put->deadline, err) < 0)
        return -1;
    checked.mode = put->mode == 0 ? 0644 : put->mode & 07777;
    checked.owner = put->owner == NULL ? "" : put->owner;
    if (checked.deadline == 0)
        checked.deadline = AQ_FOREVER;
    return channel->ops->put(channel, &checked, err);
}

int aq_channel_get(struct aq_channel *channel, const struct aq_guest_get *get, struct aq_guest_file *file,
                   struct aq_error *err)
{
    struct aq_guest_file unwanted;
    struct aq_guest_get checked = *get;
    if (aq_guest_check_path(get->path, err) < 0 || need_peer(channel, get->deadline, err) < 0)
        return -1;
    if (checked.deadline == 0)
        checked.deadline = AQ_FOREVER;
    if (checked.limit == 0)
        checked.limit = UINT64_MAX;
    return channel->ops->get(channel, &checked, file == NULL ? &unwanted : file, err);
}

int aq_channel_sync(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err)
{
    if (need_peer(channel, deadline, err) < 0)
        return -1;
    return channel->ops->sync(channel, deadline, err);
}

static int fail_freezing(const struct aq_channel *channel, struct aq_error *err)
{
    return aq_fail(err, AQ_E_NOT_SUPPORTED, "a guest's file systems cannot be frozen through the %s",
                   channel->ops->name);
}

int aq_channel_fs_freeze(struct aq_channel *channel, unsigned patience_ms, aq_deadline deadline,
                         struct aq_error *err)
{
    if (channel->ops->fs_freeze == NULL)
        return fail_freezing(channel, err);
    if (need_peer(channel, deadline, err) < 0)
        return -1;
    return channel->ops->fs_freeze(channel, patience_ms, deadline, err);
}

int aq_channel_fs_thaw(struct aq_channel *channel, aq_deadline deadline, bool *held, struct aq_error *err)
{
    if (channel->ops->fs_thaw == NULL)
        return fail_freezing(channel, err);
    return channel->ops->fs_thaw(channel, deadline, held, err);
}

const char *aq_channel_fs_last_words(const struct aq_channel *channel)
{
    return channel->ops->fs_last_words;
}

int aq_channel_descriptor(const struct aq_channel *channel)
{
    return channel->port.fd;
}

void aq_guest_exit_free(struct aq_guest_exit *exit)
{
    aq_buffer_free(&exit->output);
    aq_buffer_free(&exit->errors);
}

static int fail_gone(struct aq_error *err)
{
    return aq_fail(err, AQ_E_VM_NOT_RUNNING, "QEMU has closed the connection to the guest: the VM has ended");
}

ssize_t aq_channel_read(struct aq_channel *channel, void *to, size_t room, struct aq_error *err)
{
    ssize_t got;
    do
        got = recv(channel->port.fd, to, room, MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
        return 0;
    return got <= 0 ? fail_gone(err) : got;
}

ssize_t aq_channel_write(struct aq_channel *channel, const void *from, size_t length, struct aq_error *err)
{
    ssize_t sent;
    do
        sent = send(channel->port.fd, from, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno == EAGAIN)
        return 0;
    return sent < 0 ? fail_gone(err) : sent;
}

ssize_t aq_guest_input(const struct aq_guest_exec *exec, uint64_t position, void *to, size_t room,
                       struct aq_error *err)
{
    if (exec->read_input != NULL)
        return exec->read_input(exec->read_input_data, to, room, err);
    if (exec->input_fd > 0) {
        ssize_t got = read(exec->input_fd, to, room);
        return got < 0 ? aq_fail_errno(err, AQ_E_IO, errno, "cannot read the command's input") : got;
    }
    size_t left = exec->input == NULL ? 0 : exec->input_length - position;
    size_t length = left < room ? left : room;
    if (length > 0)
        memcpy(to, (const char *)exec->input + position, length);
    return (ssize_t)length;
}

int aq_guest_output(const struct aq_guest_exec *exec, struct aq_guest_exit *exit, enum aq_stream stream,
                    const char *bytes, size_t length, struct aq_error *err)
{
    bool errors = stream == AQ_STREAM_STDERR;
    struct aq_buffer *kept = errors ? &exit->errors : &exit->output;
    size_t limit =
        errors && exec->capture_errors > exec->capture_limit ? exec->capture_errors : exec->capture_limit;
    size_t room = limit - kept->length;
    *(errors ? &exit->errors_length : &exit->output_length) += length;
    aq_buffer_add(kept, bytes, length < room ? length : room);
    if (exec->on_output != NULL)
        exec->on_output(exec->on_output_data, stream, bytes, length);
    if (exec->failure == NULL || exec->failure->code == AQ_OK)
        return 0;
    return aq_fail(err, exec->failure->code, "%s", exec->failure->text);
}

const char *aq_guest_printable(const char *text, size_t length, char to[256])
{
    size_t used = 0;
    for (size_t i = 0; i < length && text[i] != '\0' && used < 200; i++)
        to[used++] = text[i] >= ' ' && text[i] < 127 ? text[i] : '?';
    to[used] = '\0';
    return to;
}

/* NAME=VALUE with a name that every shell can export. */
static bool names_variable(const char *entry)
{
    size_t length = strspn(entry, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    return length > 0 && entry[length] == '=' && (entry[0] < '0' || entry[0] > '9');
}

int aq_guest_check_exec(const struct aq_guest_exec *exec, struct aq_error *err)
{
    if (exec->argv == NULL || exec->argv[0] == NULL || exec->argv[0][0] == '\0')
        return aq_fail(err, AQ_E_VALUE_INVALID, "there is no program to run in the guest");
    for (const char *const *variable = exec->environment; variable != NULL && *variable != NULL; variable++)
        if (!names_variable(*variable))
            return aq_fail(err, AQ_E_VALUE_INVALID, "an environment entry is NAME=VALUE, not \"%s\"",
                           *variable);
    if (exec->working_dir != NULL && aq_guest_check_path(exec->working_dir, err) < 0)
        return -1;
    return 0;
}

int aq_guest_check_path(const char *path, struct aq_error *err)
{
    if (path == NULL || path[0] != '/')
        return aq_fail(err, AQ_E_VALUE_INVALID, "a path in the guest starts with /, unlike \"%s\"",
                       path == NULL ? "" : path);
    if (strlen(path) > 4000)
        return aq_fail(err, AQ_E_VALUE_INVALID, "a path in the guest is at most 4000 bytes long");
    return 0;
}
