/* SPDX-License-Identifier: MIT */
#include "spec/template.h"

#include <string.h>

#include "util/suggest.h"

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789"

struct template
{
    const char *text;
    const char *end;
    const char *where;
    const struct aq_named_texts *variables;
    struct aq_error *err;
};

static int fail_at(const struct template *template, const char *at, const char *reason)
{
    unsigned line = 1;
    const char *start = template->text;
    for (const char *c = template->text; c < at; c++)
        if (*c == '\n') {
            line++;
            start = c + 1;
        }
    return aq_fail(template->err, AQ_E_SPEC_INVALID, "%s:%u:%zu: %s", template->where, line,
                   (size_t)(at - start) + 1, reason);
}

static const struct aq_named_text *find(const struct aq_named_texts *variables, const char *name,
                                        size_t length)
{
    for (size_t i = 0; i < variables->count; i++)
        if (strlen(variables->items[i].name) == length &&
            strncmp(variables->items[i].name, name, length) == 0)
            return &variables->items[i];
    return NULL;
}

static int fail_undefined(const struct template *template, const char *at, const char *name, size_t length)
{
    aq_autofree char *wanted = aq_strndup(name, length);
    aq_autofree const char **names = aq_alloc((template->variables->count + 1) * sizeof *names);
    for (size_t i = 0; i < template->variables->count; i++)
        names[i] = template->variables->items[i].name;
    const char *nearest = aq_suggest(wanted, names, template->variables->count);
    aq_autofree char *reason =
        nearest != NULL ? aq_format("there is no variable \"%.128s\"; did you mean \"%s\"?", wanted, nearest)
                        : aq_format("there is no variable \"%.128s\" under \"variables\"", wanted);
    return fail_at(template, at, reason);
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

/* Fills in the {{ name }} that stands at `at`. Returns what follows; NULL with the error. */
static const char *fill_one(const struct template *template, const char *at, struct aq_buffer *filled)
{
    const char *name = skip_blanks(at + 2, template->end);
    const char *end = name;
    while (end < template->end && *end != '\0' && strchr(NAME_CHARACTERS, *end) != NULL)
        end++;
    const char *close = skip_blanks(end, template->end);
    if (end == name || strchr("0123456789", *name) != NULL || template->end - close < 2 ||
        memcmp(close, "}}", 2) != 0) {
        fail_at(template, at,
                "only {{ name }} is filled in, without filters, calls or attributes; for braces as they are, "
                "give a "
                "variable that holds them");
        return NULL;
    }
    const struct aq_named_text *variable = find(template->variables, name, (size_t)(end - name));
    if (variable == NULL) {
        fail_undefined(template, at, name, (size_t)(end - name));
        return NULL;
    }
    aq_buffer_add_text(filled, variable->text);
    return close + 2;
}

/* What is refused at a brace: NULL, or why. A comment's beginning is also how a shell asks for a length. */
static const char *judge_brace(const struct template *template, const char *at)
{
    if (template->end - at < 2 || (at[1] != '%' && at[1] != '#'))
        return NULL;
    if (at[1] == '%')
        return "control blocks ({% … %}) are not done: a template has {{ name }} and nothing else";
    return at > template->text && at[-1] == '$'
               ? NULL
               : "comments ({# … #}) are not done: a template has {{ name }} and nothing else";
}

int aq_template_fill(const char *text, size_t length, const char *where,
                     const struct aq_named_texts *variables, struct aq_buffer *filled, struct aq_error *err)
{
    const struct template template = {text, text + length, where, variables, err};
    aq_buffer_add(filled, "", 0);
    for (const char *at = text; at < template.end;) {
        const char *brace = memchr(at, '{', (size_t)(template.end - at));
        const char *stop = brace != NULL ? brace : template.end;
        aq_buffer_add(filled, at, (size_t)(stop - at));
        at = stop;
        if (brace == NULL)
            break;
        const char *reason = judge_brace(&template, at);
        if (reason != NULL)
            return fail_at(&template, at, reason);
        if (template.end - at >= 2 && at[1] == '{') {
            at = fill_one(&template, at, filled);
            if (at == NULL)
                return -1;
        } else {
            aq_buffer_add_char(filled, *at++);
        }
    }
    return 0;
}
