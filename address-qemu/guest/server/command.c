/* SPDX-License-Identifier: MIT */
/* EXEC: a command, its three pipes, and what flows through them. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/server/session.h"
#include "guest/server/side.h"
#include "guest/server/supervisor.h"

#define ARGUMENTS_MAX 8192
#define CHUNK 32768
/* How long output is still waited for when the command has ended but something else holds its pipes. */
#define LINGER_MS 250

struct command {
    struct aq_operation operation;
    pid_t supervisor;
    int input;      /* the server's ends of the pipes; -1: closed */
    int outputs[2]; /* stdout, stderr */
    int report_fd;
    struct aq_supervisor_report report;
    bool ended;       /* the report is there */
    bool input_ended; /* no more will come from the host */
    size_t start, end;
    uint32_t dealt_with; /* input for which the host has not been given credit yet */
    struct aq_side side;
    unsigned char pending[AQ_WIRE_WINDOW];
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void credit_input(struct aq_session *session, struct command *command)
{
    if (command->dealt_with == 0 || command->operation.finished ||
        (command->dealt_with < CHUNK && command->start < command->end))
        return;
    aq_session_credit(session, &command->operation, command->dealt_with);
    command->dealt_with = 0;
}

static void write_input(struct command *command)
{
    while (command->start < command->end) {
        size_t length = command->end - command->start;
        ssize_t written = command->input < 0
                              ? (ssize_t)length
                              : write(command->input, command->pending + command->start, length);
        if (written < 0 && errno == EAGAIN)
            return;
        if (written < 0) { /* it reads no more: the rest is dropped, as a pipe in a shell would */
            close_fd(&command->input);
            continue;
        }
        command->start += (size_t)written;
        command->dealt_with += (uint32_t)written;
    }
    command->start = command->end = 0;
    if (command->input_ended)
        close_fd(&command->input);
}

static bool take_input(struct command *command, const struct aq_frame *frame)
{
    if (command->input_ended)
        return false;
    if (frame->length == 0)
        command->input_ended = true;
    if (command->end + frame->length > sizeof command->pending) {
        memmove(command->pending, command->pending + command->start, command->end - command->start);
        command->end -= command->start;
        command->start = 0;
    }
    memcpy(command->pending + command->end, frame->payload, frame->length);
    command->end += frame->length;
    return true;
}

static void take_report(struct command *command)
{
    ssize_t got = read(command->report_fd, &command->report, sizeof command->report);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got != sizeof command->report) /* the supervisor itself was killed: so is all that it had */
        command->report = (struct aq_supervisor_report){.status = SIGKILL};
    close_fd(&command->report_fd);
    command->ended = true;
}

/* A supervisor that has not reported is alive, so its pid is still its own. */
static void end_command(struct command *command)
{
    if (!command->ended)
        take_report(command);
    if (!command->ended)
        kill(command->supervisor, SIGTERM);
}

static bool command_frame(struct aq_session *session, struct aq_operation *operation,
                          const struct aq_frame *frame)
{
    struct command *command = (struct command *)operation;
    (void)session;
    if (frame->type == AQ_WIRE_KILL) {
        end_command(command);
        return true;
    }
    if (frame->type == AQ_WIRE_SIDE) {
        aq_side_tell(&command->side, frame);
        return true;
    }
    return frame->type == AQ_WIRE_STDIN && take_input(command, frame);
}

/* Sends what the command has written; false when nothing (more) can be had from it now. */
static bool pump_output(struct aq_session *session, struct command *command, int which)
{
    struct aq_operation *operation = &command->operation;
    int *fd = &command->outputs[which];
    if (*fd < 0 || operation->may_send == 0 || !aq_session_has_room(session, CHUNK))
        return false;
    unsigned char *to = aq_wire_reserve(&session->queue, CHUNK);
    ssize_t got = read(*fd, to, operation->may_send < CHUNK ? operation->may_send : CHUNK);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN)
            close_fd(fd);
        return false;
    }
    aq_wire_commit(&session->queue, which == 0 ? AQ_WIRE_STDOUT : AQ_WIRE_STDERR, operation->channel,
                   (size_t)got);
    operation->may_send -= (uint32_t)got;
    return true;
}

static void finish(struct aq_session *session, struct command *command)
{
    const struct aq_supervisor_report *report = &command->report;
    if (report->exec_errno != 0) {
        aq_operation_fail(session, &command->operation, report->exec_errno,
                          report->in_folder ? "cannot change to the working folder"
                                            : "cannot execute the program");
    } else if (WIFSIGNALED(report->status)) {
        unsigned number = (unsigned)WTERMSIG(report->status);
        aq_operation_exit(session, &command->operation, 128 + number, number);
    } else {
        aq_operation_exit(session, &command->operation, (unsigned)WEXITSTATUS(report->status), 0);
    }
}

static bool output_may_flow(const struct aq_session *session, const struct command *command)
{
    return command->operation.may_send > 0 && aq_session_has_room(session, CHUNK);
}

/* Output that waits for credit or room is not given up, however long it takes; silence is, after a while. */
static bool output_is_over(const struct command *command)
{
    if (command->outputs[0] < 0 && command->outputs[1] < 0)
        return true;
    return command->operation.wake_at != 0 && aq_server_now_ms() >= command->operation.wake_at;
}

static void command_pump(struct aq_session *session, struct aq_operation *operation)
{
    struct command *command = (struct command *)operation;
    if (!command->ended)
        take_report(command);
    write_input(command);
    credit_input(session, command);
    bool out = pump_output(session, command, 0);
    bool err = pump_output(session, command, 1);
    bool side = aq_side_pump(session, operation, &command->side);
    if (out || err || side || !output_may_flow(session, command))
        operation->wake_at = 0;
    if (command->ended && output_is_over(command) && command->side.drained)
        finish(session, command);
}

static unsigned command_polls(struct aq_session *session, struct aq_operation *operation,
                              struct pollfd *polls)
{
    struct command *command = (struct command *)operation;
    bool may_flow = output_may_flow(session, command);
    unsigned count = 0;
    if (command->ended && may_flow && operation->wake_at == 0)
        operation->wake_at = aq_server_now_ms() + LINGER_MS;
    if (command->report_fd >= 0)
        polls[count++] = (struct pollfd){.fd = command->report_fd, .events = POLLIN};
    if (command->input >= 0 && command->start < command->end)
        polls[count++] = (struct pollfd){.fd = command->input, .events = POLLOUT};
    for (int i = 0; i < 2 && may_flow; i++)
        if (command->outputs[i] >= 0)
            polls[count++] = (struct pollfd){.fd = command->outputs[i], .events = POLLIN};
    if (aq_side_may_flow(session, operation, &command->side)) {
        polls[count++] = (struct pollfd){.fd = command->side.fd, .events = POLLIN};
        operation->ready = operation->ready || !command->side.drained; /* some of it is in memory already */
    }
    return count;
}

static void command_release(struct aq_operation *operation)
{
    struct command *command = (struct command *)operation;
    end_command(command);
    close_fd(&command->input);
    close_fd(&command->outputs[0]);
    close_fd(&command->outputs[1]);
    close_fd(&command->report_fd);
    aq_side_close(&command->side);
    free(command);
}

static const struct aq_operation_kind command_kind = {command_frame, command_pump, command_polls,
                                                      command_release};

/* Fills `count` pointers and a NULL from the request's strings. */
static char **take_strings(const unsigned char **from, const unsigned char *end, size_t count, char **list)
{
    for (size_t i = 0; i < count; i++)
        if ((list[i] = (char *)(uintptr_t)aq_wire_string(from, end)) == NULL)
            return NULL;
    list[count] = NULL;
    return list;
}

/* The pipes: theirs[] for the command, the other ends in *command, non-blocking. */
static bool make_pipes(struct command *command, int theirs[4])
{
    int *const ours[4] = {&command->input, &command->outputs[0], &command->outputs[1], &command->report_fd};
    for (int i = 0; i < 4; i++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0)
            return false;
        theirs[i] = ends[i == 0 ? 0 : 1];
        *ours[i] = ends[i == 0 ? 1 : 0];
        fcntl(*ours[i], F_SETFL, O_NONBLOCK);
    }
    return true;
}

static bool launch(struct command *command, const struct aq_command_line *line, bool with_side)
{
    int theirs[4] = {-1, -1, -1, -1};
    int side = with_side ? aq_side_open(&command->side) : -1;
    bool done = (side >= 0) == with_side && make_pipes(command, theirs);
    if (done)
        command->supervisor = aq_supervisor_start(line, theirs, side, theirs[3]);
    int saved = errno;
    close_fd(&side);
    for (int i = 0; i < 4; i++)
        close_fd(&theirs[i]);
    errno = saved;
    return done && command->supervisor > 0;
}

static struct command *start(const struct aq_command_line *line, bool with_side)
{
    struct command *command = malloc(sizeof *command);
    if (command == NULL)
        return NULL;
    memset(command, 0, offsetof(struct command, pending));
    command->operation.kind = &command_kind;
    command->input = command->outputs[0] = command->outputs[1] = command->report_fd = command->side.fd = -1;
    if (launch(command, line, with_side))
        return command;
    int saved = errno;
    command->ended = true; /* nothing to kill */
    command_release(&command->operation);
    errno = saved;
    return NULL;
}

struct aq_operation *aq_command_start(const unsigned char *request, size_t length, bool with_side,
                                      const char **what)
{
    static char *arguments[ARGUMENTS_MAX + 1];
    static char *variables[ARGUMENTS_MAX + 1];
    const unsigned char *from = request + 8;
    const unsigned char *end = request + length;
    *what = "the request cannot be read";
    errno = EINVAL;
    if (length < 8 || aq_wire_get32(request) == 0 || aq_wire_get32(request) > ARGUMENTS_MAX ||
        aq_wire_get32(request + 4) > ARGUMENTS_MAX)
        return NULL;
    struct aq_command_line line = {.folder = aq_wire_string(&from, end)};
    if (line.folder == NULL)
        return NULL;
    line.argv = take_strings(&from, end, aq_wire_get32(request), arguments);
    if (line.argv == NULL)
        return NULL;
    line.environment = take_strings(&from, end, aq_wire_get32(request + 4), variables);
    if (line.environment == NULL)
        return NULL;
    *what = "cannot start a process";
    struct command *command = start(&line, with_side);
    return command == NULL ? NULL : &command->operation;
}
