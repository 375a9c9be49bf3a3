/* SPDX-License-Identifier: MIT */
/* Commands through SSH: what flows in and out, and how they end. */
#include <signal.h>
#include <string.h>

#include "guest/shell_scripts.h"
#include "guest/ssh_run.h"
#include "guest/ssh_shell.h"
#include "guest/ssh_side.h"
#include "util/random.h"

enum {
    LINGER_MS = 500, /* output is still waited for when the command has ended but something holds its pipes */
    GRACE_MS = 10000, /* for ending what has no more time */
    OPENING_MS = 20000,
    OPENING_TRIES = 3,
    OPENING_PAUSE_MS = 100,
    CLOSING_MS = 2000,
    ASK_MS = 100, /* between two questions whether it is to be interrupted */
};

/* --- its end, as the server tells it --- */

static void on_exit_status(ssh_session session, ssh_channel channel, int code, void *data)
{
    struct aq_ssh_run *run = data;
    (void)session, (void)channel;
    run->exited = true;
    run->code = code;
}

static void on_eof(ssh_session session, ssh_channel channel, void *data)
{
    (void)session, (void)channel;
    ((struct aq_ssh_run *)data)->ended = true;
}

static void on_close(ssh_session session, ssh_channel channel, void *data)
{
    (void)session, (void)channel;
    ((struct aq_ssh_run *)data)->closed = true;
}

/* RFC 4254, 6.10; others are NAME@DOMAIN, of which the number is not known. */
static void on_exit_signal(ssh_session session, ssh_channel channel, const char *name, int core,
                           const char *message, const char *language, void *data)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"FPE", SIGFPE},   {"HUP", SIGHUP},
                   {"ILL", SIGILL},   {"INT", SIGINT},   {"KILL", SIGKILL}, {"PIPE", SIGPIPE},
                   {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV}, {"TERM", SIGTERM}, {"USR1", SIGUSR1},
                   {"USR2", SIGUSR2}};
    struct aq_ssh_run *run = data;
    (void)session, (void)channel, (void)core, (void)message, (void)language;
    run->exited = true;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (strcmp(signals[i].name, name) == 0)
            run->signal = signals[i].number;
    run->code = 128 + run->signal;
}

/* --- beginning --- */

static int fail_denied(const struct aq_ssh_run *run, const char *what, struct aq_error *err)
{
    char text[256];
    const char *words = aq_ssh.ssh_get_error(aq_ssh_run_session(run));
    return aq_fail(err, AQ_E_GUEST_REFUSED, "the SSH server of %s refuses %s: %s", run->ssh->target->name,
                   what, aq_guest_printable(words, strlen(words), text));
}

static int fail_late(const struct aq_ssh_run *run, struct aq_error *err)
{
    if (run->order->late == AQ_E_COMMAND_TIMEOUT)
        return aq_fail(
            err, AQ_E_COMMAND_TIMEOUT,
            "the command in the guest took longer than its timeout and was ended, its children too");
    return aq_fail(err, run->order->late, "%s did not finish within the timeout", run->ssh->target->name);
}

/* Repeats a call that does not wait until it is done: 0, or -1. */
static int complete(struct aq_ssh_run *run, int (*call)(struct aq_ssh_run *), const char *what,
                    aq_deadline deadline, struct aq_error *err)
{
    for (;;) {
        int state = call(run);
        if (state == SSH_OK)
            return 0;
        if (state != SSH_AGAIN) {
            struct aq_error gone = {0};
            return aq_ssh_link_step(run->ssh->link, &gone) < 0 ? aq_ssh_run_lost(run, err)
                                                               : fail_denied(run, what, err);
        }
        int ready = aq_ssh_link_wait(run->ssh->link, -1, 0, deadline, err);
        if (ready < 0)
            return -1;
        if (ready == 0)
            return aq_ms_left(run->order->exec->deadline) == 0
                       ? fail_late(run, err)
                       : aq_fail(err, AQ_E_SSH_SILENT, "the SSH server of %s does not answer",
                                 run->ssh->target->name);
    }
}

static int call_open(struct aq_ssh_run *run)
{
    return aq_ssh.ssh_channel_open_session(run->channel);
}

static int call_exec(struct aq_ssh_run *run)
{
    return aq_ssh.ssh_channel_request_exec(run->channel, AQ_SSH_COMMAND);
}

static int open_channel(struct aq_ssh_run *run, aq_deadline deadline, struct aq_error *err)
{
    run->channel = aq_ssh.ssh_channel_new(aq_ssh_run_session(run));
    if (run->channel == NULL)
        return aq_ssh_run_lost(run, err);
    ssh_callbacks_init(&run->callbacks);
    run->callbacks.userdata = run;
    run->callbacks.channel_exit_status_function = on_exit_status;
    run->callbacks.channel_exit_signal_function = on_exit_signal;
    run->callbacks.channel_close_function = on_close;
    run->callbacks.channel_eof_function = on_eof;
    run->callbacks.channel_data_function = aq_ssh_take_output;
    aq_ssh.ssh_set_channel_callbacks(run->channel, &run->callbacks);
    return complete(run, call_open, "another session", deadline, err);
}

/* A server that allows one session counts the last one until it has done away with it. */
static int open_in_a_moment(struct aq_ssh_run *run, aq_deadline deadline, struct aq_error *err)
{
    for (int tries = 1;; tries++) {
        struct aq_error refusal = {0};
        if (open_channel(run, deadline, &refusal) == 0)
            return 0;
        if (refusal.code != AQ_E_GUEST_REFUSED || tries == OPENING_TRIES)
            return aq_fail(err, refusal.code, "%s", refusal.text);
        aq_ssh.ssh_channel_free(run->channel);
        run->channel = NULL;
        if (aq_sleep_until(aq_after_ms(OPENING_PAUSE_MS), err) < 0)
            return -1;
    }
}

int aq_ssh_begin(struct aq_ssh_run *run, struct aq_error *err)
{
    const struct aq_guest_exec *exec = run->order->exec;
    aq_deadline deadline = aq_earlier(exec->deadline, aq_after_ms(OPENING_MS));
    aq_random_name(run->mark, sizeof run->mark);
    aq_ssh_shell_line(exec, run->mark, run->order->ending == AQ_SSH_KILL, &run->pending);
    if (open_in_a_moment(run, deadline, err) < 0)
        return -1;
    run->opened = true;
    int done = complete(run, call_exec, "to run a command", deadline, err);
    run->started = done == 0;
    return done;
}

/* --- its course --- */

/* Has it ended, and all that it said been heard? A channel that is closed says no more of how it ended. */
static bool is_over(struct aq_ssh_run *run)
{
    if (run->closed)
        return true;
    if (!run->exited)
        return false;
    if (run->silent_since == 0)
        run->silent_since = aq_now();
    return run->ended || aq_now() - run->silent_since >= LINGER_MS * 1000000LL;
}

/* The side channel's part of a turn: false when it wants the command to be ended. */
static bool turn_side(struct aq_ssh_run *run)
{
    if (run->order->exec->side == NULL || run->exited || !run->streams[AQ_STREAM_STDOUT].begun ||
        run->problem != NULL)
        return true;
    struct aq_error own = {0};
    if (run->side == NULL)
        run->side = aq_ssh_side_open(run->ssh, run->order->exec->side, run->mark, &own);
    if (run->side == NULL || aq_ssh_side_turn(run->side, &own) < 0)
        run->why = own;
    return run->why.code == AQ_OK;
}

/* By another session of the connection: OpenSSH's server passes no signals on to root's commands. */
static void interrupt_command(struct aq_ssh_run *run)
{
    char pid[24];
    struct aq_error ignored = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    snprintf(pid, sizeof pid, "%ld", run->pid);
    const char *const argv[] = {"/bin/sh",      "-c", "kill -INT -$1 2>/dev/null || kill -INT $1",
                                "address-qemu", pid,  NULL};
    const struct aq_guest_exec exec = {.argv = argv, .deadline = aq_after_ms(GRACE_MS)};
    const struct aq_ssh_order order = {.exec = &exec, .ending = AQ_SSH_ABANDON, .late = AQ_E_TIMEOUT};
    aq_ssh_run(run->ssh, &order, &exit, &ignored);
}

static int turn_interrupt(struct aq_ssh_run *run, struct aq_error *err)
{
    const struct aq_guest_exec *exec = run->order->exec;
    if (exec->take_interrupt == NULL || run->pid <= 0 || run->exited || !exec->take_interrupt())
        return 0;
    interrupt_command(run);
    if (run->ssh->link != NULL)
        return 0;
    run->channel = NULL; /* it went with the connection */
    return aq_fail(err, AQ_E_SSH_CONNECTION_LOST, "the SSH connection to %s is lost", run->ssh->target->name);
}

/* Until when to wait for anything to come. */
static aq_deadline next_look(const struct aq_ssh_run *run, aq_deadline deadline)
{
    if (run->order->exec->take_interrupt != NULL)
        deadline = aq_earlier(deadline, aq_after_ms(ASK_MS));
    if (run->exited)
        deadline = aq_earlier(deadline, aq_after_ms(LINGER_MS / 2));
    return run->side != NULL ? aq_earlier(deadline, aq_ssh_side_next(run->side)) : deadline;
}

/* Follows it to its end, or until no more of it is wanted: 1, 0 it is to be ended, -1. */
static int follow(struct aq_ssh_run *run, aq_deadline deadline, struct aq_error *err)
{
    for (;;) {
        enum aq_ssh_turn turn = aq_ssh_pump(run, err);
        if (turn < 0)
            return -1;
        if (turn == AQ_TURN_BUSY)
            run->silent_since = 0;
        if (is_over(run) || (run->order->enough != NULL && *run->order->enough))
            return 1;
        if (turn_interrupt(run, err) < 0)
            return -1;
        if (aq_ms_left(deadline) == 0 || (run->why.code == AQ_OK && !turn_side(run)))
            return 0;
        if (turn == AQ_TURN_BUSY && !aq_must_end())
            continue;
        int other = aq_ssh_awaited_input(run);
        if (aq_ssh_link_wait(run->ssh->link, other, POLLIN, next_look(run, deadline), err) < 0)
            return -1;
    }
}

/* Why the command was not even started. */
static int fail_to_start(const struct aq_ssh_run *run, struct aq_error *err)
{
    const char *program = run->order->exec->argv[0];
    if (strcmp(run->problem, "folder") == 0)
        return aq_fail(err, AQ_E_GUEST_FILE_NOT_FOUND, "in the guest: cannot change to the working folder %s",
                       run->order->exec->working_dir);
    if (strcmp(run->problem, "side") == 0)
        return aq_fail(err, AQ_E_GUEST_REFUSED,
                       "in the guest: no folder can be made in /tmp for the side channel");
    if (strcmp(run->problem, "absent") == 0)
        return aq_fail(err, AQ_E_GUEST_FILE_NOT_FOUND, "in the guest: %s: there is no such program", program);
    return aq_fail(err, AQ_E_GUEST_REFUSED, "in the guest: %s: cannot be executed", program);
}

/* An account whose login shell runs no commands says why, if at all, where the mark should be. */
static int fail_without_mark(const struct aq_ssh_run *run, struct aq_error *err)
{
    char text[256];
    const struct aq_buffer *words = &run->streams[run->streams[0].head.length == 0].head;
    return aq_fail(err, AQ_E_GUEST_REFUSED, "in the guest: the login shell of %s runs no commands: %s",
                   run->ssh->target->user != NULL ? run->ssh->target->user : "that user",
                   aq_guest_printable(aq_buffer_text(words), words->length, text));
}

static int conclude(const struct aq_ssh_run *run, struct aq_error *err)
{
    if (run->order->enough != NULL && *run->order->enough)
        return 0;
    if (run->problem != NULL)
        return fail_to_start(run, err);
    if (!run->streams[0].begun)
        return fail_without_mark(run, err);
    run->exit->signal = run->exited ? run->signal : 0;
    run->exit->exit_code = run->exited ? run->code : 128; /* a signal that SSH has no name for */
    if (run->exit->exit_code >= 0 && run->exit->exit_code <= 255)
        return 0;
    return aq_fail(err, AQ_E_GUEST_PROTOCOL, "the SSH server of %s gives an exit code of %d",
                   run->ssh->target->name, run->exit->exit_code);
}

/* Closes it here and waits a moment for the server to do so too: false when it does not. */
static bool close_channel(struct aq_ssh_run *run)
{
    struct aq_error ignored = {0};
    aq_deadline soon = aq_after_ms(CLOSING_MS);
    aq_interrupt_hold();
    run->finished = true;
    aq_ssh.ssh_channel_close(run->channel);
    while (!run->closed && aq_ms_left(soon) > 0) {
        int moved = aq_ssh_link_pump(run->ssh->link, &ignored);
        if (moved < 0 || (moved == 0 && aq_ssh_link_wait(run->ssh->link, -1, 0, soon, &ignored) < 0))
            break;
    }
    aq_interrupt_release();
    return run->closed;
}

/* A connection whose server holds on to the session is given up. */
void aq_ssh_finish(struct aq_ssh_run *run)
{
    aq_buffer_free(&run->pending);
    aq_buffer_free(&run->streams[0].head);
    aq_buffer_free(&run->streams[1].head);
    if (run->channel == NULL || run->ssh->link == NULL)
        return;
    bool given_back = !run->opened || close_channel(run);
    aq_ssh.ssh_channel_free(run->channel);
    if (!given_back)
        aq_ssh_leave(run->ssh);
}

/* Ends the command and its descendants through another session of the connection. */
static void kill_command(struct aq_ssh_run *run)
{
    char pid[24];
    struct aq_error ignored = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    snprintf(pid, sizeof pid, "%ld", run->pid);
    const char *const argv[] = {
        "/bin/sh", "-c", aq_script_kill, "address-qemu", run->mark, "/dev/null/none", pid, "sure", NULL};
    const struct aq_guest_exec exec = {.argv = argv, .deadline = aq_after_ms(GRACE_MS)};
    const struct aq_ssh_order order = {.exec = &exec, .ending = AQ_SSH_ABANDON, .late = AQ_E_TIMEOUT};
    aq_ssh_run(run->ssh, &order, &exit, &ignored);
}

/* Until the shell has said which process the command is. */
static bool await_pid(struct aq_ssh_run *run)
{
    struct aq_error ignored = {0};
    struct aq_ssh_order until = *run->order;
    const struct aq_ssh_order *whole = run->order;
    until.enough = &run->streams[AQ_STREAM_STDOUT].begun;
    run->order = &until;
    bool begun = follow(run, aq_after_ms(GRACE_MS), &ignored) > 0;
    run->order = whole;
    return begun;
}

/* Ends what has no more time, and takes what it says until then, as far as that comes within the grace time.
   A command that cannot be told to end has its guard: it ends with the connection. */
static void end_command(struct aq_ssh_run *run)
{
    struct aq_error ignored = {0};
    enum aq_ssh_ending ending = run->order->ending;
    if (run->ssh->link ==
        NULL) /* the channel went with the connection, which another session may have lost */
        run->channel = NULL;
    if (ending == AQ_SSH_ABANDON || run->channel == NULL)
        return;
    aq_interrupt_hold();
    if (ending == AQ_SSH_STARVE)
        aq_ssh_end_input(run);
    else if (run->started && await_pid(run) && run->pid > 0 && !run->exited)
        kill_command(run);
    if (run->ssh->link == NULL)
        run->channel = NULL; /* it went with the connection */
    else if (!run->started || follow(run, aq_after_ms(GRACE_MS), &ignored) == 0)
        aq_ssh_leave(run->ssh);
    aq_interrupt_release();
}

static int run_order(struct aq_ssh_channel *ssh, const struct aq_ssh_order *order, struct aq_guest_exit *exit,
                     struct aq_error *err)
{
    struct aq_ssh_run run = {.ssh = ssh, .order = order, .exit = exit};
    aq_deadline soon = aq_earlier(order->exec->deadline, aq_after_ms(AQ_GREET_MS));
    if (ssh->link == NULL && aq_channel_ready(&ssh->base, soon, err) < 0) /* given up since it was ready */
        return -1;
    int ended = aq_ssh_begin(&run, err);
    if (ended == 0)
        ended = follow(&run, order->exec->deadline, err);
    if (ended <= 0)
        end_command(&run);
    aq_ssh_side_close(run.side);
    if (ended == 0 && run.why.code != AQ_OK)
        aq_fail(err, run.why.code, "%s", run.why.text);
    else if (ended == 0)
        fail_late(&run, err);
    int result = ended > 0 ? conclude(&run, err) : -1;
    aq_ssh_finish(&run);
    return result;
}

int aq_ssh_run(struct aq_ssh_channel *ssh, const struct aq_ssh_order *order, struct aq_guest_exit *exit,
               struct aq_error *err)
{
    return run_order(ssh, order, exit, err) == 0 ? 0 : aq_ssh_blame(ssh, err);
}

int aq_ssh_exec(struct aq_channel *channel, const struct aq_guest_exec *exec, struct aq_guest_exit *exit,
                struct aq_error *err)
{
    const struct aq_ssh_order order = {.exec = exec, .ending = AQ_SSH_KILL, .late = AQ_E_COMMAND_TIMEOUT};
    return aq_ssh_run((struct aq_ssh_channel *)channel, &order, exit, err);
}
