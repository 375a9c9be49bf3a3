/* SPDX-License-Identifier: MIT */
/* ADDRESS QEMU: one command from the script's string to its variables. */
#include <stdlib.h>
#include <string.h>

#include "address-qemu/address-qemu.h"
#include "functions/path.h"
#include "pool.h"
#include "redirect.h"
#include "rexxqemu.h"
#include "routine.h"
#include "signals.h"
#include "streams.h"
#include "util/memory.h"
#include "util/utf8.h"
#include "variables.h"
#include "worker.h"

#define RC_USAGE 2
#define RC_IO 9

/* An interpreter lives in one thread, and so does what we keep for it. */
struct interpreter {
    struct aq_variables *variables;
    aq_session *session;
    struct aq_callbacks callbacks;
};

static _Thread_local struct interpreter interpreter;

static rexxqemu_field_function *other_lookup;

void rexxqemu_set_lookup(rexxqemu_field_function *lookup)
{
    other_lookup = lookup;
}

const char *rexxqemu_field(const char *name, size_t length, size_t *value_length)
{
    static struct aq_buffer value;
    aq_buffer_clear(&value);
    if (!aq_path_read(name, length, &value))
        return NULL;
    *value_length = value.length;
    return aq_buffer_text(&value);
}

/* A redirected input, a member of an object, a variable, or what the runner knows besides. */
static const char *variable(void *data, const char *name, size_t name_length, size_t *value_length)
{
    struct interpreter *self = data;
    if (name_length == strlen(AQ_REDIRECT_INPUT) && memcmp(name, AQ_REDIRECT_INPUT, name_length) == 0)
        return aq_redirect_input(value_length);
    const char *value = rexxqemu_field(name, name_length, value_length);
    if (value == NULL)
        value = aq_variables_value(self->variables, name, name_length, value_length);
    if (value == NULL && other_lookup != NULL)
        value = other_lookup(name, name_length, value_length);
    return value;
}

static void output(void *data, enum aq_stream stream, const char *bytes, size_t length)
{
    if (!aq_redirect_takes(stream, bytes, length))
        aq_streams_output(data, stream, bytes, length);
}

static struct interpreter *this_interpreter(void)
{
    struct interpreter *self = &interpreter;
    if (self->session == NULL) {
        self->callbacks = (struct aq_callbacks){.data = self, .variable = variable, .output = output};
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

/* A command that cannot be run, or whose output cannot be delivered, for a reason on this side of the
 * library. Returns the RC. */
static int fail(struct interpreter *self, int rc, const char *problem)
{
    aq_result *nothing = aq_run(self->session, "", 0); /* what earlier commands have set has to go */
    aq_variables_publish(self->variables, nothing);
    aq_result_free(nothing);
    const char *code = rc == RC_USAGE ? "VALUE_INVALID" : "IO";
    aq_autobuffer struct aq_buffer json = {0};
    aq_buffer_format(&json, "{\"success\":false,\"rc\":%d,\"operation\":\"\",\"output\":\"\",\"error\":", rc);
    aq_utf8_quote(problem, strlen(problem), &json);
    aq_buffer_format(&json, ",\"error_code\":\"%s\"}", code);
    aq_pool_set("QEMU_ERROR_CODE", strlen("QEMU_ERROR_CODE"), code, strlen(code));
    aq_pool_set("QEMU_ERROR", strlen("QEMU_ERROR"), problem, strlen(problem));
    aq_pool_set("QEMU_JSON", strlen("QEMU_JSON"), json.data, json.length);
    return rc;
}

static aq_result *execute(struct interpreter *self, const char *command, size_t length)
{
    return aq_worker_is_wanted(command, length) ? aq_worker_run(&self->callbacks, command, length)
                                                : aq_run(self->session, command, length);
}

/* Returns the RC. */
static int run(struct interpreter *self, const char *command, size_t length)
{
    aq_result *result = execute(self, command, length);
    aq_variables_publish(self->variables, result);
    int code = aq_result_rc(result);
    aq_result_free(result);
    return code;
}

static int run_redirected(struct interpreter *self, const char *command, size_t length)
{
    const char *problem;
    aq_autobuffer struct aq_buffer whole = {0};
    aq_buffer_add(&whole, command, length);
    if (aq_redirect_begin(&whole, &problem) < 0)
        return fail(self, RC_USAGE, problem);
    aq_result *result = execute(self, aq_buffer_text(&whole), whole.length);
    aq_variables_publish(self->variables, result);
    int code = aq_result_rc(result);
    if (!aq_redirect_end(result, &problem))
        code = fail(self, RC_IO, problem);
    aq_result_free(result);
    return code;
}

APIRET APIENTRY rexxqemu_command(PRXSTRING command, PUSHORT flags, PRXSTRING rc)
{
    aq_worker_finish();
    aq_signals_begin();
    struct interpreter *self = this_interpreter();
    const char *text = command->strptr != NULL ? command->strptr : "";
    size_t length = command->strptr != NULL ? command->strlength : 0;
    int code = aq_redirect_is_there() ? run_redirected(self, text, length) : run(self, text, length);
    *flags = code == 0 ? RXSUBCOM_OK : RXSUBCOM_ERROR;
    rc->strlength = put_number(rc->strptr, code);
    aq_signals_end();
    return 0;
}
