/* SPDX-License-Identifier: MIT */
#include "remote.h"

#include <stdio.h>

#include "edition.h"
#include "script.h"
#include "util/cleanup.h"

enum { USAGE = 2, OPTIONS = 5 };

static const char *const dialects[] = {
    [AQ_DIALECT_REGINA] = "--dialect=regina", [AQ_DIALECT_REXXJS] = "--dialect=rexxjs"};

/* The options that were given here, for the one that runs it there. */
static void list_options(const struct aq_options *options, char trace[32], const char *list[OPTIONS])
{
    int used = 0;
    snprintf(trace, 32, "-t%s", options->trace);
    if (options->trace[0] != '\0')
        list[used++] = trace;
    if (options->separate)
        list[used++] = "-a";
    if (options->restricted)
        list[used++] = "-r";
    if (options->dialect != AQ_DIALECT_AUTO)
        list[used++] = dialects[options->dialect];
    list[used] = NULL;
}

int aq_remote(const struct aq_options *options)
{
    char trace[32];
    const char *list[OPTIONS];
    aq_cleanup(aq_script_free) struct aq_script script = {0};
    if (options->arg_count == 0) {
        fprintf(stderr, "%s: --remote needs a FILE behind the machine's name\n", aq_edition_name);
        return USAGE;
    }
    const char *problem = aq_script_read(options->args[0], &script);
    if (problem != NULL) {
        fprintf(stderr, "%s: %s: %s\n", aq_edition_name, options->args[0], problem);
        return USAGE;
    }
    list_options(options, trace, list);
    return aq_edition_remote(options->subject, aq_buffer_text(&script.raw), script.raw.length, list,
                             options->args + 1);
}
