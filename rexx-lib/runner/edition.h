/* SPDX-License-Identifier: MIT */
/*
 * What the two programs that are made from this folder do each in their own way: `rexx` on the host (host.c),
 * and the static `rexx-guest` (guest.c), which has no VMs to command.
 */
#ifndef AQ_RUNNER_EDITION_H
#define AQ_RUNNER_EDITION_H

#include <stdbool.h>

#include "rexx.h"
#include "util/memory.h"

/* What the program calls itself in messages. */
extern const char aq_edition_name[];

/* Prints the version, one line. */
void aq_edition_version(void);

/* The handler behind ADDRESS QEMU. */
RexxSubcomHandler aq_edition_command;

/* A function of functions/list.h, or QEMUWITH: 0, or 1 with *reason saying why not. */
int aq_edition_function(const char *name, ULONG argc, PRXSTRING argv, PRXSTRING result, const char **reason);

/* Appends what the name is in the object that its variable holds: see functions/path.h. */
bool aq_edition_field(const char *name, size_t length, struct aq_buffer *to);

/* rexx --provision, as rexxqemu_provision. */
int aq_edition_provision(const char *script, const char *arguments);

/* rexx --remote, as rexxqemu_remote. */
int aq_edition_remote(const char *destination, const char *text, size_t length, const char *const *options,
                      char *const *arguments);

/* rexx-guest --serve; argv[0] is the program's name. Returns an exit status. */
int aq_edition_serve(int argc, char **argv);

/* rexx-guest --grow: guest/server/grow.h. */
int aq_edition_grow(void);

#endif
