/* SPDX-License-Identifier: MIT */
/* ADDRESS QEMU: one command from the script's string to its variables. */
#include <stdlib.h>

#include "address-qemu/address-qemu.h"
#include "rexxqemu.h"
#include "routine.h"
#include "signals.h"
#include "streams.h"
#include "util/memory.h"
#include "variables.h"
#include "worker.h"

/* An interpreter lives in one thread, and so does what we keep for it. */
struct interpreter {
    struct aq_variables *variables;
    aq_session *session;
    struct aq_callbacks callbacks;
};

static _Thread_local struct interpreter interpreter;

static const char *variable(void *data, const char *name, size_t name_length, size_t *value_length)
{
    struct interpreter *self = data;
    return aq_variables_value(self->variables, name, name_length, value_length);
}

static struct interpreter *this_interpreter(void)
{
    struct interpreter *self = &interpreter;
    if (self->session == NULL) {
        self->callbacks =
            (struct aq_callbacks){.data = self, .variable = variable, .output = aq_streams_output};
        self->variables = aq_variables_new();
        self->session = aq_session_open(&self->callbacks);
        self->callbacks.checkpoint = aq_routine_checkpoint; /* for commands that aq_worker_run runs */
    }
    return self;
}

__attribute__((destructor)) static void close_session(void)
{
    aq_worker_finish();
    aq_session_close(interpreter.session);
    aq_variables_free(interpreter.variables);
    interpreter = (struct interpreter){0};
}

/* An RC, 0 … 255. snprintf would be a tenth of what a command that does nothing costs. */
static ULONG put_number(char *to, int number)
{
    char *at = to;
    if (number >= 100)
        *at++ = (char)('0' + number / 100);
    if (number >= 10)
        *at++ = (char)('0' + number / 10 % 10);
    *at++ = (char)('0' + number % 10);
    return (ULONG)(at - to);
}

APIRET APIENTRY rexxqemu_command(PRXSTRING command, PUSHORT flags, PRXSTRING rc)
{
    aq_worker_finish();
    aq_signals_begin();
    struct interpreter *self = this_interpreter();
    const char *text = command->strptr != NULL ? command->strptr : "";
    size_t length = command->strptr != NULL ? command->strlength : 0;
    aq_result *result = aq_worker_is_wanted(text, length) ? aq_worker_run(&self->callbacks, text, length)
                                                          : aq_run(self->session, text, length);
    aq_variables_publish(self->variables, result);
    int code = aq_result_rc(result);
    *flags = code == 0 ? RXSUBCOM_OK : RXSUBCOM_ERROR;
    rc->strlength = put_number(rc->strptr, code);
    aq_result_free(result);
    aq_signals_end();
    return 0;
}
