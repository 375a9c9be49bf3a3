/* SPDX-License-Identifier: MIT */
/* Runs a script in Regina as `regina` does, with ADDRESS QEMU there from the start. */
#ifndef AQ_RUNNER_RUN_H
#define AQ_RUNNER_RUN_H

#include "options.h"
#include "rexx.h"
#include "script.h"

/* Makes ADDRESS QEMU and the functions of the loadable module known to this thread's interpreter. */
void aq_run_register(void);

/* The handler of ADDRESS QEMU, under whatever name: the edition's, watched for failures. */
RexxSubcomHandler aq_run_command;

/* Runs it and returns the exit status. */
int aq_run_script(const struct aq_options *options, struct aq_script *script);

/* Runs a routine in a file of its own that was made plain REXX: 0, or 1 if that cannot be. */
int aq_run_routine(struct aq_script *script, ULONG argc, PRXSTRING argv, PRXSTRING result);

/* The words joined by blanks, as regina joins a script's arguments; NULL for none. To be freed. */
char *aq_run_join(char **words, int count);

#endif
