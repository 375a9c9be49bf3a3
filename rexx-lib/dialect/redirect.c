/* SPDX-License-Identifier: MIT */
/*
 * ADDRESS QEMU command WITH OUTPUT STEM out. … Regina reads this, and then passes the redirection over for
 * environments that are not its own. It becomes
 *     ADDRESS QEMU QEMUWITH((command),"OUTPUT","REPLACE","STEM","out.")
 * whose value is the command, and ADDRESS QEMU WITH … by itself, which holds for all that follow,
 *     ADDRESS VALUE QEMUWITH(,"QEMU","OUTPUT",…)
 * What does not follow the grammar is left as it is: Regina then says what is wrong with it.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "translation.h"

struct connection {
    const char *stream, *mode, *kind; /* INPUT, OUTPUT or ERROR; REPLACE or APPEND; STEM … or NORMAL */
    struct aq_token name;             /* of what it goes to; none for NORMAL */
};

struct redirection {
    struct aq_token environment, command; /* the command's first token; END if there is none */
    const char *with;
    struct connection connections[3];
    size_t count;
    const char *behind;
};

static const char *one_of(const struct aq_token *token, const char *const *words)
{
    for (; *words != NULL; words++)
        if (aq_token_is(token, *words))
            return *words;
    return NULL;
}

/* QEMU itself, or a name that REQUIRE … AS has given it. */
static bool is_qemu(const struct aq_translation *translation, const struct aq_token *environment)
{
    bool quoted = environment->kind == AQ_TOKEN_STRING;
    if (!quoted && environment->kind != AQ_TOKEN_SYMBOL)
        return false;
    const char *name = environment->at + quoted;
    size_t length = environment->length - 2 * quoted;
    return (length == 4 && strncasecmp(name, "QEMU", 4) == 0) ||
           (aq_names_flags(&translation->traits->names, name, length) & AQ_NAME_ENVIRONMENT) != 0;
}

static bool is_stem(const struct aq_token *name)
{
    return name->kind == AQ_TOKEN_SYMBOL && name->length > 1 && !(*name->at >= '0' && *name->at <= '9') &&
           memchr(name->at, '.', name->length) == name->at + name->length - 1;
}

/* One connection; *token is the first behind it then. */
static bool read_connection(struct aq_reader *ahead, struct aq_token *token, struct connection *connection)
{
    static const char *const streams[] = {"INPUT", "OUTPUT", "ERROR", NULL};
    static const char *const modes[] = {"REPLACE", "APPEND", NULL};
    static const char *const kinds[] = {"STEM", "STREAM", "FIFO", "LIFO", "NORMAL", NULL};
    *connection = (struct connection){.stream = one_of(token, streams), .mode = "REPLACE"};
    if (connection->stream == NULL)
        return false;
    aq_token_next(ahead, token);
    const char *mode = one_of(token, modes);
    if (mode != NULL) {
        connection->mode = mode;
        aq_token_next(ahead, token);
    }
    connection->kind = one_of(token, kinds);
    if (connection->kind == NULL || (mode != NULL && strcmp(connection->stream, "INPUT") == 0))
        return false;
    aq_token_next(ahead, token);
    if (strcmp(connection->kind, "NORMAL") == 0)
        return mode == NULL;
    connection->name = *token;
    aq_token_next(ahead, token);
    if (memchr(connection->name.at, '\n', connection->name.length) != NULL)
        return false;
    return strcmp(connection->kind, "STEM") == 0
               ? is_stem(&connection->name)
               : connection->name.kind == AQ_TOKEN_STRING || connection->name.kind == AQ_TOKEN_SYMBOL;
}

static bool read_connections(struct aq_reader *ahead, struct redirection *redirection)
{
    struct aq_token token;
    aq_token_next(ahead, &token);
    do {
        struct connection *next = &redirection->connections[redirection->count];
        if (!read_connection(ahead, &token, next))
            return false;
        for (size_t i = 0; i < redirection->count; i++)
            if (redirection->connections[i].stream == next->stream)
                return false;
        redirection->behind = next->name.length > 0 ? next->name.at + next->name.length : NULL;
        redirection->count++;
    } while (!aq_token_ends(&token) && redirection->count < 3);
    if (redirection->behind == NULL)
        redirection->behind = ahead->at - token.length;
    return aq_token_ends(&token);
}

/* Reads the clause behind ADDRESS. */
static bool read_clause(struct aq_translation *translation, struct redirection *redirection)
{
    struct aq_reader ahead = translation->in;
    struct aq_token token;
    int depth = 0;
    aq_token_next(&ahead, &redirection->environment);
    if (!is_qemu(translation, &redirection->environment))
        return false;
    for (aq_token_next(&ahead, &token); depth > 0 || !aq_token_is(&token, "WITH");
         aq_token_next(&ahead, &token)) {
        if (aq_token_ends(&token))
            return false;
        if (redirection->command.length == 0)
            redirection->command = token;
        depth += aq_token_is_char(&token, '(') ? 1 : aq_token_is_char(&token, ')') ? -1 : 0;
    }
    redirection->with = token.at;
    return read_connections(&ahead, redirection);
}

static void write_connections(struct aq_translation *translation, const struct redirection *redirection)
{
    struct aq_buffer *out = translation->out;
    for (size_t i = 0; i < redirection->count; i++) {
        const struct connection *connection = &redirection->connections[i];
        const struct aq_token *name = &connection->name;
        bool literal = strcmp(connection->kind, "STEM") == 0;
        bool queue = strcmp(connection->kind, "FIFO") == 0 || strcmp(connection->kind, "LIFO") == 0;
        aq_buffer_format(out, ",\"%s\",\"%s\",\"%s\",", connection->stream, connection->mode,
                         connection->kind);
        if (queue && name->kind == AQ_TOKEN_STRING && name->length == 2) /* the one in force */
            aq_buffer_add_text(out, "RXQUEUE('G')");
        else
            aq_buffer_format(out, literal ? "\"%.*s\"" : "%.*s", (int)name->length, name->at);
    }
    aq_buffer_add_char(out, ')');
    translation->in.at = redirection->behind;
}

static void begin(struct aq_translation *translation, const struct aq_token *word,
                  const struct redirection *redirection)
{
    const struct aq_token *environment = &redirection->environment;
    if (redirection->command.length > 0) { /* it is still to come, token by token */
        aq_translation_replace(translation, redirection->command.at, redirection->command.at);
        aq_buffer_add_text(translation->out, AQ_WITH_FUNCTION "((");
        translation->with = redirection->with;
        return;
    }
    bool quoted = environment->kind == AQ_TOKEN_STRING;
    aq_translation_replace(translation, word->at + word->length, redirection->behind);
    aq_buffer_add_text(translation->out, " VALUE " AQ_WITH_FUNCTION "(,\"");
    for (size_t i = quoted; i < environment->length - quoted; i++)
        aq_buffer_add_char(translation->out,
                           (char)(quoted ? environment->at[i] : toupper(environment->at[i])));
    aq_buffer_add_char(translation->out, '"');
    write_connections(translation, redirection);
}

bool aq_redirect(struct aq_translation *translation, const struct aq_token *word)
{
    struct redirection redirection = {0};
    if (!read_clause(translation, &redirection))
        return false;
    translation->redirects = true;
    if (translation->pass == AQ_PASS_REDIRECT || translation->writing)
        begin(translation, word, &redirection);
    return true;
}

void aq_redirect_with(struct aq_translation *translation)
{
    struct redirection redirection = {0};
    struct aq_reader ahead = translation->in;
    translation->with = NULL;
    if (!read_connections(&ahead, &redirection))
        return;
    aq_translation_flush(translation, translation->previous_end);
    aq_buffer_add_char(translation->out, ')');
    aq_translation_replace(translation, translation->copied, redirection.behind);
    write_connections(translation, &redirection);
}
