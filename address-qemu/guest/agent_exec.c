/* SPDX-License-Identifier: MIT */
/*
 * guest-exec as such cuts captured output at 16 MiB and gives it only at the end, and leaves a command that
 * takes too long alone. So the command's output goes into two files, opened by us before it starts and
 * unlinked by it, which are read while it grows; and everything that the command starts is known by a
 * variable of its environment, or by its parents.
 */
#include "guest/agent_exec.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "guest/agent_files.h"
#include "guest/agent_side.h"
#include "guest/shell_scripts.h"
#include "util/base64.h"
#include "util/json.h"
#include "util/random.h"

#define FIRST_PAUSE_MS 3
#define LAST_PAUSE_MS 200
#define READ_SIZE (1024 * 1024)
#define PIECES_A_TURN 4
#define ANSWER_NS 5000000000LL
#define INPUT_SIZE (512 * 1024)
#define KILL_MS 20000
#define ID_SIZE 33

/* Both parents belong to root, so nobody else can have laid anything there. */
static const char folder_script[] =
    "for d in /var/lib /run; do\n"
    "  d=$d/address-qemu/agent\n"
    "  mkdir -p -m 700 \"$d\" 2>/dev/null && [ -w \"$d\" ] && echo \"$d\" && exit 0\n"
    "done\n"
    "exit 1\n";

/* $1: the working files' common name; $2: the mark; $3: the folder; $4: how many variables follow; then the
   command. What goes wrong before the command is told in a file, as any exit code may be the command's own.
 */
static const char launch_script[] =
    "f=$1 AQ_COMMAND=$2 folder=$3 n=$4; export AQ_COMMAND; shift 4\n"
    "export PATH=\"${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}\" "
    "HOME=\"${HOME:-/root}\"\n"
    "while [ \"$n\" -gt 0 ]; do export \"$1\"; shift; n=$((n-1)); done\n"
    "no() { echo \"$1\" >\"$f.no\"; rm -f \"$f.in\" \"$f.out\" \"$f.err\"; exit 127; }\n"
    "cd \"$folder\" 2>/dev/null || no folder\n"
    "command -v \"$1\" >/dev/null || { [ -e \"$1\" ] && no program; no absent; }\n"
    "[ -d \"$1\" ] && case $1 in */*) no program;; esac\n"
    "if [ -f \"$f.in\" ]; then exec <\"$f.in\"; else exec </dev/null; fi\n"
    "exec >>\"$f.out\" 2>>\"$f.err\"\n"
    "rm -f \"$f.in\" \"$f.out\" \"$f.err\"\n"
    "unset f folder n\n"
    "exec \"$@\"\n";

/* A command that is under way. */
struct run {
    struct aq_agent *agent;
    const struct aq_guest_exec *exec;
    struct aq_guest_exit *exit;
    char mark[ID_SIZE];
    char files[128]; /* the working files' common name */
    json_int_t handles[2];
    json_int_t pid;
    bool ended; /* and *exit says how */
    struct aq_buffer piece;
    struct aq_agent_side side;
    struct aq_error why; /* its side channel wants it to be ended */
};

/* What a turn of reading the output has come to; too much: there may be more at once. */
enum found { FOUND_FAILURE = -1, FOUND_NOTHING, FOUND_SOME, FOUND_TOO_MUCH };

/* NULL when there is something among them that JSON cannot carry. */
static json_t *shell_arguments(const char *script, const char *const *arguments, bool capture,
                               struct aq_error *err)
{
    json_t *list = json_pack("[s, s, s]", "-c", script, "address-qemu");
    for (const char *const *one = arguments; *one != NULL; one++) {
        if (json_array_append_new(list, json_string(*one)) == 0)
            continue;
        json_decref(list);
        aq_fail(err, AQ_E_VALUE_INVALID,
                "through the guest agent, commands and file names can only be UTF-8; the helper carries any "
                "bytes");
        return NULL;
    }
    return json_pack("{s:s, s:o, s:b}", "path", "/bin/sh", "arg", list, "capture-output", capture);
}

/* Starts a shell in the guest: its pid, -1. */
static json_int_t start_shell(struct aq_agent *agent, json_t *arguments, aq_deadline deadline,
                              struct aq_error *err)
{
    if (arguments == NULL)
        return -1;
    aq_autojson json_t *answer =
        aq_agent_call(agent, "guest-exec", arguments, AQ_AGENT_SMALL_ANSWER, deadline, err);
    if (answer == NULL)
        return -1;
    json_int_t pid = aq_json_int(answer, "pid", -1);
    return pid >= 0 ? pid
                    : aq_fail(err, AQ_E_GUEST_PROTOCOL, "the guest agent does not say what it has started");
}

static json_t *ask_status(struct aq_agent *agent, json_int_t pid, aq_deadline deadline, struct aq_error *err)
{
    return aq_agent_call(agent, "guest-exec-status", json_pack("{s:I}", "pid", pid), AQ_AGENT_SMALL_ANSWER,
                         deadline, err);
}

static aq_deadline lengthen(int64_t *pause)
{
    aq_deadline until = aq_after_ms(*pause);
    *pause = *pause * 2 > LAST_PAUSE_MS ? LAST_PAUSE_MS : *pause * 2;
    return until;
}

/* Waits for a shell that start_shell started with its output captured. */
static int wait_for_script(struct aq_agent *agent, json_int_t pid, struct aq_buffer *output,
                           aq_deadline deadline, struct aq_error *err)
{
    for (int64_t pause = FIRST_PAUSE_MS;;) {
        aq_autojson json_t *status = ask_status(agent, pid, deadline, err);
        if (status == NULL)
            return -1;
        if (aq_json_bool(status, "exited", false)) {
            const char *out = aq_json_text(status, "out-data", "");
            const char *errors = aq_json_text(status, "err-data", "");
            if (!aq_base64_decode(out, strlen(out), output) ||
                !aq_base64_decode(errors, strlen(errors), output))
                return aq_fail(err, AQ_E_GUEST_PROTOCOL, "the guest agent sends output that is not base64");
            return (int)(aq_json_int(status, "exitcode", 255) & 255);
        }
        if (aq_ms_left(deadline) == 0)
            return aq_fail(err, AQ_E_TIMEOUT, "the guest did not finish within the timeout");
        if (aq_sleep_until(lengthen(&pause), err) < 0)
            return -1;
    }
}

int aq_agent_run_script(struct aq_agent *agent, const char *script, const char *const *arguments,
                        struct aq_buffer *output, aq_deadline deadline, struct aq_error *err)
{
    json_int_t pid = start_shell(agent, shell_arguments(script, arguments, true, err), deadline, err);
    return pid < 0 ? -1 : wait_for_script(agent, pid, output, deadline, err);
}

/* A folder that only root can enter, made once a channel. */
static int need_folder(struct aq_agent *agent, aq_deadline deadline, struct aq_error *err)
{
    static const char *const none[] = {NULL};
    aq_autobuffer struct aq_buffer output = {0};
    if (agent->folder[0] != '\0')
        return 0;
    int code = aq_agent_run_script(agent, folder_script, none, &output, deadline, err);
    if (code < 0)
        return -1;
    const char *text = aq_buffer_text(&output);
    size_t length = strcspn(text, "\n");
    if (code != 0 || text[0] != '/' || length >= sizeof agent->folder)
        return aq_fail(err, AQ_E_GUEST_REFUSED, "in the guest: no folder for working files can be made");
    memcpy(agent->folder, text, length);
    agent->folder[length] = '\0';
    return 0;
}

static json_int_t open_working_file(const struct run *run, const char *suffix, const char *mode,
                                    struct aq_error *err)
{
    char path[160];
    snprintf(path, sizeof path, "%s%s", run->files, suffix);
    return aq_agent_open(run->agent, path, mode, run->exec->deadline, err);
}

static int copy_input(const struct run *run, json_int_t handle, struct aq_error *err)
{
    const struct aq_guest_exec *exec = run->exec;
    aq_autofree char *piece = aq_alloc(INPUT_SIZE);
    ssize_t got;
    for (uint64_t position = 0; (got = aq_guest_input(exec, position, piece, INPUT_SIZE, err)) > 0;
         position += (uint64_t)got)
        if (aq_agent_write(run->agent, handle, piece, (size_t)got, exec->deadline, err) < 0)
            return -1;
    return (int)got;
}

static int place_input(const struct run *run, struct aq_error *err)
{
    const struct aq_guest_exec *exec = run->exec;
    if (exec->input_fd <= 0 && exec->read_input == NULL && (exec->input == NULL || exec->input_length == 0))
        return 0;
    json_int_t handle = open_working_file(run, ".in", "w", err);
    if (handle < 0)
        return -1;
    int result = copy_input(run, handle, err);
    aq_agent_close(run->agent, handle);
    return result;
}

static int launch(struct run *run, struct aq_error *err)
{
    aq_autostrings struct aq_strings words = {0};
    size_t variables = 0;
    while (run->exec->environment != NULL && run->exec->environment[variables] != NULL)
        variables++;
    aq_strings_add(&words, run->files);
    aq_strings_add(&words, run->mark);
    aq_strings_add(&words, run->exec->working_dir == NULL ? "/" : run->exec->working_dir);
    aq_strings_format(&words, "%zu", variables + 1);
    aq_strings_format(&words, AQ_SIDE_VARIABLE "=%s%s", run->exec->side != NULL ? AQ_SIDE_BY_FILE : "",
                      run->exec->side != NULL ? run->files : "");
    for (size_t i = 0; i < variables; i++)
        aq_strings_add(&words, run->exec->environment[i]);
    for (size_t i = 0; run->exec->argv[i] != NULL; i++)
        aq_strings_add(&words, run->exec->argv[i]);
    json_t *arguments = shell_arguments(launch_script, (const char *const *)words.items, false, err);
    run->pid = start_shell(run->agent, arguments, run->exec->deadline, err);
    return run->pid < 0 ? -1 : 0;
}

/* A turn's share of one stream: the other stream, the deadline and the command's end have their turn too,
   however fast it is written. */
static enum found pass_stream(struct run *run, enum aq_stream stream, aq_deadline deadline,
                              struct aq_error *err)
{
    enum found found = FOUND_NOTHING;
    json_int_t handle = run->handles[stream == AQ_STREAM_STDERR];
    for (int piece = 0; piece < PIECES_A_TURN; piece++) {
        aq_buffer_clear(&run->piece);
        ssize_t got = aq_agent_read(run->agent, handle, READ_SIZE, &run->piece, deadline, err);
        if (got < 0)
            return FOUND_FAILURE;
        if (got == 0)
            return found;
        if (aq_guest_output(run->exec, run->exit, stream, run->piece.data, (size_t)got, &run->why) < 0)
            return FOUND_NOTHING;
        found = FOUND_SOME;
        if (got < READ_SIZE)
            return found;
    }
    return FOUND_TOO_MUCH;
}

static enum found pass_output(struct run *run, aq_deadline deadline, struct aq_error *err)
{
    enum found out = pass_stream(run, AQ_STREAM_STDOUT, deadline, err);
    enum found errors =
        out == FOUND_FAILURE ? FOUND_FAILURE : pass_stream(run, AQ_STREAM_STDERR, deadline, err);
    enum found most = errors == FOUND_FAILURE || errors > out ? errors : out;
    if (most == FOUND_FAILURE || run->exec->side == NULL)
        return most;
    int said = aq_agent_side_turn(&run->side, &run->why, deadline, err);
    return said < 0 ? FOUND_FAILURE : said > 0 && most == FOUND_NOTHING ? FOUND_SOME : most;
}

/* Why the command was not even started, if it was not. */
static int check_launch(struct run *run, struct aq_error *err)
{
    struct aq_error ignored = {0};
    json_int_t handle = run->exit->exit_code != 127 ? -1 : open_working_file(run, ".no", "r", &ignored);
    if (handle < 0)
        return 0;
    const char *const arguments[] = {run->files, NULL};
    aq_buffer_clear(&run->piece);
    aq_agent_read(run->agent, handle, 64, &run->piece, run->exec->deadline, &ignored);
    aq_agent_close(run->agent, handle);
    aq_agent_run_script(run->agent, "rm -f \"$1.no\"", arguments, &run->piece, run->exec->deadline, &ignored);
    const char *what = aq_buffer_text(&run->piece);
    if (strncmp(what, "folder", 6) == 0)
        return aq_fail(err, AQ_E_GUEST_FILE_NOT_FOUND, "in the guest: cannot change to the working folder %s",
                       run->exec->working_dir);
    if (strncmp(what, "absent", 6) == 0)
        return aq_fail(err, AQ_E_GUEST_FILE_NOT_FOUND, "in the guest: %s: there is no such program",
                       run->exec->argv[0]);
    return aq_fail(err, AQ_E_GUEST_REFUSED, "in the guest: %s: cannot be executed", run->exec->argv[0]);
}

static int take_status(struct run *run, const json_t *status, struct aq_error *err)
{
    json_int_t number = aq_json_int(status, "signal", 0);
    json_int_t code = aq_json_int(status, "exitcode", number > 0 ? 128 + number : 256);
    if (number < 0 || number > 127 || code < 0 || code > 255)
        return aq_fail(err, AQ_E_GUEST_PROTOCOL, "the guest agent does not say how the command ended");
    run->exit->exit_code = (int)code;
    run->exit->signal = (int)number;
    return 0;
}

static int check_exit(struct run *run, aq_deadline deadline, struct aq_error *err)
{
    if (run->ended) /* the agent says so once, and forgets the process */
        return 0;
    aq_autojson json_t *status = ask_status(run->agent, run->pid, deadline, err);
    if (status == NULL)
        return -1;
    run->ended = aq_json_bool(status, "exited", false);
    return run->ended ? take_status(run, status, err) : 0;
}

/* Follows the command to its end: 1, 0 the deadline has come, -1. */
static int follow(struct run *run, aq_deadline deadline, struct aq_error *err)
{
    /* An answer that is under way at the deadline is waited for, as what it carries is not given again. */
    aq_deadline last_answer = deadline > AQ_FOREVER - ANSWER_NS ? AQ_FOREVER : deadline + ANSWER_NS;
    for (int64_t pause = FIRST_PAUSE_MS;;) {
        struct aq_error why = {0};
        enum found found =
            check_exit(run, last_answer, &why) < 0 ? FOUND_FAILURE : pass_output(run, last_answer, &why);
        if (found == FOUND_FAILURE && why.code == AQ_E_TIMEOUT)
            return 0;
        if (found == FOUND_FAILURE) {
            *err = why;
            return -1;
        }
        if (run->ended && found != FOUND_TOO_MUCH)
            return 1;
        if (aq_ms_left(deadline) == 0 || run->why.code != AQ_OK)
            return 0;
        if (found != FOUND_NOTHING)
            pause = FIRST_PAUSE_MS;
        aq_deadline until = found == FOUND_TOO_MUCH ? aq_now() : lengthen(&pause);
        if (aq_sleep_until(until < deadline ? until : deadline, err) < 0)
            return -1;
    }
}

static void describe_for_kill(const struct run *run, char pid[24], const char *arguments[4])
{
    snprintf(pid, 24, "%lld", (long long)run->pid);
    arguments[0] = run->mark;
    arguments[1] = run->files;
    arguments[2] = pid;
    arguments[3] = NULL;
}

/* At the deadline, or when its side channel says so: ends it, and takes what it said until then, as far as
 * that comes within the grace time. */
static int end_command(struct run *run, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer output = {0};
    char pid[24];
    const char *arguments[4];
    aq_deadline grace = aq_after_ms(KILL_MS);
    struct aq_error why = run->why;
    run->why = (struct aq_error){0};
    aq_agent_side_close(&run->side);
    describe_for_kill(run, pid, arguments);
    if (aq_agent_run_script(run->agent, aq_script_kill, arguments, &output, grace, err) < 0 ||
        follow(run, grace, err) < 0)
        return -1;
    if (why.code != AQ_OK)
        return aq_fail(err, why.code, "%s", why.text);
    return aq_fail(err, AQ_E_COMMAND_TIMEOUT,
                   "the command in the guest took longer than its timeout and was ended, its children too");
}

/* When nothing can be waited for any more, the order to end it is sent all the same. */
static void abandon(struct run *run)
{
    struct aq_error ignored = {0};
    char pid[24];
    const char *arguments[4];
    describe_for_kill(run, pid, arguments);
    aq_agent_send_blindly(run->agent, "guest-exec",
                          shell_arguments(aq_script_kill, arguments, false, &ignored));
}

static int run_command(struct run *run, struct aq_error *err)
{
    int ended = -1;
    if (place_input(run, err) == 0 && (run->handles[0] = open_working_file(run, ".out", "w+", err)) >= 0 &&
        (run->handles[1] = open_working_file(run, ".err", "w+", err)) >= 0 &&
        aq_agent_side_open(&run->side, run->agent, run->exec, run->files, err) == 0 && launch(run, err) == 0)
        ended = follow(run, run->exec->deadline, err);
    if (ended < 0)
        abandon(run);
    if (ended == 0)
        return end_command(run, err);
    return ended < 0 ? -1 : check_launch(run, err);
}

int aq_agent_exec(struct aq_channel *channel, const struct aq_guest_exec *exec, struct aq_guest_exit *exit,
                  struct aq_error *err)
{
    struct run run = {.agent = (struct aq_agent *)channel,
                      .exec = exec,
                      .exit = exit,
                      .handles = {-1, -1},
                      .pid = -1,
                      .side = AQ_AGENT_SIDE_NONE};
    if (need_folder(run.agent, exec->deadline, err) < 0)
        return -1;
    aq_random_name(run.mark, sizeof run.mark);
    snprintf(run.files, sizeof run.files, "%s/%s", run.agent->folder, run.mark);
    int result = run_command(&run, err);
    for (int i = 0; i < 2; i++)
        if (run.handles[i] >= 0)
            aq_agent_close(run.agent, run.handles[i]);
    aq_agent_side_close(&run.side);
    aq_buffer_free(&run.piece);
    return result;
}
