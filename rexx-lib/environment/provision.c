/* SPDX-License-Identifier: MIT */
/* `rexx --provision`: the verb of that name without any REXX on this side. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address-qemu/address-qemu.h"
#include "rexxqemu.h"
#include "signals.h"
#include "streams.h"

#define GUEST_COMMAND_FAILED 7 /* the RC of a script that ran and failed */

struct request {
    const char *script, *arguments;
};

/* The command refers to its two values as variables, so that no file name or argument needs quoting. */
static const char *variable(void *data, const char *name, size_t name_length, size_t *value_length)
{
    const struct request *request = data;
    const char *value = NULL;
    if (name_length == strlen("SCRIPT") && memcmp(name, "SCRIPT", name_length) == 0)
        value = request->script;
    else if (name_length == strlen("ARGS") && memcmp(name, "ARGS", name_length) == 0)
        value = request->arguments;
    if (value != NULL)
        *value_length = strlen(value);
    return value;
}

static int exit_status(const aq_result *result)
{
    int rc = aq_result_rc(result);
    const char *code = aq_result_field(result, "EXIT_CODE", NULL);
    if (code != NULL && (rc == 0 || rc == GUEST_COMMAND_FAILED))
        return atoi(code) & 255;
    if (rc != 0)
        fprintf(stderr, "rexx: --provision: %s (%s)\n", aq_result_error(result),
                aq_result_error_code(result));
    return rc;
}

int rexxqemu_provision(const char *script, const char *arguments)
{
    struct request request = {script, arguments};
    struct aq_callbacks callbacks = {.data = &request, .variable = variable, .output = aq_streams_output};
    aq_session *session = aq_session_open(&callbacks);
    const char *command = arguments != NULL ? "provision script=\"{{SCRIPT}}\" args=\"{{ARGS}}\""
                                            : "provision script=\"{{SCRIPT}}\"";
    aq_signals_begin();
    aq_result *result = aq_run(session, command, AQ_WHOLE);
    int status = exit_status(result);
    aq_result_free(result);
    aq_session_close(session);
    aq_signals_end();
    return status;
}
