/* SPDX-License-Identifier: MIT */
#include "qemu/launch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/files.h"

/* How much of QEMU's last words an error carries: it says little, and the end says why. */
#define TAIL_SIZE 1200

/* What is under way; released whole on failure. */
struct attempt {
    const struct aq_launch *launch;
    struct aq_strings argv;
    int sockets[AQ_QEMU_SOCKETS];
    struct aq_qmp *ahead; /* the monitor's connection on which commands wait for QEMU; NULL: there are none */
    bool given_up;        /* by the caller, not by QEMU */
    off_t log_start;      /* where this QEMU's words begin */
    struct aq_process_id id;
};

static void release_attempt(struct attempt *attempt)
{
    aq_strings_free(&attempt->argv);
    aq_qemu_sockets_close(attempt->sockets);
    aq_qmp_close(attempt->ahead);
}

static aq_deadline deadline_of(const struct attempt *attempt)
{
    return attempt->launch->deadline != 0 ? attempt->launch->deadline : AQ_FOREVER;
}

/* The command line as one that could be typed: an argument with anything special in it is quoted. */
static char *shell_command(const struct aq_strings *argv)
{
    aq_autobuffer struct aq_buffer text = {0};
    for (size_t i = 0; i < argv->count; i++) {
        const char *argument = argv->items[i];
        bool plain = argument[0] != '\0' && argument[strcspn(argument, " '\"\\$&|;<>()*?`{}[]!#~")] == '\0';
        if (i > 0)
            aq_buffer_add_char(&text, ' ');
        if (plain) {
            aq_buffer_add_text(&text, argument);
            continue;
        }
        aq_buffer_add_char(&text, '\'');
        for (; *argument != '\0'; argument++)
            if (*argument == '\'')
                aq_buffer_add_text(&text, "'\\''");
            else
                aq_buffer_add_char(&text, *argument);
        aq_buffer_add_char(&text, '\'');
    }
    return aq_strdup(aq_buffer_text(&text));
}

/* What QEMU wrote to its log since it was started: the end of it, whole lines, on one line. free() it. */
static char *last_words(const struct attempt *attempt)
{
    struct stat log;
    char tail[TAIL_SIZE + 1];
    if (fstat(attempt->launch->log_fd, &log) < 0)
        return aq_strdup("");
    off_t from = log.st_size - attempt->log_start > TAIL_SIZE ? log.st_size - TAIL_SIZE : attempt->log_start;
    ssize_t got = pread(attempt->launch->log_fd, tail, TAIL_SIZE, from);
    tail[got > 0 ? got : 0] = '\0';
    for (char *c = tail; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = *c == '\n' && c[1] != '\0' ? '|' : ' ';
    char *words = tail;
    if (from > attempt->log_start && strchr(tail, '|') != NULL)
        words = strchr(tail, '|') + 1;
    return aq_strdup(words);
}

/* Turns why there is no running QEMU into what the user is told. */
static int explain(const struct attempt *attempt, const struct aq_error *why, struct aq_error *err)
{
    if (why->code == AQ_E_INTERRUPTED || attempt->given_up)
        return aq_fail(err, why->code, "%s", why->text);
    aq_autofree char *words = last_words(attempt);
    aq_autofree char *command = shell_command(&attempt->argv);
    enum aq_error_code code = why->code == AQ_E_TIMEOUT ? AQ_E_TIMEOUT : AQ_E_QEMU_FAILED;
    const char *reason = why->code == AQ_E_VM_NOT_RUNNING ? "it ended" : why->text;
    return aq_fail(err, code, "QEMU did not start %s: %s. Its last words: %s. It was started as: %s",
                   attempt->launch->machine->name, reason, words[0] != '\0' ? words : "(none)", command);
}

/* Puts the command line into QEMU's log, in front of what it will say, and remembers where that begins. */
static int begin_log(struct attempt *attempt, struct aq_error *err)
{
    aq_autofree char *command = shell_command(&attempt->argv);
    aq_autofree char *line = aq_format("%s\n", command);
    struct stat log;
    if (aq_write_all(attempt->launch->log_fd, line, strlen(line), err) < 0)
        return -1;
    if (fstat(attempt->launch->log_fd, &log) < 0)
        return aq_fail(err, AQ_E_IO, "QEMU's log cannot be looked at");
    attempt->log_start = log.st_size;
    return 0;
}

static int prepare(struct attempt *attempt, struct aq_error *err)
{
    const struct aq_machine *machine = attempt->launch->machine;
    if (aq_machine_check(machine, err) < 0)
        return -1;
    aq_autofree char *program = aq_need_program(AQ_QEMU_PROGRAM, AQ_QEMU_PACKAGE, err);
    if (program == NULL)
        return -1;
    if (aq_qemu_sockets_make(attempt->launch->runtime_dir, attempt->sockets, err) < 0)
        return -1;
    struct aq_machine_start start = {.console = attempt->launch->console_fd,
                                     .cable = attempt->launch->cable_fd,
                                     .paused = attempt->launch->paused,
                                     .incoming = attempt->launch->incoming};
    memcpy(start.sockets, attempt->sockets, sizeof start.sockets);
    aq_machine_argv(machine, &start, program, &attempt->argv);
    return 0;
}

/* Starts the process; from here on the listening descriptors are QEMU's alone, so that its end closes them.
 */
static int spawn(struct attempt *attempt, struct aq_error *err)
{
    int keep[AQ_QEMU_SOCKETS + 4];
    unsigned kept = AQ_QEMU_SOCKETS;
    memcpy(keep, attempt->sockets, sizeof attempt->sockets);
    keep[kept++] = attempt->launch->console_fd;
    if (attempt->launch->state_fd > 0)
        keep[kept++] = attempt->launch->state_fd;
    if (attempt->launch->disk_folder_fd > 0)
        keep[kept++] = attempt->launch->disk_folder_fd;
    if (attempt->launch->machine->network)
        keep[kept++] = attempt->launch->cable_fd;
    if (begin_log(attempt, err) < 0)
        return -1;
    int (*begin)(const char *const *, int, const int *, unsigned, struct aq_process_id *, struct aq_error *) =
        attempt->launch->tied ? aq_process_tie : aq_process_detach;
    int started = begin((const char *const *)attempt->argv.items, attempt->launch->log_fd, keep, kept,
                        &attempt->id, err);
    aq_qemu_sockets_close(attempt->sockets);
    return started;
}

/* The sockets are there, so what QEMU is to do first can be written before it exists. */
static int send_ahead(struct attempt *attempt, struct aq_error *err)
{
    struct aq_qemu_connection connection;
    if (attempt->launch->ahead == NULL)
        return 0;
    if (aq_qemu_connect(attempt->launch->runtime_dir, AQ_QEMU_QMP, deadline_of(attempt), &connection, err) <
        0)
        return -1;
    attempt->ahead = aq_qmp_open_ahead(&connection, attempt->launch->ahead, err);
    return attempt->ahead != NULL ? 0 : -1;
}

static struct aq_qmp *confirm_ahead(struct attempt *attempt, struct aq_error *err)
{
    if (aq_qmp_take_ahead(attempt->ahead, attempt->launch->ahead, deadline_of(attempt), err) < 0)
        return NULL;
    return aq_steal_ptr(&attempt->ahead);
}

/* Speaks to it and looks whether it does what it was started for. */
static struct aq_qmp *confirm(struct attempt *attempt, struct aq_error *err)
{
    aq_deadline deadline = deadline_of(attempt);
    attempt->given_up =
        attempt->launch->meanwhile != NULL && attempt->launch->meanwhile(attempt->launch->data, err) < 0;
    if (attempt->given_up)
        return NULL;
    if (attempt->ahead != NULL)
        return confirm_ahead(attempt, err);
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(attempt->launch->runtime_dir, deadline, err);
    if (qmp == NULL)
        return NULL;
    aq_autofree char *status = aq_qmp_status(qmp, deadline, err);
    if (status == NULL)
        return NULL;
    const char *wanted = attempt->launch->incoming != NULL ? "inmigrate"
                         : attempt->launch->paused         ? "prelaunch"
                                                           : "running";
    if (strcmp(status, wanted) != 0) {
        aq_fail(err, AQ_E_QEMU_FAILED, "it is %s, not %s", status, wanted);
        return NULL;
    }
    return aq_steal_ptr(&qmp);
}

int aq_qemu_launch(const struct aq_launch *launch, struct aq_process_id *id, struct aq_qmp **qmp,
                   struct aq_error *err)
{
    aq_cleanup(release_attempt) struct attempt attempt = {.launch = launch};
    for (unsigned i = 0; i < AQ_QEMU_SOCKETS; i++)
        attempt.sockets[i] = -1;
    if (prepare(&attempt, err) < 0)
        return -1;
    if (send_ahead(&attempt, err) < 0 || spawn(&attempt, err) < 0) {
        aq_qemu_sockets_unlink(launch->runtime_dir);
        return -1;
    }
    struct aq_error why = {0};
    aq_autoqmp struct aq_qmp *made = confirm(&attempt, &why);
    if (made == NULL) {
        aq_qemu_kill(launch->runtime_dir, &attempt.id);
        return explain(&attempt, &why, err);
    }
    *id = attempt.id;
    if (qmp != NULL)
        *qmp = aq_steal_ptr(&made);
    return 0;
}
