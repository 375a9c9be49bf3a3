/* SPDX-License-Identifier: MIT */
/* What flows into and out of a command that runs through SSH. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "guest/ssh_run.h"

enum {
    PIECE = 32 * 1024,
    NOISE_MAX = 64 * 1024, /* what a login shell's own files may print before the command's output begins */
};

ssh_session aq_ssh_run_session(const struct aq_ssh_run *run)
{
    return aq_ssh_link_session(run->ssh->link);
}

int aq_ssh_run_lost(struct aq_ssh_run *run, struct aq_error *err)
{
    aq_ssh_link_lost(run->ssh->link, err);
    aq_ssh_leave(run->ssh);
    run->channel = NULL; /* went with it */
    return -1;
}

/* --- input --- */

static bool may_read(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, 0) > 0;
}

/* May more be asked for without waiting? What is in memory, in a file or made by a function always may. */
static bool is_at_hand(const struct aq_ssh_run *run)
{
    const struct aq_guest_exec *exec = run->order->exec;
    bool from_fd = run->order->file <= 0 && exec->read_input == NULL && exec->input_fd > 0;
    return !from_fd || run->input_at < exec->input_length || may_read(exec->input_fd);
}

/* The next piece of the input, whichever way it is given. */
static ssize_t read_piece(const struct aq_ssh_run *run, char *to, struct aq_error *err)
{
    const struct aq_guest_exec *exec = run->order->exec;
    struct aq_guest_exec part = *exec;
    if (run->order->file > 0) {
        ssize_t got = pread(run->order->file, to, PIECE, (off_t)run->input_at);
        return got >= 0 ? got : aq_fail_errno(err, AQ_E_IO, errno, "cannot read the file that is to be sent");
    }
    if (run->input_at < exec->input_length)
        part.input_fd = 0; /* its turn comes after the memory */
    return aq_guest_input(&part, run->input_at, to, PIECE, err);
}

/* Fetches the next piece of the command's input, if there is any now. */
static int fetch_input(struct aq_ssh_run *run, struct aq_error *err)
{
    aq_buffer_clear(&run->pending);
    run->sent = 0;
    if (run->input_held || !is_at_hand(run))
        return 0;
    ssize_t got = read_piece(run, aq_buffer_room(&run->pending, PIECE), err);
    if (got < 0)
        return -1;
    run->pending.length = (size_t)got;
    run->input_at += (uint64_t)got;
    run->input_read = got == 0;
    return 0;
}

/* May more be handed to libssh? What does not go out at once it keeps, so it gets no more then. */
static bool has_room(const struct aq_ssh_run *run)
{
    return aq_ssh.ssh_channel_window_size(run->channel) > 0 &&
           (aq_ssh.ssh_get_poll_flags(aq_ssh_run_session(run)) & SSH_WRITE_PENDING) == 0;
}

enum aq_ssh_turn aq_ssh_pump_input(struct aq_ssh_run *run, struct aq_error *err)
{
    if (run->input_over || run->exited)
        return AQ_TURN_IDLE;
    if (run->sent == run->pending.length && run->input_read) { /* an end needs no room */
        run->input_over = true;
        aq_ssh.ssh_channel_send_eof(run->channel);
        return AQ_TURN_BUSY;
    }
    if (!has_room(run))
        return AQ_TURN_IDLE;
    if (run->sent == run->pending.length && fetch_input(run, err) < 0)
        return AQ_TURN_FAILED;
    size_t left = run->pending.length - run->sent;
    if (left == 0)
        return run->input_read ? AQ_TURN_BUSY : AQ_TURN_IDLE;
    int written = aq_ssh.ssh_channel_write(run->channel, run->pending.data + run->sent,
                                           (uint32_t)(left < PIECE ? left : PIECE));
    run->sent += written > 0 ? (size_t)written : 0;
    return written > 0 ? AQ_TURN_BUSY : AQ_TURN_IDLE; /* an error shows at the next turn */
}

int aq_ssh_awaited_input(const struct aq_ssh_run *run)
{
    bool wanted = !run->input_read && !run->exited && run->sent == run->pending.length && has_room(run);
    return wanted && run->order->file <= 0 && run->order->exec->input_fd > 0 ? run->order->exec->input_fd
                                                                             : -1;
}

void aq_ssh_end_input(struct aq_ssh_run *run)
{
    aq_buffer_clear(&run->pending);
    run->sent = 0;
    run->input_read = true;
}

/* --- output --- */

/* What the shell says behind its mark on standard output. */
static void take_word(struct aq_ssh_run *run, const char *word, size_t length)
{
    static const char *const problems[] = {"folder", "side", "absent", "program"};
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
        if (strlen(problems[i]) == length && memcmp(problems[i], word, length) == 0)
            run->problem = problems[i];
    if (length > 3 && memcmp(word, "ok ", 3) == 0)
        run->pid = strtol(word + 3, NULL, 10);
}

/* Looks for the line with the mark; what follows it is the command's own. */
static int seek_mark(struct aq_ssh_run *run, enum aq_stream which, struct aq_error *err)
{
    struct aq_ssh_stream *stream = &run->streams[which];
    const char *mark = memmem(stream->head.data, stream->head.length, run->mark, strlen(run->mark));
    const char *end = stream->head.data + stream->head.length;
    const char *line_end = mark == NULL ? NULL : memchr(mark, '\n', (size_t)(end - mark));
    if (line_end == NULL)
        return stream->head.length <= NOISE_MAX
                   ? 0
                   : aq_fail(err, AQ_E_GUEST_PROTOCOL,
                             "the login shell of %s prints more than can be passed over",
                             run->ssh->target->name);
    const char *word = mark + strlen(run->mark);
    if (which == AQ_STREAM_STDOUT && word < line_end)
        take_word(run, word + 1, (size_t)(line_end - word - 1));
    stream->begun = true;
    int taken = 0;
    if (line_end + 1 < end)
        taken = aq_guest_output(run->order->exec, run->exit, which, line_end + 1,
                                (size_t)(end - line_end - 1), err);
    aq_buffer_free(&stream->head);
    return taken;
}

int aq_ssh_take_output(ssh_session session, ssh_channel channel, void *data, uint32_t length, int is_stderr,
                       void *taker)
{
    struct aq_ssh_run *run = taker;
    enum aq_stream which = is_stderr ? AQ_STREAM_STDERR : AQ_STREAM_STDOUT;
    (void)session, (void)channel;
    if (run->finished || run->failure.code != AQ_OK)
        return (int)length;
    int taken = 0;
    if (run->streams[which].begun) {
        taken = aq_guest_output(run->order->exec, run->exit, which, data, length, &run->failure);
    } else {
        aq_buffer_add(&run->streams[which].head, data, length);
        taken = seek_mark(run, which, &run->failure);
    }
    (void)taken; /* what has failed is in `failure`, for who pumps */
    return (int)length;
}

enum aq_ssh_turn aq_ssh_pump(struct aq_ssh_run *run, struct aq_error *err)
{
    struct aq_error gone = {0};
    int moved = aq_ssh_link_pump(run->ssh->link, &gone);
    if (moved < 0) {
        aq_ssh_leave(run->ssh);
        run->channel = NULL; /* it went with the connection */
        return (enum aq_ssh_turn)aq_fail(err, gone.code, "%s", gone.text);
    }
    if (run->failure.code != AQ_OK)
        return (enum aq_ssh_turn)aq_fail(err, run->failure.code, "%s", run->failure.text);
    enum aq_ssh_turn input = aq_ssh_pump_input(run, err);
    if (input < 0)
        return AQ_TURN_FAILED;
    return moved > 0 || input > 0 ? AQ_TURN_BUSY : AQ_TURN_IDLE;
}
