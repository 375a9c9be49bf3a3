/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/message.h"
#include "vm/companion.h"

enum { ANSWER_MAX = 2048 };

int aq_companion_connect(const struct aq_run *run, aq_deadline deadline,
                         struct aq_qemu_connection *connection, struct aq_error *err)
{
    struct aq_error reason = {0};
    aq_autoclose int folder = aq_run_open_folder(run, err);
    if (folder < 0)
        return -1;
    if (aq_qemu_connect(folder, AQ_SOCKET_CONTROL, deadline, connection, &reason) == 0)
        return 0;
    if (reason.code != AQ_E_VM_NOT_RUNNING)
        return aq_fail(err, reason.code, "%s", reason.text);
    return aq_fail(
        err, AQ_E_COMPANION_GONE,
        "the VM runs, but its companion (process %d) does not any more, so it has no network and no "
        "console. `save_state` and `restore_state` bring both back with the guest's memory as it is; "
        "`restart` boots it anew",
        run->companion.pid);
}

/* Takes one answer: 1 a row, 0 the last one, -1. */
static int take_answer(int fd, struct aq_strings *rows, aq_deadline deadline, struct aq_error *err)
{
    char text[ANSWER_MAX + 1];
    int passed;
    ssize_t got;
    while ((got = aq_message_receive(fd, text, ANSWER_MAX, &passed)) < 0 && errno == EAGAIN) {
        int ready = aq_wait_fd(fd, POLLIN, deadline, err);
        if (ready < 0)
            return -1;
        if (ready == 0)
            return aq_fail(err, AQ_E_COMPANION_FAILED, "the VM's companion does not answer");
    }
    aq_cleanup_close(&passed);
    if (got <= 0)
        return aq_fail(err, AQ_E_COMPANION_GONE, "the VM's companion has ended");
    text[got] = '\0';
    if (strncmp(text, "row ", 4) == 0) {
        if (rows != NULL)
            aq_strings_add(rows, text + 4);
        return 1;
    }
    if (strncmp(text, "ok", 2) == 0)
        return 0;
    const char *words = strncmp(text, "error ", 6) == 0 ? text + 6 + strcspn(text + 6, " ") : text;
    bool full = strncmp(text, "error LIMIT_EXCEEDED ", 21) == 0;
    return aq_fail(err, full ? AQ_E_LIMIT_EXCEEDED : AQ_E_COMPANION_FAILED, "the VM's companion refuses:%s",
                   words);
}

int aq_companion_call(int fd, int passed, struct aq_strings *rows, aq_deadline deadline, struct aq_error *err,
                      const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    aq_autofree char *owned = length >= 0 ? text : NULL;
    if (owned == NULL)
        aq_panic("out of memory");
    while (aq_message_send(fd, text, (size_t)length, passed) < 0) {
        if (errno != EAGAIN)
            return aq_fail(err, AQ_E_COMPANION_GONE, "the VM's companion has ended");
        int ready = aq_wait_fd(fd, POLLOUT, deadline, err);
        if (ready < 0)
            return -1;
        if (ready == 0)
            return aq_fail(err, AQ_E_COMPANION_FAILED, "the VM's companion does not listen");
    }
    int taken;
    while ((taken = take_answer(fd, rows, deadline, err)) > 0)
        ;
    return taken;
}

int aq_companion_state(int fd, struct aq_strings *rows, char **sandbox, aq_deadline deadline,
                       struct aq_error *err)
{
    static const char *const layers[] = {"namespaces ", "landlock ", "seccomp "};
    aq_autobuffer struct aq_buffer missing = {0};
    if (aq_companion_call(fd, -1, rows, deadline, err, "state") < 0)
        return -1;
    for (size_t i = 0; i < rows->count; i++)
        for (size_t l = 0; l < sizeof layers / sizeof *layers; l++) {
            size_t length = strlen(layers[l]);
            if (strncmp(rows->items[i], layers[l], length) == 0 && strcmp(rows->items[i] + length, "on") != 0)
                aq_buffer_format(&missing, "%sno %s(%s)", missing.length > 0 ? ", " : "", layers[l],
                                 rows->items[i] + length);
        }
    *sandbox = aq_strdup(missing.length > 0 ? aq_buffer_text(&missing) : "full");
    return 0;
}
