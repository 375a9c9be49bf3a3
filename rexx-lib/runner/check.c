/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edition.h"
#include "script.h"
#include "util/cleanup.h"

static void report(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void report(const char *file, int line, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "%s:%d: ", file, line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

/* Regina reads a script to its end before it runs any of it, and then this ends it at once. */
static void add_exit(const struct aq_buffer *text, struct aq_buffer *to)
{
    const char *from = aq_buffer_text(text);
    if (strncmp(from, "#!", 2) == 0) {
        size_t line = strcspn(from, "\n");
        aq_buffer_add(to, from, line);
        aq_buffer_add_char(to, '\n');
        from += line + (from[line] == '\n');
    }
    aq_buffer_add_text(to, "EXIT;");
    aq_buffer_add_text(to, from);
}

/* Regina reads the script in a process of its own: a second one would inherit lines of the first. Its exit
 * status is the number of the error. */
_Noreturn static void read_in_child(const struct aq_buffer *text, int said)
{
    RXSTRING source[2] = {{text->length, text->data}, {0, NULL}}, result = {0, NULL};
    SHORT ignored = 0;
    dup2(said, STDERR_FILENO);
    long code =
        (long)(LONG)RexxStart(0, NULL, "script", source, "SYSTEM", RXCOMMAND, NULL, &ignored, &result);
    fflush(stderr);
    _exit(code < 0 ? (int)-code & 255 : 0);
}

/* What Regina says on standard error while it reads the script goes into `said`. The number of the error, 0
 * for none, -1 if that cannot be found out. */
static int read_by_regina(const struct aq_buffer *text, struct aq_buffer *said)
{
    aq_autoclose int memory = memfd_create("rexx-check", MFD_CLOEXEC);
    fflush(stdout);
    fflush(stderr);
    pid_t child = memory < 0 ? -1 : fork();
    int status = 0;
    if (child == 0)
        read_in_child(text, memory);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (child < 0 || !WIFEXITED(status))
        return -1;
    off_t length = lseek(memory, 0, SEEK_END);
    char *room = aq_buffer_room(said, (size_t)length);
    ssize_t got = pread(memory, room, (size_t)length, 0);
    aq_buffer_filled(said, got > 0 ? (size_t)got : 0);
    return WEXITSTATUS(status);
}

/* "Error 36 running "x", line 4: Unmatched …" and, perhaps, "Error 36.1: More of it", which may be all that
 * has the line: "[Syntax error at line 2]". */
static void report_regina(const char *file, int error, const char *said)
{
    const char *colon = strstr(said, ": "), *more = strstr(said, "\nError "), *line = strstr(said, "line ");
    const char *text = colon != NULL ? colon + 2 : said;
    aq_autofree char *number = aq_format("%d", error);
    if (more != NULL) {
        const char *point = more + strlen("\nError ");
        size_t digits = strcspn(point, ":");
        free(number);
        number = aq_strndup(point, digits);
        text = point + digits + (point[digits] == ':' ? 2 : 0);
    }
    /* What was found may be the line's end itself. */
    size_t length = strcspn(text, "\n");
    bool at_end = length > 0 && text[length - 1] == '"' && text[length] == '\n' && text[length + 1] == '"';
    report(file, line != NULL ? atoi(line + strlen("line ")) : 1, "error %s: %.*s%s", number,
           (int)(length - at_end), text, at_end ? "the end of the line" : "");
}

static bool check_syntax(const char *file, const struct aq_script *script)
{
    aq_autobuffer struct aq_buffer text = {0}, said = {0};
    add_exit(&script->text, &text);
    int error = read_by_regina(&text, &said);
    if (error > 0)
        report_regina(file, error, aq_buffer_text(&said));
    else if (error < 0)
        report(file, 1, "cannot be checked: %s", strerror(errno));
    return error == 0;
}

/* The file in which the header is, to be read once more. What came through a pipe cannot be: *memory is a
 * copy, the caller's to close. NULL with errno. */
static char *find_header(const struct aq_script *script, int *memory)
{
    struct stat status;
    if (stat(script->name, &status) == 0 && S_ISREG(status.st_mode))
        return aq_strdup(script->name);
    *memory = memfd_create("rexx-check", MFD_CLOEXEC);
    if (*memory < 0)
        return NULL;
    const char *at = aq_buffer_text(&script->raw), *end = at + script->raw.length;
    for (ssize_t done; at < end; at += done)
        if ((done = write(*memory, at, (size_t)(end - at))) < 0)
            return NULL;
    return aq_format("/proc/self/fd/%d", *memory);
}

/* The library's own reading of the header: "FILE, line 3: rexxjs-vm-memory has to be …". */
static bool check_header(const char *file, const struct aq_script *script)
{
    char room[RXAUTOBUFLEN];
    aq_autoclose int memory = -1;
    if (memmem(aq_buffer_text(&script->raw), script->raw.length, "rexxjs-vm-", strlen("rexxjs-vm-")) == NULL)
        return true;
    aq_autofree char *path = find_header(script, &memory);
    if (path == NULL) {
        report(file, 1, "header: cannot be checked: %s", strerror(errno));
        return false;
    }
    RXSTRING name = {strlen(path), path}, result = {sizeof room, room};
    const char *reason = NULL;
    int failed = aq_edition_function("QEMU_HEADER", 1, &name, &result, &reason);
    if (result.strptr != room && result.strptr != NULL)
        RexxFreeMemory(result.strptr);
    if (!failed)
        return true;
    const char *line = strstr(reason, ", line ");
    const char *text = line != NULL ? strstr(line, ": ") : NULL;
    report(file, line != NULL ? atoi(line + strlen(", line ")) : 1, "header: %s",
           text != NULL ? text + 2 : reason);
    return false;
}

static bool check(const char *file, const struct aq_options *options)
{
    aq_cleanup(aq_script_free) struct aq_script script = {0};
    const char *problem = aq_script_read(file, &script);
    int line = 1;
    if (strcmp(file, "-") == 0)
        file = "<stdin>";
    if (problem == NULL && (line = aq_script_nul_line(&script)) > 0)
        problem = "error 13.1: a NUL byte: a script is text, in UTF-8 or ASCII";
    if (problem != NULL) {
        report(file, line > 0 ? line : 1, "%s", problem);
        return false;
    }
    bool header = check_header(file, &script);
    aq_script_prepare(options->dialect, &script);
    if (script.broken) {
        report(file, script.problem.line, "error %d.1: %s", script.problem.error, script.problem.text);
        return false;
    }
    return check_syntax(file, &script) && header;
}

int aq_check(const struct aq_options *options)
{
    int status = EXIT_SUCCESS;
    for (int i = 0; i < options->arg_count; i++)
        if (!check(options->args[i], options))
            status = EXIT_FAILURE;
    return status;
}
