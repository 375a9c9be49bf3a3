/* SPDX-License-Identifier: MIT */
/* One command, from its text to its result. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/arguments.h"
#include "command/audit.h"
#include "command/guard.h"
#include "command/lex.h"
#include "command/verb.h"
#include "util/memory.h"
#include "util/suggest.h"
#include "verbs/remote.h"

struct aq_session {
    struct aq_callbacks callbacks;
};

/* A caller may have closed its standard descriptors. A disk or socket that got number 1 or 2 would then be
   written to by whoever prints something. */
static void keep_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

aq_session *aq_session_open(const struct aq_callbacks *callbacks)
{
    keep_standard_descriptors();
    aq_session *session = aq_alloc(sizeof *session);
    if (callbacks != NULL)
        session->callbacks = *callbacks;
    return session;
}

void aq_session_close(aq_session *session)
{
    free(session);
}

const char *aq_version(void)
{
    return AQ_VERSION;
}

void aq_progress(const struct aq_call *call, const char *format, ...)
{
    if (call->callbacks->output == NULL)
        return;
    aq_autobuffer struct aq_buffer line = {0};
    va_list args;
    va_start(args, format);
    char *text = NULL;
    if (vasprintf(&text, format, args) >= 0)
        aq_buffer_add_text(&line, text);
    free(text);
    va_end(args);
    aq_buffer_add_char(&line, '\n');
    call->callbacks->output(call->callbacks->data, AQ_STREAM_PROGRESS, line.data, line.length);
}

void aq_stream_output(const struct aq_call *call, enum aq_stream stream, const char *bytes, size_t length)
{
    if (call->callbacks->output != NULL)
        call->callbacks->output(call->callbacks->data, stream, bytes, length);
}

static int unknown_verb(const char *verb, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    aq_verb_names(&names);
    aq_autofree char *absent = aq_format("there is no verb %s", verb);
    return aq_fail_unknown(err, AQ_E_VERB_UNKNOWN, absent, verb, &names, "`help` lists those there are");
}

static int run(struct aq_call *call, const char *command, size_t length, struct aq_words *words,
               struct aq_error *err)
{
    if (aq_lex(command, length, call->callbacks, words, err) < 0) {
        if (words->verb != NULL)
            aq_result_set_operation(call->result, words->verb);
        return -1;
    }
    call->verb = aq_verb_find(words->verb);
    aq_result_set_operation(call->result, call->verb != NULL ? call->verb->name : words->verb);
    if (call->verb == NULL)
        return unknown_verb(words->verb, err);
    if (aq_arguments_check(call, words, err) < 0 || aq_guard_sources(call, err) < 0)
        return -1;
    return call->verb->run(call, err);
}

aq_result *aq_run(aq_session *session, const char *command, size_t length)
{
    struct aq_error err;
    err.code = AQ_OK; /* clearing all of the text would be noticed in a command that does nothing */
    err.text[0] = '\0';
    struct aq_words words = {0};
    const aq_deadline started = aq_now();
    struct aq_call call = {.session = session, .callbacks = &session->callbacks, .result = aq_result_new()};
    if (run(&call, command, length == AQ_WHOLE ? strlen(command) : length, &words, &err) < 0) {
        aq_fail(&err, AQ_E_FAILED, "the verb failed and did not say why");
        aq_result_set_error(call.result, &err);
    }
    aq_autostrings struct aq_strings notes = {0};
    aq_guard_warn(&call, &notes);
    if (call.verb != NULL ? aq_guard_audits(call.verb) : words.verb != NULL)
        aq_audit(&call, words.verb, err.code, started, &notes);
    aq_arguments_free(&call);
    aq_words_free(&words);
    return call.result;
}

aq_result *aq_run_remote(aq_session *session, const struct aq_remote_script *script)
{
    struct aq_error err = {0};
    const aq_deadline started = aq_now();
    struct aq_call call = {.session = session, .callbacks = &session->callbacks, .result = aq_result_new()};
    aq_result_set_operation(call.result, "remote");
    if (aq_remote_call(&call, script, &err) < 0)
        aq_result_set_error(call.result, &err);
    aq_autostrings struct aq_strings notes = {0};
    aq_guard_warn(&call, &notes);
    aq_audit(&call, "remote", err.code, started, &notes);
    return call.result;
}
