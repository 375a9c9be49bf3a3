/* SPDX-License-Identifier: MIT */
/* A script on its way to the interpreter: found, read, and judged fit to be run. */
#ifndef AQ_RUNNER_SCRIPT_H
#define AQ_RUNNER_SCRIPT_H

#include "dialect/source.h"
#include "options.h"
#include "util/memory.h"

struct aq_script {
    char *name;            /* as PARSE SOURCE and messages have it: a full path, "<stdin>" or "<-e>" */
    struct aq_buffer raw;  /* what was read */
    struct aq_buffer text; /* what Regina gets, once it is prepared: the same memory if that is the same */
    struct aq_source_traits traits;
    bool rewritten; /* it is not what was read */
    bool broken;    /* it could not be translated, and `problem` says why */
    struct aq_source_problem problem;
};

/* Finds and reads it and gets it ready. 0, or the exit status after a message in Regina's manner. */
int aq_script_load(const struct aq_options *options, struct aq_script *script);
void aq_script_free(struct aq_script *script);

/* The same in its steps: finds and reads a file, or standard input for "-", NULL or why not; the line of the
   first NUL in it, 0 if there is none; translates it, or notes that it is broken. */
const char *aq_script_read(const char *name, struct aq_script *script);
int aq_script_nul_line(const struct aq_script *script);
void aq_script_prepare(enum aq_dialect dialect, struct aq_script *script);

/* Says why it could not be translated, in Regina's manner; the exit status. */
int aq_script_refuse(const struct aq_script *script);

/* The file of a routine, if it is one that Regina cannot read by itself; false for any other, and for one
   that cannot be read at all. What is wrong with it is said when it is called. */
bool aq_script_load_routine(const char *path, struct aq_script *script);

/* The file that `name` means: as it stands, with one of Regina's suffixes, in REGINA_MACROS, in the current
   folder or in PATH. A path to be freed, or NULL. */
char *aq_script_find(const char *name);

#endif
