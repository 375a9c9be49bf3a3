/* SPDX-License-Identifier: MIT */
#include "qemu/qmp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "util/json.h"
#include "util/json_lines.h"
#include "util/memory.h"

/* query-qmp-schema, the longest answer there is, has about 0.2 MiB. */
#define MAX_LINE (4 << 20)

/* Events that nobody waits for are dropped, the oldest first. */
#define MAX_EVENTS 256

/* How many spoilt connections are passed over. */
#define CONNECT_TRIES 4

struct aq_qmp {
    struct aq_qemu_connection connection;
    struct aq_json_lines lines;
    json_t *events; /* an array, oldest first */
    json_int_t last_id;
    aq_qmp_progress *progress;
    void *progress_data;
};

int aq_qmp_descriptor(const struct aq_qmp *qmp)
{
    return qmp->connection.fd;
}

void aq_qmp_on_progress(struct aq_qmp *qmp, aq_qmp_progress *progress, void *data)
{
    qmp->progress = progress;
    qmp->progress_data = data;
}

void aq_qmp_tell_progress(struct aq_qmp *qmp, uint64_t done, uint64_t total)
{
    if (qmp->progress != NULL)
        qmp->progress(qmp->progress_data, done, total);
}

void aq_qmp_close(struct aq_qmp *qmp)
{
    if (qmp == NULL)
        return;
    aq_qemu_disconnect(&qmp->connection);
    aq_json_lines_free(&qmp->lines);
    json_decref(qmp->events);
    free(qmp);
}

/* Reads the next message: 1, 0 at the deadline, -1 on error. What is not the protocol is QMP_FAILED. */
static int read_message(struct aq_qmp *qmp, aq_deadline deadline, json_t **message, struct aq_error *err)
{
    struct aq_error why = {0};
    switch (aq_json_lines_read(&qmp->lines, deadline, message, &why)) {
    case AQ_JSON_OBJECT:
        return 1;
    case AQ_JSON_DEADLINE:
        return 0;
    case AQ_JSON_ENDED:
        return aq_fail(err, AQ_E_VM_NOT_RUNNING, "QEMU closed its monitor: the VM has ended");
    case AQ_JSON_BAD:
        return aq_fail(err, AQ_E_QMP_FAILED, "QEMU's monitor sent what is not its protocol: %s", why.text);
    default:
        return aq_fail(err, why.code, "QEMU's monitor: %s", why.text);
    }
}

/* Queues the message if it is an event; its reference is consumed then. */
static bool keep_event(struct aq_qmp *qmp, json_t *message)
{
    if (!json_is_string(json_object_get(message, "event")))
        return false;
    if (json_array_size(qmp->events) >= MAX_EVENTS)
        json_array_remove(qmp->events, 0);
    json_array_append_new(qmp->events, message);
    return true;
}

static int fail_command(const json_t *error, const char *name, struct aq_error *err)
{
    const char *reason = aq_json_text(error, "desc", "no reason given");
    bool full = strstr(reason, strerror(ENOSPC)) != NULL;
    return aq_fail(err, full ? AQ_E_NO_SPACE : AQ_E_QMP_FAILED, "QEMU refused %s: %s (%s)", name, reason,
                   aq_json_text(error, "class", "no class"));
}

/* The answer to command `id`; events are queued on the way and late answers to earlier commands dropped. */
static int read_answer(struct aq_qmp *qmp, const char *name, json_int_t id, aq_deadline deadline,
                       json_t **answer, struct aq_error *err)
{
    for (;;) {
        json_t *read = NULL;
        int came = read_message(qmp, deadline, &read, err);
        if (came < 0)
            return aq_error_context(err, "%s", name);
        bool late = came == 0 || aq_ms_left(deadline) == 0;
        if (came > 0 && keep_event(qmp, read))
            read = NULL;
        aq_autojson json_t *message = read;
        const json_t *error = json_object_get(message, "error");
        json_t *value = json_object_get(message, "return");
        json_int_t answered = aq_json_int(message, "id", -1);
        if (message != NULL && (error == NULL) == (value == NULL))
            return aq_fail(err, AQ_E_QMP_FAILED, "%s: QEMU's monitor sent neither an event nor an answer",
                           name);
        if (error != NULL &&
            (answered == id || answered == -1)) /* without an id when QEMU could not read ours */
            return fail_command(error, name, err);
        if (value != NULL && answered == id) {
            if (answer != NULL)
                *answer = json_incref(value);
            return 0;
        }
        if (message != NULL && (answered < 0 || answered >= id))
            return aq_fail(err, AQ_E_QMP_FAILED, "%s: QEMU's monitor answered what was not asked", name);
        if (late)
            return aq_fail(err, AQ_E_TIMEOUT, "%s: QEMU's monitor did not answer in time", name);
    }
}

/* Consumes the arguments; the id is qmp->last_id then. */
static int send_command(struct aq_qmp *qmp, const char *name, json_t *arguments, aq_deadline deadline,
                        struct aq_error *err)
{
    aq_autojson json_t *command = json_pack("{s:s, s:I}", "execute", name, "id", ++qmp->last_id);
    if (arguments != NULL)
        json_object_set_new(command, "arguments", arguments);
    struct aq_error why = {0};
    if (aq_json_lines_write(qmp->connection.fd, command, deadline, &why) == 0)
        return 0;
    if (why.code == AQ_E_IO) /* EPIPE: nobody is there any more */
        return aq_fail(err, AQ_E_VM_NOT_RUNNING, "%s: QEMU closed its monitor: the VM has ended", name);
    return aq_fail(err, why.code, "%s: QEMU's monitor: %s", name, why.text);
}

int aq_qmp_command(struct aq_qmp *qmp, const char *name, json_t *arguments, aq_deadline deadline,
                   json_t **answer, struct aq_error *err)
{
    if (send_command(qmp, name, arguments, deadline, err) < 0)
        return -1;
    return read_answer(qmp, name, qmp->last_id, deadline, answer, err);
}

int aq_qmp_tell(struct aq_qmp *qmp, const char *name, json_t *arguments, aq_deadline deadline,
                struct aq_error *err)
{
    return send_command(qmp, name, arguments, deadline, err);
}

static int read_greeting(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err)
{
    aq_autojson json_t *greeting = NULL;
    int came = read_message(qmp, deadline, &greeting, err);
    if (came < 0)
        return -1;
    if (came == 0)
        return aq_fail(err, AQ_E_TIMEOUT, "QEMU's monitor did not greet in time");
    if (!json_is_object(json_object_get(greeting, "QMP")))
        return aq_fail(err, AQ_E_QMP_FAILED,
                       "what answers on the monitor's socket does not greet as QEMU does");
    return 0;
}

static struct aq_qmp *take_connection(struct aq_qemu_connection *connection)
{
    struct aq_qmp *qmp = aq_alloc(sizeof *qmp);
    qmp->connection = *connection;
    *connection = AQ_QEMU_UNCONNECTED;
    qmp->lines = (struct aq_json_lines){.fd = qmp->connection.fd, .max = MAX_LINE};
    qmp->events = json_array();
    return qmp;
}

struct aq_qmp *aq_qmp_open(struct aq_qemu_connection *connection, aq_deadline deadline, struct aq_error *err)
{
    aq_autoqmp struct aq_qmp *qmp = take_connection(connection);
    if (read_greeting(qmp, deadline, err) < 0 ||
        aq_qmp_command(qmp, "qmp_capabilities", NULL, deadline, NULL, err) < 0)
        return NULL;
    return aq_steal_ptr(&qmp);
}

/* The descriptor goes with the command's first byte. */
int aq_qmp_give_fd(struct aq_qmp *qmp, int fd, const char *name, aq_deadline deadline, struct aq_error *err)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof fd)];
    } control = {0};
    struct iovec blank = {.iov_base = (char[]){' '}, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &blank, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(rights), &fd, sizeof fd);
    if (sendmsg(qmp->connection.fd, &message, MSG_NOSIGNAL) != 1)
        return aq_fail_errno(err, AQ_E_VM_NOT_RUNNING, errno, "getfd: QEMU's monitor takes no descriptor");
    return aq_qmp_command(qmp, "getfd", json_pack("{s:s}", "fdname", name), deadline, NULL, err);
}

/* What fits into the socket's buffer, and so need not be waited for. */
#define AHEAD_MS 1000

struct aq_qmp *aq_qmp_open_ahead(struct aq_qemu_connection *connection, const json_t *commands,
                                 struct aq_error *err)
{
    aq_autoqmp struct aq_qmp *qmp = take_connection(connection);
    aq_deadline deadline = aq_after_ms(AHEAD_MS);
    if (send_command(qmp, "qmp_capabilities", NULL, deadline, err) < 0)
        return NULL;
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const json_t *command = json_array_get(commands, i);
        json_t *arguments = json_incref(json_object_get(command, "arguments"));
        if (send_command(qmp, aq_json_text(command, "execute", ""), arguments, deadline, err) < 0)
            return NULL;
    }
    return aq_steal_ptr(&qmp);
}

int aq_qmp_take_ahead(struct aq_qmp *qmp, const json_t *commands, aq_deadline deadline, struct aq_error *err)
{
    if (read_greeting(qmp, deadline, err) < 0 ||
        read_answer(qmp, "qmp_capabilities", 1, deadline, NULL, err) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(commands); i++)
        if (read_answer(qmp, aq_json_text(json_array_get(commands, i), "execute", ""), (json_int_t)i + 2,
                        deadline, NULL, err) < 0)
            return -1;
    return 0;
}

/* A client that was killed in the middle of a command leaves an answer behind, which QEMU gives to the next.
   It is taken with the connection that it spoils, and another one is made. */
struct aq_qmp *aq_qmp_connect(int runtime_dir, aq_deadline deadline, struct aq_error *err)
{
    struct aq_error spoilt = {0};
    for (int tries = 0; tries < CONNECT_TRIES; tries++) {
        struct aq_qemu_connection connection;
        if (aq_qemu_connect(runtime_dir, AQ_QEMU_QMP, deadline, &connection, err) < 0)
            return NULL;
        spoilt = (struct aq_error){0};
        struct aq_qmp *qmp = aq_qmp_open(&connection, deadline, &spoilt);
        if (qmp != NULL)
            return qmp;
        if (spoilt.code != AQ_E_QMP_FAILED)
            break;
    }
    aq_fail(err, spoilt.code, "%s", spoilt.text);
    return NULL;
}

/* Takes the oldest queued event of that name; false if there is none. */
static bool take_event(struct aq_qmp *qmp, const char *name, json_t **data)
{
    size_t i;
    json_t *event;
    json_array_foreach(qmp->events, i, event)
    {
        if (strcmp(aq_json_text(event, "event", ""), name) != 0)
            continue;
        if (data != NULL) {
            json_t *said = json_object_get(event, "data");
            *data = said != NULL ? json_incref(said) : json_object();
        }
        json_array_remove(qmp->events, i);
        return true;
    }
    return false;
}

int aq_qmp_wait_event(struct aq_qmp *qmp, const char *name, aq_deadline deadline, json_t **data,
                      struct aq_error *err)
{
    for (bool tried = false; !take_event(qmp, name, data); tried = true) {
        if (tried && aq_ms_left(deadline) == 0 && !aq_json_lines_pending(&qmp->lines))
            return 0;
        json_t *message = NULL;
        int came = read_message(qmp, deadline, &message, err);
        if (came <= 0)
            return came;
        if (!keep_event(qmp, message))
            json_decref(message); /* the late answer to a command that was given up */
    }
    return 1;
}

void aq_qmp_forget_events(struct aq_qmp *qmp)
{
    json_array_clear(qmp->events);
}

char *aq_qmp_status(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err)
{
    aq_autojson json_t *answer = NULL;
    if (aq_qmp_command(qmp, "query-status", NULL, deadline, &answer, err) < 0)
        return NULL;
    return aq_strdup(aq_json_text(answer, "status", "unknown"));
}

int aq_qmp_port_open(struct aq_qmp *qmp, enum aq_qemu_socket which, aq_deadline deadline,
                     struct aq_error *err)
{
    aq_autojson json_t *answer = NULL;
    if (aq_qmp_command(qmp, "query-chardev", NULL, deadline, &answer, err) < 0)
        return -1;
    size_t i;
    json_t *chardev;
    json_array_foreach(answer, i, chardev)
    {
        if (strcmp(aq_json_text(chardev, "label", ""), aq_qemu_socket_name(which)) == 0)
            return aq_json_bool(chardev, "frontend-open", false);
    }
    return aq_fail(err, AQ_E_QMP_FAILED, "QEMU has no port %s: it was not started by this product",
                   aq_qemu_socket_name(which));
}
