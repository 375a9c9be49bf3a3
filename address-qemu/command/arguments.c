/* SPDX-License-Identifier: MIT */
#include "command/arguments.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "command/types.h"
#include "util/suggest.h"

bool aq_word_in(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = words; at != NULL && *at != '\0';) {
        size_t here = strcspn(at, " ");
        if (here == length && strncasecmp(at, word, length) == 0)
            return true;
        at += here;
        at += strspn(at, " ");
    }
    return false;
}

const struct aq_param *aq_param_find(const struct aq_verb *verb, const char *name)
{
    for (const struct aq_param *param = verb->params; param != NULL && param->name != NULL; param++)
        if (strcasecmp(param->name, name) == 0 || aq_word_in(param->aliases, name))
            return param;
    return NULL;
}

static int unknown_key(const struct aq_verb *verb, const char *key, struct aq_error *err)
{
    const char *names[64];
    size_t count = 0;
    aq_autobuffer struct aq_buffer all = {0};
    for (const struct aq_param *param = verb->params; param != NULL && param->name != NULL; param++) {
        if (count < sizeof names / sizeof *names)
            names[count++] = param->name;
        aq_buffer_format(&all, "%s%s", all.length != 0 ? ", " : "", param->name);
    }
    if (count == 0)
        return aq_fail(err, AQ_E_KEY_UNKNOWN, "%s takes no keys, but %s was given", verb->name, key);
    const char *near = aq_suggest(key, names, count);
    if (near != NULL)
        return aq_fail(err, AQ_E_KEY_UNKNOWN, "%s has no key %s; did you mean %s?", verb->name, key, near);
    return aq_fail(err, AQ_E_KEY_UNKNOWN, "%s has no key %s; it takes %s", verb->name, key,
                   aq_buffer_text(&all));
}

static bool given_already(const struct aq_call *call, const struct aq_param *param)
{
    for (size_t i = 0; i < call->argument_count; i++)
        if (call->arguments[i].param == param)
            return true;
    return false;
}

/* A bare word: a boolean key is a flag, and one other word may be the positional parameter's value. */
static const struct aq_param *bare_word(const struct aq_call *call, const char *word, bool *is_flag)
{
    const struct aq_param *param = aq_param_find(call->verb, word);
    *is_flag = param != NULL && param->type == AQ_TYPE_BOOLEAN;
    if (*is_flag)
        return param;
    for (param = call->verb->params; param != NULL && param->name != NULL; param++)
        if (param->positional && !given_already(call, param))
            return param;
    return NULL;
}

static struct aq_argument *add(struct aq_call *call, const struct aq_param *param, const char *text,
                               size_t length)
{
    call->arguments = aq_realloc(call->arguments, (call->argument_count + 1) * sizeof *call->arguments);
    struct aq_argument *argument = &call->arguments[call->argument_count++];
    *argument = (struct aq_argument){.param = param, .text = text, .length = length};
    return argument;
}

static int add_word(struct aq_call *call, const struct aq_word *word, struct aq_error *err)
{
    const struct aq_verb *verb = call->verb;
    const char *text = aq_buffer_text(&word->value);
    const char *key = word->key != NULL ? word->key : text;
    bool is_flag = false;
    const struct aq_param *param =
        word->key != NULL ? aq_param_find(verb, key) : bare_word(call, text, &is_flag);
    if (param == NULL) {
        param = aq_param_find(verb, key);
        if (param == NULL)
            return unknown_key(verb, key, err);
        return aq_fail(err, AQ_E_VALUE_INVALID, "%s of %s needs a value: %s=%s", param->name, verb->name,
                       param->name, aq_type_name(param));
    }
    if (!param->repeatable && given_already(call, param))
        return aq_fail(err, AQ_E_KEY_REPEATED, "%s is given twice%s%s", param->name,
                       strcasecmp(key, param->name) != 0 && word->key != NULL ? ", the second time as " : "",
                       strcasecmp(key, param->name) != 0 && word->key != NULL ? key : "");
    struct aq_argument *argument =
        is_flag ? add(call, param, "true", 4) : add(call, param, text, word->value.length);
    argument->given = true;
    return aq_type_check(verb, argument, err);
}

static int add_defaults(struct aq_call *call, struct aq_error *err)
{
    for (const struct aq_param *param = call->verb->params; param != NULL && param->name != NULL; param++) {
        if (given_already(call, param))
            continue;
        if (param->required)
            return aq_fail(err, AQ_E_KEY_MISSING, "%s needs %s=%s (%s), as in: %s", call->verb->name,
                           param->name, aq_type_name(param), param->meaning, call->verb->example);
        if (param->fallback == NULL)
            continue;
        struct aq_argument *argument = add(call, param, param->fallback, strlen(param->fallback));
        if (aq_type_check(call->verb, argument, err) < 0)
            return -1;
    }
    return 0;
}

int aq_arguments_check(struct aq_call *call, const struct aq_words *words, struct aq_error *err)
{
    for (size_t i = 0; i < words->count; i++)
        if (add_word(call, &words->items[i], err) < 0)
            return -1;
    return add_defaults(call, err);
}

void aq_arguments_free(struct aq_call *call)
{
    for (size_t i = 0; i < call->argument_count; i++)
        free(call->arguments[i].owned);
    free(call->arguments);
    call->arguments = NULL;
    call->argument_count = 0;
}

static const struct aq_argument *nth(const struct aq_call *call, const char *name, size_t n)
{
    const struct aq_param *param = aq_param_find(call->verb, name);
    if (param == NULL)
        aq_panic("verb %s asks for its parameter %s, which it does not have", call->verb->name, name);
    for (size_t i = 0; i < call->argument_count; i++)
        if (call->arguments[i].param == param && n-- == 0)
            return &call->arguments[i];
    return NULL;
}

bool aq_arg_given(const struct aq_call *call, const char *name)
{
    const struct aq_argument *argument = nth(call, name, 0);
    return argument != NULL && argument->given;
}

const char *aq_arg_text(const struct aq_call *call, const char *name)
{
    return aq_arg_nth(call, name, 0);
}

const char *aq_arg_bytes(const struct aq_call *call, const char *name, size_t *length)
{
    const struct aq_argument *argument = nth(call, name, 0);
    *length = argument != NULL ? argument->length : 0;
    return argument != NULL ? argument->text : NULL;
}

int64_t aq_arg_number(const struct aq_call *call, const char *name)
{
    const struct aq_argument *argument = nth(call, name, 0);
    return argument != NULL ? argument->number : 0;
}

bool aq_arg_bool(const struct aq_call *call, const char *name)
{
    return aq_arg_number(call, name) != 0;
}

const char *aq_arg_nth(const struct aq_call *call, const char *name, size_t n)
{
    const struct aq_argument *argument = nth(call, name, n);
    return argument != NULL ? argument->text : NULL;
}
