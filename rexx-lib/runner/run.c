/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpoint.h"
#include "edition.h"
#include "failures.h"
#include "halt.h"
#include "parameters.h"
#include "reason.h"
#include "require.h"
#include "routines.h"
#include "runtime.h"
#include "util/cleanup.h"

#define ENVIRONMENT "SYSTEM" /* where commands go that are addressed to nothing else */
#define ERROR_HALT 4         /* program interrupted */

/* Was the latest thing that the script did a command that a signal ended? Regina raises HALT when the next
   clause begins, and after the last one never. */
static bool ended_by_signal;

/* Does the script read RESULT.field? Then RESULT is made of what each command brings. */
static bool reads_result;

static RXSYSEXIT exits[] = {
    {(char *)"AQ_RUN", RXINI}, {(char *)"AQ_RUN", RXTER}, {(char *)"AQ_RUN", RXSIO}, {NULL, RXENDLST}};

static void set_result(void)
{
    char room[RXAUTOBUFLEN];
    RXSTRING ignored = {sizeof room, room};
    const char *reason;
    aq_edition_function("REXXJS_RESULT", 0, NULL, &ignored, &reason);
}

APIRET APIENTRY aq_run_command(PRXSTRING text, PUSHORT flags, PRXSTRING rc)
{
    aq_failures_command_begins();
    aq_reason_clear();
    APIRET code = aq_edition_command(text, flags, rc);
    if (reads_result)
        set_result();
    ended_by_signal = RXSTRLEN(*rc) == 3 && memcmp(RXSTRPTR(*rc), "130", 3) == 0;
    if (*flags != RXSUBCOM_OK)
        aq_failures_command_failed(text, rc);
    return code;
}

/* A script that is written for stock Regina loads the module first; here that is done already. */
static APIRET APIENTRY answer(PCSZ name, ULONG argc, PRXSTRING argv, PCSZ queue, PRXSTRING result)
{
    (void)argc, (void)argv, (void)queue;
    if (strcmp(name, "QEMULOADFUNCS") == 0) {
        RexxRegisterSubcomExe("QEMU", aq_run_command, NULL);
        aq_routines_register_all();
    } else if (strcmp(name, "QEMUDROPFUNCS") == 0)
        RexxDeregisterSubcom("QEMU", NULL);
    const char *text = strcmp(name, "QEMUVERSION") == 0 ? AQ_VERSION : "0";
    result->strlength = (ULONG)snprintf(result->strptr, RXAUTOBUFLEN, "%s", text);
    return 0;
}

void aq_run_register(void)
{
    static const char *const functions[] = {"QEMULOADFUNCS", "QEMUDROPFUNCS", "QEMUVERSION"};
    RexxRegisterSubcomExe("QEMU", aq_run_command, NULL);
    for (unsigned i = 0; i < sizeof functions / sizeof *functions; i++)
        RexxRegisterFunctionExe(functions[i], answer);
    aq_checkpoint_register();
}

static LONG APIENTRY on_exit_point(LONG function, LONG subfunction, PEXIT parameters)
{
    if (function == RXINI)
        aq_halt_watch();
    else if (function == RXTER || subfunction == RXSIOSAY) {
        aq_failures_settle();
        if (subfunction == RXSIOSAY)
            aq_reason_clear();
        ended_by_signal = ended_by_signal && function == RXTER;
    } else if (subfunction == RXSIOTRC) {
        const RXSTRING *line = &((RXSIOTRC_PARM *)parameters)->rxsio_string;
        if (aq_failures_takes(line) || aq_reason_takes(line))
            return RXEXIT_HANDLED;
    }
    return RXEXIT_NOT_HANDLED;
}

char *aq_run_join(char **words, int count)
{
    if (count == 0)
        return NULL;
    struct aq_buffer all = {0};
    aq_buffer_room(&all, 1);
    for (int i = 0; i < count; i++) {
        aq_buffer_add_text(&all, i > 0 ? " " : "");
        aq_buffer_add_text(&all, words[i]);
    }
    return all.data;
}

/* Routines are also looked for beside the script, which Regina does only if that is the current folder (and
   never as root). */
static void add_script_folder(const char *script)
{
    aq_autofree char *folder = aq_strdup(script), *here = getcwd(NULL, 0);
    char *slash = strrchr(folder, '/');
    if (slash == NULL || slash == folder)
        return;
    *slash = '\0';
    if (here != NULL && strcmp(here, folder) == 0 && geteuid() != 0)
        return;
    const char *macros = getenv("REGINA_MACROS");
    aq_autofree char *list =
        macros != NULL && *macros != '\0' ? aq_format("%s:%s", macros, folder) : aq_strdup(folder);
    setenv("REGINA_MACROS", list, 1);
}

/* The exit status that regina makes of the script's result: a whole number's low byte; anything else is 0. */
static int status_of_result(const RXSTRING *result)
{
    char text[64];
    size_t length = 0;
    for (size_t i = 0; i < RXSTRLEN(*result); i++) {
        char c = result->strptr[i];
        if (strchr("0123456789+-.eE \t", c) == NULL || c == '\0' || length + 1 == sizeof text)
            return 0;
        if (c != ' ' && c != '\t')
            text[length++] = c;
    }
    text[length] = '\0';
    char *end;
    double value = strtod(text, &end);
    if (length == 0 || *end != '\0' || value > INT_MAX || value < INT_MIN || value != (double)(long)value)
        return 0;
    return (int)(long)value & 255;
}

static int exit_status(APIRET code, const RXSTRING *result)
{
    long error = (long)(LONG)code;
    if (error == -ERROR_HALT && aq_halt_signal() != 0)
        return 128 + aq_halt_signal();
    if (error == 0 && RXSTRLEN(*result) == 0 && ended_by_signal && aq_halt_signal() != 0)
        return 128 + aq_halt_signal();
    if (error < 0)
        return (int)(256 + error) & 255;
    return error > 0 ? 1 : status_of_result(result);
}

static int start(const struct aq_options *options, const struct aq_script *script)
{
    RexxRegisterExitExe("AQ_RUN", on_exit_point, NULL);
    aq_autofree char *joined = aq_run_join(options->args, options->arg_count);
    ULONG count = options->separate ? (ULONG)options->arg_count : joined != NULL;
    aq_autofree RXSTRING *args = aq_alloc((count + 1) * sizeof *args);
    for (ULONG i = 0; i < count; i++) {
        char *word = options->separate ? options->args[i] : joined;
        MAKERXSTRING(args[i], word, strlen(word));
    }

    RXSTRING source[2] = {{script->text.length, script->text.data}, {0, NULL}};
    RXSTRING result = {0, NULL};
    SHORT ignored = 0;
    LONG type = (options->separate ? RXSUBROUTINE : RXCOMMAND) | (options->restricted ? RXRESTRICTED : 0);
    APIRET code =
        RexxStart((LONG)count, args, script->name, source, ENVIRONMENT, type, exits, &ignored, &result);
    int status = exit_status(code, &result);
    if (result.strptr != NULL)
        RexxFreeMemory(result.strptr);
    if (source[1].strptr != NULL)
        RexxFreeMemory(source[1].strptr);
    return status;
}

/* Begins line 1, which a shebang has to itself, with a TRACE instruction. */
static void add_trace(const char *letters, struct aq_buffer *text)
{
    aq_autobuffer struct aq_buffer traced = {0};
    const char *from = aq_buffer_text(text);
    if (strncmp(from, "#!", 2) == 0)
        from += strcspn(from, "\n");
    aq_buffer_format(&traced, "TRACE %s;", letters);
    aq_buffer_add_text(&traced, from);
    aq_buffer_clear(text);
    aq_buffer_add(text, traced.data, traced.length);
}

/* What a script needs to be there. */
static void prepare_for(const struct aq_source_traits *traits)
{
    if (traits->requires)
        aq_require_register();
    if (traits->rexxjs)
        aq_runtime_register();
    reads_result |= traits->reads_result;
    aq_routines_register(traits);
}

int aq_run_routine(struct aq_script *script, ULONG argc, PRXSTRING argv, PRXSTRING result)
{
    if (script->broken) {
        aq_script_refuse(script);
        return aq_reason_set("%s cannot be run: see above", script->name);
    }
    prepare_for(&script->traits);
    RXSTRING source[2] = {{script->text.length, script->text.data}, {0, NULL}};
    SHORT ignored = 0;
    result->strptr = NULL;
    result->strlength = 0;
    APIRET code =
        RexxStart((LONG)argc, argv, script->name, source, ENVIRONMENT, RXSUBROUTINE, exits, &ignored, result);
    if (source[1].strptr != NULL)
        RexxFreeMemory(source[1].strptr);
    return code == 0 ? 0 : aq_reason_set("%s has ended with error %ld", script->name, -(long)(LONG)code);
}

int aq_run_script(const struct aq_options *options, struct aq_script *script)
{
    const struct aq_source_traits *traits = &script->traits;
    if (options->mode == AQ_MODE_FILE)
        add_script_folder(script->name);
    prepare_for(traits);
    if (options->trace[0] != '\0')
        add_trace(options->trace, &script->text);
    aq_parameters_set(options->args, options->arg_count);
    aq_failures_start(!traits->mentions_trace && options->trace[0] == '\0', traits->traps_errors);
    return start(options, script);
}
