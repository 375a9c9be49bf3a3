/* SPDX-License-Identifier: MIT */
#include "script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stdin.h"
#include "util/cleanup.h"

/* Regina's exit status for error N is 256 - N. */
#define STATUS_NOT_FOUND (256 - 3)
#define STATUS_BAD_CHARACTER (256 - 13)

static int not_read(const char *name, const char *why)
{
    fprintf(stderr, "Error 3 running \"%s\": Failure during initialization\n", name);
    fprintf(stderr, "Error 3.1: Failure during initialization: %s\n", why);
    return STATUS_NOT_FOUND;
}

static int read_all(int fd, struct aq_buffer *to)
{
    ssize_t got;
    do {
        char *room = aq_buffer_room(to, 65536);
        got = read(fd, room, 65536);
        if (got > 0)
            aq_buffer_filled(to, (size_t)got);
    } while (got > 0 || (got < 0 && errno == EINTR));
    to->data[to->length] = '\0';
    return got < 0 ? -1 : 0;
}

/* To its end. NULL, or why not. */
static const char *read_all_of_stdin(struct aq_script *script)
{
    script->name = aq_strdup("<stdin>");
    return read_all(STDIN_FILENO, &script->raw) < 0 ? strerror(errno) : NULL;
}

const char *aq_script_read(const char *name, struct aq_script *script)
{
    if (strcmp(name, "-") == 0)
        return read_all_of_stdin(script);
    aq_autofree char *path = aq_script_find(name);
    if (path == NULL) {
        struct stat status;
        bool folder = stat(name, &status) == 0 && S_ISDIR(status.st_mode);
        return folder ? "It is a directory" : "Program was not found";
    }
    aq_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read_all(fd, &script->raw) < 0)
        return strerror(errno);
    script->name = realpath(path, NULL);
    if (script->name == NULL)
        script->name = aq_strdup(path);
    return NULL;
}

static const char *read_marked(const char *mark, struct aq_script *script)
{
    script->name = aq_strdup("<stdin>");
    int got = aq_stdin_read_until(mark, &script->raw);
    return got < 0 ? strerror(errno) : got > 0 ? "Its end was not marked: it did not come whole" : NULL;
}

static int read_script(const struct aq_options *options, struct aq_script *script)
{
    const char *problem = NULL;
    switch (options->mode) {
    case AQ_MODE_STDIN:
        problem = read_all_of_stdin(script);
        break;
    case AQ_MODE_STDIN_UNTIL:
        problem = read_marked(options->subject, script);
        break;
    case AQ_MODE_CODE:
        script->name = aq_strdup("<-e>");
        aq_buffer_add_text(&script->raw, options->subject);
        break;
    default:
        problem = aq_script_read(options->subject, script);
        break;
    }
    return problem != NULL ? not_read(script->name != NULL ? script->name : options->subject, problem) : 0;
}

int aq_script_nul_line(const struct aq_script *script)
{
    const char *nul = script->raw.length > 0 ? memchr(script->raw.data, '\0', script->raw.length) : NULL;
    if (nul == NULL)
        return 0;
    int line = 1;
    for (const char *c = script->raw.data; c < nul; c++)
        line += *c == '\n';
    return line;
}

/* Regina would take a NUL for the script's end and say nothing. */
static int refuse_nul(const struct aq_script *script)
{
    int line = aq_script_nul_line(script);
    if (line == 0)
        return 0;
    fprintf(stderr, "Error 13 running \"%s\", line %d: Invalid character in program\n", script->name, line);
    fprintf(stderr,
            "Error 13.1: Invalid character in program \"('00'X)\": a script is text, in UTF-8 or ASCII\n");
    return STATUS_BAD_CHARACTER;
}

/* The byte order mark that some editors leave. */
static size_t mark_length(const struct aq_script *script)
{
    return strncmp(aq_buffer_text(&script->raw), "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

void aq_script_prepare(enum aq_dialect dialect, struct aq_script *script)
{
    size_t skip = mark_length(script);
    script->broken = aq_source_prepare(aq_buffer_text(&script->raw) + skip, script->raw.length - skip,
                                       dialect, &script->text, &script->traits, &script->problem) < 0;
    bool replaced = script->traits.rexxjs || script->traits.redirects;
    script->rewritten = skip > 0 || replaced;
    if (replaced)
        return;
    /* The names of the traits point into what was read. */
    if (skip > 0)
        aq_buffer_add(&script->text, script->raw.data + skip, script->raw.length - skip);
    else {
        script->text = script->raw;
        script->raw = (struct aq_buffer){0};
    }
}

int aq_script_refuse(const struct aq_script *script)
{
    const struct aq_source_problem *problem = &script->problem;
    fprintf(stderr, "Error %d running \"%s\", line %d: %s\n", problem->error, script->name, problem->line,
            aq_source_error_name(problem->error));
    fprintf(stderr, "Error %d.1: %s\n", problem->error, problem->text);
    return 256 - problem->error;
}

int aq_script_load(const struct aq_options *options, struct aq_script *script)
{
    int status = read_script(options, script);
    if (status == 0)
        status = refuse_nul(script);
    if (status != 0)
        return status;
    aq_script_prepare(options->dialect, script);
    if (script->broken)
        return aq_script_refuse(script);
    if (options->mode != AQ_MODE_TRANSLATE && !script->traits.has_clauses) {
        aq_buffer_clear(&script->text);
        aq_buffer_add_text(&script->text, "NOP\n");
    }
    return 0;
}

bool aq_script_load_routine(const char *path, struct aq_script *script)
{
    aq_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read_all(fd, &script->raw) < 0 ||
        memchr(aq_buffer_text(&script->raw), '\0', script->raw.length) != NULL)
        return false;
    script->name = realpath(path, NULL);
    if (script->name == NULL)
        script->name = aq_strdup(path);
    aq_script_prepare(AQ_DIALECT_AUTO, script);
    return script->broken || script->traits.rexxjs || script->traits.redirects;
}

void aq_script_free(struct aq_script *script)
{
    free(script->name);
    aq_buffer_free(&script->raw);
    aq_buffer_free(&script->text);
    aq_source_traits_free(&script->traits);
}
