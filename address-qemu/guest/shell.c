/* SPDX-License-Identifier: MIT */
#include "guest/shell.h"

#include <string.h>

#include "guest/channel_ops.h"

enum { KEPT = 64 * 1024, ARGUMENTS_MAX = 12 };

int aq_guest_shell_exec(struct aq_channel *channel, const char *script, const char *const *arguments,
                        struct aq_guest_exec *exec, struct aq_guest_exit *exit, struct aq_error *err)
{
    const char *argv[4 + ARGUMENTS_MAX + 1] = {"/bin/sh", "-c", script, "address-qemu"};
    for (size_t i = 0; i < ARGUMENTS_MAX && arguments[i] != NULL; i++)
        argv[4 + i] = arguments[i];
    exec->argv = argv;
    int result = aq_channel_exec(channel, exec, exit, err);
    exec->argv = NULL;
    return result;
}

int aq_guest_shell(struct aq_channel *channel, const char *script, const char *const *arguments,
                   aq_deadline deadline, struct aq_guest_exit *exit, struct aq_error *err)
{
    struct aq_guest_exec exec = {.deadline = deadline, .capture_limit = KEPT};
    return aq_guest_shell_exec(channel, script, arguments, &exec, exit, err);
}

int aq_guest_shell_fail(const struct aq_guest_exit *exit, enum aq_error_code code, const char *object,
                        struct aq_error *err)
{
    char text[256];
    const char *words = aq_buffer_text(&exit->errors);
    aq_guest_printable(words, strcspn(words, "\n"), text);
    return aq_fail(err, code, "in the guest: %s: %s", object,
                   text[0] != '\0' ? text : "the system there refused and did not say why");
}
