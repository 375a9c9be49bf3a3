/* SPDX-License-Identifier: MIT */
#include "spec/comments.h"

#include <string.h>

static bool pair_at(const struct aq_comment_walk *walk, const char *pair)
{
    return walk->end - walk->at >= 2 && walk->at[0] == pair[0] && walk->at[1] == pair[1];
}

static void step(struct aq_comment_walk *walk)
{
    if (*walk->at++ == '\n')
        walk->line++;
}

static void skip_line(struct aq_comment_walk *walk)
{
    while (walk->at < walk->end && *walk->at != '\n')
        walk->at++;
}

/* A REXX string ends on its own line; an unclosed one is the interpreter's to complain about. */
static void skip_string(struct aq_comment_walk *walk)
{
    char quote = *walk->at++;
    while (walk->at < walk->end && *walk->at != quote && *walk->at != '\n')
        walk->at++;
    if (walk->at < walk->end && *walk->at == quote)
        walk->at++;
}

/* From after the opening mark to after the closing one. */
static bool skip_comment(struct aq_comment_walk *walk)
{
    int depth = 1;
    while (walk->at < walk->end) {
        if (pair_at(walk, "/*")) {
            depth++;
            walk->at += 2;
        } else if (pair_at(walk, "*/")) {
            walk->at += 2;
            if (--depth == 0)
                return true;
        } else {
            step(walk);
        }
    }
    return false;
}

bool aq_next_comment(struct aq_comment_walk *walk, int last_line, const char **inside, size_t *length,
                     int *line)
{
    while (walk->at < walk->end && walk->line <= last_line) {
        if (pair_at(walk, "/*")) {
            *line = walk->line;
            walk->at += 2;
            *inside = walk->at;
            if (!skip_comment(walk))
                return false;
            *length = (size_t)(walk->at - *inside) - 2;
            return true;
        }
        if (pair_at(walk, "--") || (walk->line == 1 && pair_at(walk, "#!")))
            skip_line(walk);
        else if (*walk->at == '\'' || *walk->at == '"')
            skip_string(walk);
        else
            step(walk);
    }
    return false;
}
