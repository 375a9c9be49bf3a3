/* SPDX-License-Identifier: MIT */
#include "redirect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "functions/handlers.h"
#include "pool.h"
#include "redirect_target.h"

enum { INPUT, OUTPUT, ERROR, STREAMS };
static const char *const stream_names[STREAMS] = {"INPUT", "OUTPUT", "ERROR"};

/* What holds for the next command alone, and what holds from now on. */
static struct aq_target next[STREAMS], standing[STREAMS];

/* The command under way. */
static struct aq_target current[STREAMS];
static struct aq_buffer input, taken[STREAMS];
static char problem_text[600];

static void forget(struct aq_target targets[STREAMS])
{
    for (size_t i = 0; i < STREAMS; i++)
        aq_target_free(&targets[i]);
}

static int stream_of(const RXSTRING *word)
{
    for (int i = 0; i < STREAMS; i++)
        if (word->strlength == strlen(stream_names[i]) &&
            strncasecmp(word->strptr, stream_names[i], word->strlength) == 0)
            return i;
    return -1;
}

/* Four words for each stream. */
static int read_words(struct aq_invocation *call, ULONG n, struct aq_target targets[STREAMS])
{
    for (; n < call->argc; n += 4) {
        const RXSTRING *word = aq_argument_needed(call, n, "INPUT, OUTPUT or ERROR");
        if (word == NULL)
            return -1;
        int stream = stream_of(word);
        if (stream < 0)
            return aq_refuse_call(call, "\"%.*s\" is none of INPUT, OUTPUT and ERROR", (int)word->strlength,
                                  word->strptr);
        aq_target_free(&targets[stream]);
        if (aq_target_read(call, n + 1, stream == INPUT, &targets[stream]) < 0)
            return -1;
    }
    return 0;
}

int aq_fn_with(struct aq_invocation *call)
{
    const RXSTRING *command = aq_argument(call, 0);
    forget(next);
    if (command != NULL)
        return read_words(call, 1, next) < 0 ? -1 : aq_give(call, command->strptr, command->strlength);
    const RXSTRING *environment = aq_argument_needed(call, 1, "the environment");
    if (environment == NULL || read_words(call, 2, standing) < 0)
        return -1;
    return aq_give(call, environment->strptr, environment->strlength);
}

bool aq_redirect_is_there(void)
{
    for (size_t i = 0; i < STREAMS; i++)
        if (next[i].kind != AQ_TARGET_NONE || standing[i].kind != AQ_TARGET_NONE)
            return true;
    return false;
}

static bool redirected(int stream)
{
    return current[stream].kind != AQ_TARGET_NONE && current[stream].kind != AQ_TARGET_NORMAL;
}

int aq_redirect_begin(struct aq_buffer *command, const char **problem)
{
    *problem = problem_text;
    for (size_t i = 0; i < STREAMS; i++) {
        const struct aq_target *source = next[i].kind != AQ_TARGET_NONE ? &next[i] : &standing[i];
        aq_target_free(&current[i]);
        aq_target_copy(source, &current[i]);
        aq_buffer_clear(&taken[i]);
    }
    forget(next);
    aq_buffer_clear(&input);
    if (!redirected(INPUT))
        return 0;
    if (aq_target_fetch(&current[INPUT], &input, problem_text, sizeof problem_text) < 0)
        return -1;
    aq_buffer_add_text(command, " stdin=\"{{" AQ_REDIRECT_INPUT "}}\"");
    return 0;
}

const char *aq_redirect_input(size_t *length)
{
    *length = input.length;
    return aq_buffer_text(&input);
}

bool aq_redirect_takes(enum aq_stream stream, const char *bytes, size_t length)
{
    int of = stream == AQ_STREAM_STDOUT ? OUTPUT : stream == AQ_STREAM_STDERR ? ERROR : INPUT;
    if (of == INPUT || !redirected(of))
        return false;
    aq_buffer_add(&taken[of], bytes, length);
    return true;
}

static bool is_guest_command(const aq_result *result)
{
    return aq_result_field(result, "EXIT_CODE", NULL) != NULL;
}

/* What was streamed already is whole; a field may have been cut. */
static void collect(const aq_result *result, int stream, const char *field, const char *other)
{
    size_t length = 0;
    const char *value = aq_result_field(result, field, &length);
    if (taken[stream].length > 0)
        return;
    if (value != NULL)
        aq_buffer_add(&taken[stream], value, length);
    else if (*other != '\0')
        aq_buffer_format(&taken[stream], "%s\n", other);
}

bool aq_redirect_end(const aq_result *result, const char **problem)
{
    bool done = true;
    *problem = problem_text;
    if (redirected(OUTPUT))
        collect(result, OUTPUT, "STDOUT", aq_result_output(result));
    if (redirected(ERROR)) {
        collect(result, ERROR, "STDERR", "");
        if (!is_guest_command(result) && aq_result_rc(result) != 0)
            aq_buffer_format(&taken[ERROR], "%s\n", aq_result_error(result));
    }
    for (int i = OUTPUT; i < STREAMS; i++) {
        /* Both into one: what the second brings is added. */
        bool shared = i == ERROR && redirected(OUTPUT) && aq_target_same(&current[OUTPUT], &current[ERROR]);
        if (redirected(i) &&
            aq_target_deliver(&current[i], shared, &taken[i], problem_text, sizeof problem_text) < 0)
            done = false;
    }
    return done;
}
