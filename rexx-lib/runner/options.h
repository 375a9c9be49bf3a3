/* SPDX-License-Identifier: MIT */
/* The command line of `rexx`: what to run, and how. */
#ifndef AQ_RUNNER_OPTIONS_H
#define AQ_RUNNER_OPTIONS_H

#include <stdbool.h>

#include "dialect/source.h"

enum aq_mode {
    AQ_MODE_FILE,        /* subject is the script's name */
    AQ_MODE_STDIN,       /* the script comes from standard input */
    AQ_MODE_STDIN_UNTIL, /* up to the line that is subject; what follows is the script's own input */
    AQ_MODE_CODE,        /* subject is the script itself */
    AQ_MODE_CHECK,       /* args are scripts to be checked and not run */
    AQ_MODE_TRANSLATE,   /* subject is a script to be shown as Regina would get it */
    AQ_MODE_PROVISION,   /* subject is a script to be run in a VM of its own */
    AQ_MODE_REMOTE,      /* subject is the machine; args are the script's name and its arguments */
    AQ_MODE_SERVE,       /* the helper in a guest; args are its own */
    AQ_MODE_GROW,        /* the guest's root file system takes all of its disk */
    AQ_MODE_HELP,
    AQ_MODE_VERSION,
    AQ_MODE_REGINA, /* an option of Regina's own that is not about running: Regina's business */
    AQ_MODE_WRONG   /* problem says why */
};

struct aq_options {
    enum aq_mode mode;
    const char *subject;
    char **args; /* what follows: the script's arguments, NULL-terminated */
    int arg_count;
    char trace[16];  /* letters of -t; "" for none */
    bool separate;   /* -a: arguments one by one, not as one string */
    bool restricted; /* -r: Regina's safe mode */
    enum aq_dialect dialect;
    char problem[128];
};

void aq_options_parse(int argc, char **argv, struct aq_options *options);

/* What --help prints. */
extern const char aq_options_help[];

#endif
