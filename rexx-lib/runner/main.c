/* SPDX-License-Identifier: MIT */
/* The program `rexx`, and `rexx-guest`: see edition.h for what sets them apart. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "edition.h"
#include "halt.h"
#include "hangup.h"
#include "options.h"
#include "regina.h"
#include "remote.h"
#include "run.h"
#include "script.h"
#include "util/cleanup.h"
#include "util/standard_streams.h"

/* What was asked for is on standard output, or it was in vain: not so what a script SAYs, as in Regina. */
static int printed(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EXIT_SUCCESS;
    fprintf(stderr, "%s: cannot write to standard output: %s\n", aq_edition_name, strerror(errno));
    return EXIT_FAILURE;
}

static int run(int argc, char **argv, const struct aq_options *options)
{
    aq_cleanup(aq_script_free) struct aq_script script = {0};
    if (options->mode == AQ_MODE_STDIN || options->mode == AQ_MODE_STDIN_UNTIL)
        aq_hangup_watch();
    int status = aq_script_load(options, &script);
    if (status != 0)
        return status;
    if (aq_hangup_happened())
        return 128 + SIGHUP;
    if (options->mode == AQ_MODE_TRANSLATE) {
        fwrite(aq_buffer_text(&script.text), 1, script.text.length, stdout);
        return printed();
    }
    aq_run_register();
    /* Under -t Regina itself ignores the script's own TRACE instructions: leave the script to it where
     * possible. */
    if (options->trace[0] != '\0' && options->mode == AQ_MODE_FILE && !script.rewritten &&
        options->dialect == AQ_DIALECT_AUTO) {
        for (int i = 1; i < argc; i++)
            if (argv[i] == options->subject)
                argv[i] = script.name;
        return aq_regina_main(argc, argv);
    }
    return aq_run_script(options, &script);
}

static int provision(const struct aq_options *options)
{
    aq_autofree char *arguments = aq_run_join(options->args, options->arg_count);
    return aq_edition_provision(options->subject, arguments);
}

int main(int argc, char **argv)
{
    struct aq_options options;
    aq_standard_streams_take();
    aq_halt_start();
    aq_options_parse(argc, argv, &options);
    switch (options.mode) {
    case AQ_MODE_HELP:
        fputs(aq_options_help, stdout);
        return printed();
    case AQ_MODE_VERSION:
        aq_edition_version();
        return printed();
    case AQ_MODE_WRONG:
        fprintf(stderr, "%s: %s\n", aq_edition_name, options.problem);
        return 2;
    case AQ_MODE_REGINA:
        aq_run_register();
        return aq_regina_main(argc, argv);
    case AQ_MODE_PROVISION:
        return provision(&options);
    case AQ_MODE_REMOTE:
        return aq_remote(&options);
    case AQ_MODE_CHECK:
        return aq_check(&options);
    case AQ_MODE_SERVE:
        return aq_edition_serve(argc, argv);
    case AQ_MODE_GROW:
        return aq_edition_grow();
    default:
        return run(argc, argv, &options);
    }
}
