/* SPDX-License-Identifier: MIT */
/*
 * Commands on the console. Each is a job of our loop's, in the background, with files for all its streams: so
 * what it writes is exact, whatever else is written to the console, and is fetched while it grows.
 */
#include <string.h>

#include "guest/serial_channel.h"
#include "guest/shell_scripts.h"
#include "util/random.h"

enum {
    FIRST_PAUSE_MS = 20,
    LAST_PAUSE_MS = 500,
    PIECES_A_TURN = 8,
    KILL_MS = 30000,
    INPUT_PIECE = 64 * 1024,
    SCRIPT_OUTPUT = 64 * 1024,
    MARK = 27,
};

struct job {
    struct aq_serial *serial;
    const struct aq_guest_exec *exec;
    struct aq_guest_exit *exit;
    unsigned number;
    char mark[MARK];
    unsigned long long read[2];
    long pid;
    struct aq_error why; /* of whoever takes its output */
};

/* What is known of it. */
struct job_state {
    unsigned long long size[2];
    int code; /* -1: it runs */
};

static char *file_of(const struct job *job, const char *suffix)
{
    return aq_format("%s/%u.%s", job->serial->folder, job->number, suffix);
}

static void add_quoted(struct aq_buffer *script, const char *text)
{
    aq_buffer_add_char(script, '\'');
    for (; *text != '\0'; text++)
        if (*text == '\'')
            aq_buffer_add_text(script, "'\\''");
        else
            aq_buffer_add_char(script, *text);
    aq_buffer_add_text(script, "' ");
}

static void add_words(struct aq_buffer *script, const char *before, const char *const *words)
{
    aq_buffer_add_text(script, before);
    for (; *words != NULL; words++)
        add_quoted(script, *words);
    aq_buffer_add_char(script, '\n');
}

/* The command as a script; what goes wrong before it runs is told in a file, as any exit code may be its own.
 */
static void write_script(const struct job *job, struct aq_buffer *script)
{
    const struct aq_guest_exec *exec = job->exec;
    const char *const folder[] = {exec->working_dir == NULL ? "/" : exec->working_dir, NULL};
    aq_buffer_format(script,
                     "no() { echo $1 >%s/%u.n; exit 127; }\nunset LC_ALL AQ_SERIAL\n"
                     "export AQ_COMMAND=%s HOME=\"${HOME:-/root}\" "
                     "PATH=\"${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}\"\n",
                     job->serial->folder, job->number, job->mark);
    if (exec->environment != NULL && exec->environment[0] != NULL)
        add_words(script, "export ", exec->environment);
    add_words(script, "cd -- 2>/dev/null ", folder);
    script->data[--script->length] = '\0'; /* the end of the line */
    aq_buffer_add_text(script, "|| no folder\n");
    add_words(script, "set -- ", exec->argv);
    aq_buffer_add_text(script, "command -v \"$1\" >/dev/null || { [ -e \"$1\" ] && no program; no absent; }\n"
                               "case $1 in */*) [ -f \"$1\" ] && [ -x \"$1\" ] || no program ;; esac\n"
                               "exec \"$@\"\n");
}

static int place_input(const struct job *job, struct aq_error *err)
{
    const struct aq_guest_exec *exec = job->exec;
    aq_autofree char *path = file_of(job, "i"), *piece = aq_alloc(INPUT_PIECE);
    uint64_t at = 0;
    ssize_t got;
    while ((got = aq_guest_input(exec, at, piece, INPUT_PIECE, err)) > 0) {
        if (aq_serial_append(job->serial, path, at, piece, (size_t)got, exec->deadline, err) < 0)
            return -1;
        at += (uint64_t)got;
    }
    return (int)got;
}

static int ask(const struct job *job, const char *line, struct aq_buffer *answer, aq_deadline deadline,
               struct aq_error *err)
{
    aq_autofree char *whole = aq_format("j=\"$d/%u\";%s", job->number, line);
    return aq_serial_ask(job->serial, whole, answer, deadline, err);
}

static int start(struct job *job, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer script = {0}, made = {0}, started = {0};
    aq_autofree char *path = file_of(job, "s");
    write_script(job, &script);
    if (ask(job, "[ -e \"$j.o\" ]||for e in s i o e;do : >\"$j.$e\";done;a $([ -e \"$j.e\" ]&&echo ok)",
            &made, job->exec->deadline, err) < 0)
        return -1;
    if (strcmp(aq_buffer_text(&made), "ok") != 0)
        return aq_fail(err, AQ_E_GUEST_REFUSED, "in the guest: no file can be made in %s",
                       job->serial->folder);
    if (aq_serial_append(job->serial, path, 0, script.data, script.length, job->exec->deadline, err) < 0 ||
        place_input(job, err) < 0)
        return -1;
    aq_autofree char *line = aq_format(
        "[ \"$k\" = %u ]||{ k=%u;({ $(command -v setsid) /bin/sh \"$j.s\";} <\"$j.i\" >\"$j.o\" 2>\"$j.e\";"
        "echo $? >\"$j.t\";mv \"$j.t\" \"$j.r\")& };a $!",
        job->number, job->number);
    if (ask(job, line, &started, job->exec->deadline, err) < 0)
        return -1;
    job->pid = strtol(aq_buffer_text(&started), NULL, 10);
    return job->pid > 1 ? 0 : aq_fail(err, AQ_E_GUEST_PROTOCOL, "the shell does not say what it has started");
}

static int look(const struct job *job, struct job_state *state, aq_deadline deadline, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer answer = {0};
    if (ask(job, "r=$(cat \"$j.r\" 2>/dev/null);a $(($(wc -c <\"$j.o\"))) $(($(wc -c <\"$j.e\"))) ${r:--1}",
            &answer, deadline, err) < 0)
        return -1;
    if (sscanf(aq_buffer_text(&answer), "%llu %llu %d", &state->size[0], &state->size[1], &state->code) ==
            3 &&
        state->code >= -1 && state->code <= 255)
        return 0;
    return aq_fail(err, AQ_E_GUEST_PROTOCOL, "the shell does not say what has become of the command");
}

/* A turn's share of a stream: 1 there is more, 0, -1. */
static int pass_stream(struct job *job, enum aq_stream stream, unsigned long long size, aq_deadline deadline,
                       struct aq_error *err)
{
    unsigned long long *read = &job->read[stream == AQ_STREAM_STDERR];
    aq_autofree char *path = file_of(job, stream == AQ_STREAM_STDERR ? "e" : "o");
    for (int piece = 0; piece < PIECES_A_TURN && *read < size; piece++) {
        aq_autobuffer struct aq_buffer data = {0};
        ssize_t got = aq_serial_read(job->serial, path, *read, AQ_SERIAL_PIECE, &data, deadline, err);
        if (got < 0)
            return -1;
        *read += (unsigned long long)got;
        if (aq_guest_output(job->exec, job->exit, stream, aq_buffer_text(&data), data.length, &job->why) <
                0 ||
            got == 0)
            return 0;
    }
    return *read < size;
}

/* What a turn has come to. */
enum turn { TURN_FAILED = -1, TURN_LATE, TURN_IDLE, TURN_BUSY, TURN_ENDED };

/* Looks at the command once and takes a share of what it has written. */
static enum turn take_turn(struct job *job, aq_deadline deadline, struct aq_error *err)
{
    struct job_state state;
    unsigned long long before = job->read[0] + job->read[1];
    int out = look(job, &state, deadline, err);
    if (out == 0)
        out = pass_stream(job, AQ_STREAM_STDOUT, state.size[0], deadline, err);
    int errors = out < 0 ? -1 : pass_stream(job, AQ_STREAM_STDERR, state.size[1], deadline, err);
    if (errors < 0)
        return err->code == AQ_E_TIMEOUT ? TURN_LATE : TURN_FAILED;
    if (job->why.code != AQ_OK)
        return TURN_LATE;
    if (out == 0 && errors == 0 && state.code >= 0) {
        job->exit->exit_code = state.code;
        job->exit->signal = state.code > 128 && state.code < 160 ? state.code - 128 : 0;
        return TURN_ENDED;
    }
    if (aq_ms_left(deadline) == 0)
        return TURN_LATE;
    return job->read[0] + job->read[1] > before ? TURN_BUSY : TURN_IDLE;
}

/* Follows it to its end: 1, 0 it is to be ended, -1. */
static int follow(struct job *job, aq_deadline deadline, struct aq_error *err)
{
    for (int64_t pause = FIRST_PAUSE_MS;;) {
        switch (take_turn(job, deadline, err)) {
        case TURN_FAILED:
            return -1;
        case TURN_LATE:
            return 0;
        case TURN_ENDED:
            return 1;
        case TURN_BUSY:
            pause = FIRST_PAUSE_MS;
            continue;
        case TURN_IDLE:
            break;
        }
        if (aq_sleep_until(aq_earlier(deadline, aq_after_ms(pause)), err) < 0)
            return -1;
        pause = pause * 2 > LAST_PAUSE_MS ? LAST_PAUSE_MS : pause * 2;
    }
}

/* Ends it with all that it has started; also after an interruption. */
static void end_job(const struct job *job)
{
    struct aq_error ignored = {0};
    aq_autobuffer struct aq_buffer output = {0};
    aq_autofree char *files = file_of(job, "x"), *pid = aq_format("%ld", job->pid);
    const char *const arguments[] = {job->mark, files, pid, "sure", NULL};
    aq_interrupt_hold();
    aq_serial_run_script(job->serial, aq_script_kill, arguments, &output, aq_after_ms(KILL_MS), &ignored);
    aq_interrupt_release();
}

static void forget_job(const struct job *job)
{
    struct aq_error ignored = {0};
    aq_autobuffer struct aq_buffer answer = {0};
    aq_interrupt_hold();
    ask(job, "rm -f \"$j\".*;a ok", &answer, aq_after_ms(KILL_MS), &ignored);
    aq_interrupt_release();
}

/* Why it was not even started, if it was not. */
static int check_start(const struct job *job, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer word = {0};
    if (job->exit->exit_code != 127)
        return 0;
    if (ask(job, "a $(cat \"$j.n\" 2>/dev/null)", &word, job->exec->deadline, err) < 0)
        return -1;
    const char *what = aq_buffer_text(&word);
    if (strcmp(what, "folder") == 0)
        return aq_fail(err, AQ_E_GUEST_FILE_NOT_FOUND, "in the guest: cannot change to the working folder %s",
                       job->exec->working_dir);
    if (strcmp(what, "absent") == 0)
        return aq_fail(err, AQ_E_GUEST_FILE_NOT_FOUND, "in the guest: %s: there is no such program",
                       job->exec->argv[0]);
    return what[0] == '\0'
               ? 0
               : aq_fail(err, AQ_E_GUEST_REFUSED, "in the guest: %s: cannot be executed", job->exec->argv[0]);
}

static int run(struct job *job, struct aq_error *err)
{
    struct aq_error why = {0};
    int ended = start(job, &why) < 0 ? -1 : follow(job, job->exec->deadline, &why);
    if (ended <= 0 && job->pid > 0)
        end_job(job);
    if (ended > 0)
        return check_start(job, err);
    if (ended < 0 && why.code != AQ_E_TIMEOUT)
        return aq_fail(err, why.code, "%s", why.text);
    if (job->why.code != AQ_OK)
        return aq_fail(err, job->why.code, "%s", job->why.text);
    return aq_fail(err, AQ_E_COMMAND_TIMEOUT,
                   "the command in the guest took longer than its timeout and was ended, its children too");
}

int aq_serial_exec(struct aq_channel *channel, const struct aq_guest_exec *exec, struct aq_guest_exit *exit,
                   struct aq_error *err)
{
    static unsigned jobs; /* numbers are not used again */
    if (exec->side != NULL)
        return aq_fail(err, AQ_E_NOT_SUPPORTED, "CHECKPOINT cannot be answered through the console");
    struct job job = {.serial = (struct aq_serial *)channel, .exec = exec, .exit = exit, .number = ++jobs};
    aq_random_name(job.mark, sizeof job.mark);
    int result = run(&job, err);
    forget_job(&job);
    return result;
}

int aq_serial_run_script(struct aq_serial *serial, const char *script, const char *const *arguments,
                         struct aq_buffer *output, aq_deadline deadline, struct aq_error *err)
{
    const char *argv[16] = {"/bin/sh", "-c", script, "address-qemu"};
    for (size_t i = 0; arguments[i] != NULL && i < 11; i++)
        argv[4 + i] = arguments[i];
    const struct aq_guest_exec exec = {.argv = argv, .deadline = deadline, .capture_limit = SCRIPT_OUTPUT};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    if (aq_serial_exec(&serial->base, &exec, &exit, err) < 0)
        return -1;
    aq_buffer_add(output, aq_buffer_text(&exit.output), exit.output.length);
    aq_buffer_add(output, aq_buffer_text(&exit.errors), exit.errors.length);
    return exit.exit_code;
}
