/* SPDX-License-Identifier: MIT */
/*
 * The script goes ahead of our standard input, with a line between them that says so (`rexx --stdin-until`),
 * so nothing of it is left there, and nothing has to be cleared up whatever happens.
 */
#include "guest/remote.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/runner.h"
#include "guest/runner_path.h"
#include "guest/shell.h"
#include "guest/ssh_link.h"
#include "util/files.h"
#include "util/random.h"

enum {
    READY_MS = 60000, /* for the server to answer, and to let us in */
    SEND_MS = 600000, /* for the runner, over a slow line */
    MARK = 27,
    PORT_MAX = 65535,
};

/* $1 our version, $2 the build-id of our rexx-guest. Prints the home folder, and then the program of this
 * version. */
static const char find_script[] = "c=${XDG_CACHE_HOME:-$HOME/.cache}/address-qemu/rexx-guest\n"
                                  "echo \"$HOME\"; echo \"$c\"\n"
                                  "for r in rexx " AQ_GUEST_RUNNER_PATH " \"$c\"; do\n"
                                  "  case $(\"$r\" --version 2>/dev/null </dev/null) in\n"
                                  "  \"rexx (ADDRESS QEMU) $1,\"* | \"rexx-guest (ADDRESS QEMU) "
                                  "$1,\"*\"build-id $2\") echo \"$r\"; exit ;;\n"
                                  "  esac\n"
                                  "done\n";

/* What is there. */
struct far_side {
    char *home, *place, *rexx; /* "": the program is not there; it goes to `place` */
};

static void far_side_free(struct far_side *far)
{
    free(far->home);
    free(far->place);
    free(far->rexx);
}

static void target_free(struct aq_ssh_target *target)
{
    free((char *)(uintptr_t)target->address.host);
    free(target->name);
    free(target->user);
}

/* --- where to --- */

static int read_port(const char *text, const char *destination, uint16_t *port, struct aq_error *err)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || number < 1 || number > PORT_MAX)
        return aq_fail(err, AQ_E_VALUE_INVALID, "\"%s\" has no port from 1 to 65535 behind its colon",
                       destination);
    *port = (uint16_t)number;
    return 0;
}

/* HOST, HOST:PORT, [ADDRESS]:PORT, or an IPv6 address as it is. */
static int read_host(const char *text, const char *destination, char **host, uint16_t *port,
                     struct aq_error *err)
{
    const char *close = text[0] == '[' ? strchr(text, ']') : NULL, *colon = strchr(text, ':');
    if (close != NULL) {
        *host = aq_strndup(text + 1, (size_t)(close - text - 1));
        if (close[1] != ':' && close[1] != '\0')
            return aq_fail(err, AQ_E_VALUE_INVALID, "\"%s\" has something behind its bracket", destination);
        return close[1] == '\0' ? 0 : read_port(close + 2, destination, port, err);
    }
    if (colon == NULL || strchr(colon + 1, ':') != NULL) {
        *host = aq_strdup(text);
        return 0;
    }
    *host = aq_strndup(text, (size_t)(colon - text));
    return read_port(colon + 1, destination, port, err);
}

int aq_remote_destination(const char *text, char **user, char **host, uint16_t *port, struct aq_error *err)
{
    static const char scheme[] = "ssh://";
    const char *from = strncmp(text, scheme, strlen(scheme)) == 0 ? text + strlen(scheme) : text;
    const char *at = strrchr(from, '@');
    *user = at != NULL ? aq_strndup(from, (size_t)(at - from)) : NULL;
    *host = NULL;
    *port = 0;
    if (read_host(at != NULL ? at + 1 : from, text, host, port, err) < 0)
        return -1;
    if (**host != '\0' && **host != '-' && (*user == NULL || (**user != '\0' && **user != '-')) &&
        strcspn(text, " \t\r\n'\"`$;|&<>\\") == strlen(text))
        return 0;
    return aq_fail(err, AQ_E_VALUE_INVALID, "\"%s\" is no destination; one is [USER@]HOST[:PORT]", text);
}

/* --- the runner --- */

static char *take_line(const char **at)
{
    size_t length = strcspn(*at, "\n");
    char *line = aq_strndup(*at, length);
    *at += length + ((*at)[length] == '\n');
    return line;
}

static int look_around(struct aq_channel *channel, const char *id, struct far_side *far, struct aq_error *err)
{
    const char *const arguments[] = {AQ_VERSION, id, NULL};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    if (aq_guest_shell(channel, find_script, arguments, aq_after_ms(READY_MS), &exit, err) < 0)
        return -1;
    const char *at = aq_buffer_text(&exit.output);
    far->home = take_line(&at);
    far->place = take_line(&at);
    far->rexx = take_line(&at);
    return 0;
}

static int send_runner(struct aq_channel *channel, const char *path, const char *id, struct far_side *far,
                       struct aq_error *err)
{
    aq_autoclose int fd = aq_open_input(path, err);
    if (fd < 0)
        return -1;
    const struct aq_guest_put put = {
        .fd = fd, .path = far->place, .mode = 0755, .make_folders = true, .deadline = aq_after_ms(SEND_MS)};
    if (aq_channel_put(channel, &put, err) < 0)
        return -1;
    far_side_free(far);
    if (look_around(channel, id, far, err) < 0)
        return -1;
    return far->rexx[0] != '\0'
               ? 0
               : aq_fail(err, AQ_E_GUEST_REFUSED,
                         "%s does not run there: it is for Linux on x86-64, in a folder whose "
                         "programs may be run",
                         far->place);
}

static int ensure_rexx(struct aq_channel *channel, struct far_side *far, struct aq_error *err)
{
    char id[AQ_BUILD_ID_TEXT];
    aq_autofree char *path = aq_guest_runner_path(err);
    if (path == NULL || aq_guest_runner_build_id(path, id, err) < 0 || look_around(channel, id, far, err) < 0)
        return -1;
    return far->rexx[0] != '\0' ? 0 : send_runner(channel, path, id, far, err);
}

/* --- the script --- */

/* Its text, and the line behind it. */
static void add_script(const struct aq_remote_script *script, const char *mark, struct aq_buffer *input)
{
    aq_buffer_add(input, script->text, script->length);
    if (script->length > 0 && script->text[script->length - 1] != '\n')
        aq_buffer_add_char(input, '\n');
    aq_buffer_format(input, "%s\n", mark);
}

static int run(struct aq_channel *channel, const struct aq_remote_script *script, struct aq_guest_exec *exec,
               const struct far_side *far, struct aq_guest_exit *exit, struct aq_error *err)
{
    char mark[MARK];
    aq_autobuffer struct aq_buffer input = {0};
    aq_autofree const char **argv =
        aq_alloc((script->option_count + script->argument_count + 4) * sizeof *argv);
    size_t count = 0;
    argv[count++] = far->rexx;
    for (size_t i = 0; i < script->option_count; i++)
        argv[count++] = script->options[i];
    argv[count++] = "--stdin-until";
    argv[count++] = aq_random_name(mark, sizeof mark);
    for (size_t i = 0; i < script->argument_count; i++)
        argv[count++] = script->arguments[i];
    add_script(script, mark, &input);
    aq_autoclose int ours = dup(STDIN_FILENO); /* a descriptor that is not 0 */
    exec->argv = argv;
    exec->working_dir = far->home[0] == '/' ? far->home : NULL;
    exec->input = input.data;
    exec->input_length = input.length;
    exec->input_fd = ours > 0 ? ours : 0;
    exec->take_interrupt = script->take_interrupt;
    return aq_channel_exec(channel, exec, exit, err);
}

int aq_remote_run(const struct aq_remote_script *script,
                  void (*output)(void *data, enum aq_stream stream, const char *bytes, size_t length),
                  void *data, struct aq_guest_exit *exit, struct aq_error *err)
{
    char *host = NULL;
    aq_cleanup(target_free) struct aq_ssh_target target = {.name = aq_strdup(script->destination),
                                                           .user_files = true};
    aq_cleanup(far_side_free) struct far_side far = {0};
    struct aq_guest_exec exec = {.on_output = output, .on_output_data = data};
    int done = aq_remote_destination(script->destination, &target.user, &host, &target.address.port, err);
    target.address.host = host;
    if (done < 0)
        return -1;
    aq_autochannel struct aq_channel *channel = aq_channel_open_ssh(&target);
    if (aq_channel_ready(channel, aq_after_ms(READY_MS), err) < 0 || ensure_rexx(channel, &far, err) < 0)
        return -1;
    return run(channel, script, &exec, &far, exit, err);
}
