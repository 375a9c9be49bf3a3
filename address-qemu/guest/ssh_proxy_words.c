/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guest/ssh_proxy.h"
#include "util/cleanup.h"

/* A command that is being split. */
struct splitter {
    const char *at;
    const struct aq_ssh_proxy_names *names;
    struct aq_buffer word;
};

static int refuse(const char *what, size_t length, struct aq_error *err)
{
    return aq_fail(
        err, AQ_E_NOT_SUPPORTED,
        "your configuration for ssh has a ProxyCommand with %.*s, for which it would take a shell; "
        "it is run without one: let it name a script of yours",
        (int)length, what);
}

static int add_token(struct splitter *split, struct aq_error *err)
{
    const struct aq_ssh_proxy_names *names = split->names;
    switch (*++split->at) {
    case '%':
        aq_buffer_add_char(&split->word, '%');
        break;
    case 'h':
        aq_buffer_add_text(&split->word, names->host);
        break;
    case 'n':
        aq_buffer_add_text(&split->word, names->typed);
        break;
    case 'r':
        aq_buffer_add_text(&split->word, names->user);
        break;
    case 'p':
        aq_buffer_format(&split->word, "%u", names->port);
        break;
    default:
        return aq_fail(err, AQ_E_NOT_SUPPORTED,
                       "your configuration for ssh has a ProxyCommand with %%%.1s, which stands for nothing "
                       "there: %%h, %%n, %%p, %%r and %%%% do",
                       split->at);
    }
    split->at++;
    return 0;
}

/* One character of a word, or a token. In single quotes all but tokens is as it stands. */
static int add_one(struct splitter *split, char quote, struct aq_error *err)
{
    static const char for_shells[] = "$`|;&<>()*?!#~\n";
    char c = *split->at;
    if (c == '%')
        return add_token(split, err);
    if (quote != '\'' && c == '\\') {
        /* in double quotes it stands for itself before all but these */
        if (split->at[1] != '\0' && (quote == '\0' || strchr("$`\"\\", split->at[1]) != NULL))
            split->at++;
        aq_buffer_add_char(&split->word, *split->at++);
        return 0;
    }
    if ((quote == '\0' && strchr(for_shells, c) != NULL) || (quote == '"' && (c == '$' || c == '`')))
        return refuse(split->at, 1, err);
    aq_buffer_add_char(&split->word, c);
    split->at++;
    return 0;
}

static int add_quoted(struct splitter *split, struct aq_error *err)
{
    char quote = *split->at++;
    while (*split->at != quote) {
        if (*split->at == '\0')
            return aq_fail(
                err, AQ_E_VALUE_INVALID,
                "your configuration for ssh has a ProxyCommand with a quote (%c) that is not closed", quote);
        if (add_one(split, quote, err) < 0)
            return -1;
    }
    split->at++;
    return 0;
}

static int add_word(struct splitter *split, struct aq_strings *words, struct aq_error *err)
{
    aq_buffer_clear(&split->word);
    while (*split->at != '\0' && *split->at != ' ' && *split->at != '\t') {
        bool quoted = *split->at == '\'' || *split->at == '"';
        if ((quoted ? add_quoted(split, err) : add_one(split, '\0', err)) < 0)
            return -1;
    }
    aq_strings_add(words, aq_buffer_text(&split->word));
    return 0;
}

static int split_words(const char *command, const struct aq_ssh_proxy_names *names, struct aq_strings *words,
                       struct aq_error *err)
{
    struct splitter split = {.at = command, .names = names};
    int done = 0;
    while (done == 0 && *(split.at += strspn(split.at, " \t")) != '\0')
        done = add_word(&split, words, err);
    aq_buffer_free(&split.word);
    return done;
}

/* Many are written for a shell that is to go: "exec ssh …". */
static size_t find_program(const struct aq_strings *words)
{
    return words->count > 1 && strcmp(words->items[0], "exec") == 0 ? 1 : 0;
}

static bool is_ssh(const char *program)
{
    const char *slash = strrchr(program, '/');
    return strcmp(slash != NULL ? slash + 1 : program, "ssh") == 0;
}

int aq_ssh_proxy_words(const char *command, const struct aq_ssh_proxy_names *names, const char *configuration,
                       struct aq_strings *words, struct aq_error *err)
{
    aq_autostrings struct aq_strings split = {0};
    if (split_words(command, names, &split, err) < 0)
        return -1;
    size_t first = find_program(&split);
    if (first >= split.count || split.items[first][0] == '\0')
        return aq_fail(err, AQ_E_VALUE_INVALID, "your configuration for ssh has an empty ProxyCommand");
    const char *program = split.items[first];
    if (strchr(program, '=') != NULL)
        return refuse(program, strcspn(program, "=") + 1, err);
    aq_strings_add(words, program);
    if (is_ssh(program)) {
        aq_strings_add(words, "-oBatchMode=yes");
        if (configuration != NULL)
            aq_strings_format(words, "-F%s", configuration);
    }
    for (size_t i = first + 1; i < split.count; i++)
        aq_strings_add(words, split.items[i]);
    return 0;
}
