/* SPDX-License-Identifier: MIT */
/*
 * REGEX_TEST, REGEX_MATCH and REGEX_REPLACE: PCRE2 in the way of JavaScript. Text and pattern are UTF-8, or
 * bytes where one of them is none. A pattern that backtracks without end is refused, not waited for.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "functions/handlers.h"
#include "functions/value.h"
#include "util/utf8.h"

#define MATCH_LIMIT 5000000u   /* steps of one match */
#define HEAP_LIMIT (64u << 10) /* KiB for it */

struct regex {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    const char *text;
    size_t length;
    bool global, sticky, utf;
};

static void regex_free(struct regex *regex)
{
    pcre2_code_free(regex->code);
    pcre2_match_data_free(regex->match);
    pcre2_match_context_free(regex->limits);
}

static int read_flags(struct aq_invocation *call, ULONG n, const char *fallback, struct regex *regex,
                      uint32_t *options)
{
    const RXSTRING *flags = aq_argument(call, n);
    const char *text = flags != NULL ? flags->strptr : fallback;
    size_t length = flags != NULL ? flags->strlength : strlen(fallback);
    for (size_t i = 0; i < length; i++)
        switch (text[i]) {
        case 'g':
            regex->global = true;
            break;
        case 'i':
            *options |= PCRE2_CASELESS;
            break;
        case 'm':
            *options |= PCRE2_MULTILINE;
            break;
        case 's':
            *options |= PCRE2_DOTALL;
            break;
        case 'u':
            break;
        case 'y':
            regex->sticky = true;
            break;
        default:
            return aq_refuse_call(call,
                                  "there is no flag %c: g all, i any case, m lines, s . is line ends too, "
                                  "u, y at this place",
                                  text[i]);
        }
    return 0;
}

/* Compiles the second argument to be matched with the first. */
static int compile(struct aq_invocation *call, ULONG flags_at, const char *flags, struct regex *regex)
{
    const RXSTRING *text = aq_argument_needed(call, 0, "a text");
    const RXSTRING *pattern = text != NULL ? aq_argument_needed(call, 1, "a pattern") : NULL;
    uint32_t options = PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF | PCRE2_DOLLAR_ENDONLY |
                       PCRE2_ALLOW_EMPTY_CLASS | PCRE2_NEVER_BACKSLASH_C;
    if (pattern == NULL || read_flags(call, flags_at, flags, regex, &options) < 0)
        return -1;
    regex->text = text->strptr;
    regex->length = text->strlength;
    regex->utf =
        aq_utf8_valid(text->strptr, text->strlength) && aq_utf8_valid(pattern->strptr, pattern->strlength);
    if (regex->utf)
        options |= PCRE2_UTF | PCRE2_NO_UTF_CHECK;
    int code;
    PCRE2_SIZE at;
    regex->code = pcre2_compile((PCRE2_SPTR)pattern->strptr, pattern->strlength, options, &code, &at, NULL);
    if (regex->code == NULL) {
        PCRE2_UCHAR message[200];
        pcre2_get_error_message(code, message, sizeof message);
        return aq_refuse_call(call, "the pattern is wrong at character %zu: %s", (size_t)at + 1,
                              (const char *)message);
    }
    regex->match = pcre2_match_data_create_from_pattern(regex->code, NULL);
    regex->limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(regex->limits, MATCH_LIMIT);
    pcre2_set_heap_limit(regex->limits, HEAP_LIMIT);
    return 0;
}

/* The next match from `at`: how many groups it has, 0 if there is none, -1 after the refusal. */
static int find(struct aq_invocation *call, const struct regex *regex, size_t at)
{
    uint32_t options = regex->sticky ? PCRE2_ANCHORED : 0;
    int found = pcre2_match(regex->code, (PCRE2_SPTR)regex->text, regex->length, at,
                            options | PCRE2_NO_UTF_CHECK, regex->match, regex->limits);
    if (found > 0)
        return found;
    if (found == PCRE2_ERROR_NOMATCH)
        return 0;
    PCRE2_UCHAR message[200];
    pcre2_get_error_message(found, message, sizeof message);
    return aq_refuse_call(call, "the pattern takes too much on this text: %s", (const char *)message);
}

/* Where to look on behind the match: an empty one is stepped over. */
static size_t behind(const struct regex *regex)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(regex->match);
    if (at[1] > at[0] || at[1] >= regex->length)
        return at[1] > at[0] ? at[1] : at[1] + 1;
    size_t step = regex->utf ? aq_utf8_length(regex->text + at[1], regex->length - at[1]) : 1;
    return at[1] + (step > 0 ? step : 1);
}

int aq_fn_regex_test(struct aq_invocation *call)
{
    aq_cleanup(regex_free) struct regex regex = {0};
    int found = compile(call, 2, "", &regex);
    if (found == 0)
        found = find(call, &regex, 0);
    return found < 0 ? -1 : aq_give_number(call, found > 0);
}

static int give_all(struct aq_invocation *call, const struct regex *regex)
{
    json_t *all = json_array();
    size_t at = 0;
    int found = 1;
    while (at <= regex->length && (found = find(call, regex, at)) > 0) {
        const PCRE2_SIZE *where = pcre2_get_ovector_pointer(regex->match);
        json_array_append_new(all, aq_value_string(regex->text + where[0], where[1] - where[0]));
        at = behind(regex);
    }
    int given = found < 0 ? -1 : json_array_size(all) > 0 ? aq_give_value(call, all) : aq_give(call, "", 0);
    json_decref(all);
    return given;
}

int aq_fn_regex_match(struct aq_invocation *call)
{
    aq_cleanup(regex_free) struct regex regex = {0};
    if (compile(call, 2, "", &regex) < 0)
        return -1;
    if (regex.global)
        return give_all(call, &regex);
    int found = find(call, &regex, 0);
    const PCRE2_SIZE *where = pcre2_get_ovector_pointer(regex.match);
    if (found <= 0)
        return found < 0 ? -1 : aq_give(call, "", 0);
    return aq_give(call, regex.text + where[0], where[1] - where[0]);
}

static void add_group(const struct regex *regex, int groups, unsigned n, struct aq_buffer *to)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(regex->match);
    if ((int)n < groups && at[2 * n] != PCRE2_UNSET)
        aq_buffer_add(to, regex->text + at[2 * n], at[2 * n + 1] - at[2 * n]);
}

/* $1 to $99 as far as there are such groups, and $<name>: how much of the text it is, 0 if it is none. */
static size_t add_numbered(const struct regex *regex, int groups, const char *at, size_t left,
                           struct aq_buffer *to)
{
    uint32_t all = 0, n = 0;
    size_t digits = 0;
    pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &all);
    while (digits < 2 && digits + 1 < left && at[digits + 1] >= '0' && at[digits + 1] <= '9' &&
           n * 10 + (uint32_t)(at[digits + 1] - '0') <= all)
        n = n * 10 + (uint32_t)(at[++digits] - '0');
    if (n == 0)
        return 0;
    add_group(regex, groups, n, to);
    return digits + 1;
}

static size_t add_named(const struct regex *regex, int groups, const char *at, size_t left,
                        struct aq_buffer *to)
{
    const char *end = left > 2 && at[1] == '<' ? memchr(at, '>', left) : NULL;
    if (end == NULL)
        return 0;
    aq_autofree char *name = aq_strndup(at + 2, (size_t)(end - at) - 2);
    int n = pcre2_substring_number_from_name(regex->code, (PCRE2_SPTR)name);
    if (n <= 0)
        return 0;
    add_group(regex, groups, (unsigned)n, to);
    return (size_t)(end - at) + 1;
}

/* What a $ in the replacement stands for, as in JavaScript: how much of it that is. */
static size_t add_dollar(const struct regex *regex, int groups, const char *at, size_t left,
                         struct aq_buffer *to)
{
    const PCRE2_SIZE *where = pcre2_get_ovector_pointer(regex->match);
    size_t taken = 0;
    switch (left > 1 ? at[1] : '\0') {
    case '$':
        aq_buffer_add_char(to, '$');
        return 2;
    case '&':
        add_group(regex, groups, 0, to);
        return 2;
    case '`':
        aq_buffer_add(to, regex->text, where[0]);
        return 2;
    case '\'':
        aq_buffer_add(to, regex->text + where[1], regex->length - where[1]);
        return 2;
    default:
        taken = add_numbered(regex, groups, at, left, to);
        taken = taken > 0 ? taken : add_named(regex, groups, at, left, to);
        break;
    }
    if (taken == 0)
        aq_buffer_add_char(to, '$');
    return taken > 0 ? taken : 1;
}

static void add_replacement(const struct regex *regex, int groups, const RXSTRING *with, struct aq_buffer *to)
{
    for (size_t i = 0; i < with->strlength;) {
        if (with->strptr[i] == '$')
            i += add_dollar(regex, groups, with->strptr + i, with->strlength - i, to);
        else
            aq_buffer_add_char(to, with->strptr[i++]);
    }
}

int aq_fn_regex_replace(struct aq_invocation *call)
{
    aq_cleanup(regex_free) struct regex regex = {0};
    const RXSTRING *with = aq_argument_needed(call, 2, "the replacement");
    if (with == NULL || compile(call, 3, "g", &regex) < 0)
        return -1;
    aq_autobuffer struct aq_buffer made = {0};
    size_t at = 0, copied = 0;
    int found = 0;
    while (at <= regex.length && (found = find(call, &regex, at)) > 0) {
        const PCRE2_SIZE *where = pcre2_get_ovector_pointer(regex.match);
        aq_buffer_add(&made, regex.text + copied, where[0] - copied);
        add_replacement(&regex, found, with, &made);
        copied = where[1];
        if (made.length > AQ_VALUE_MAX)
            return aq_refuse_call(call, "the result has more than %zu MiB", AQ_VALUE_MAX >> 20);
        if (!regex.global)
            break;
        at = behind(&regex);
    }
    if (found < 0)
        return -1;
    aq_buffer_add(&made, regex.text + copied, regex.length - copied);
    return aq_give(call, aq_buffer_text(&made), made.length);
}
