/* SPDX-License-Identifier: MIT */
/*
 * What the two programs that are made from this folder do each in their own way: `rexx` on the host (host.c),
 * and the static `rexx-guest` (guest.c), which has no VMs to command.
 */
#ifndef AQ_RUNNER_EDITION_H
#define AQ_RUNNER_EDITION_H

#include "rexx.h"

/* What the program calls itself in messages. */
extern const char aq_edition_name[];

/* Prints the version, one line. */
void aq_edition_version(void);

/* The handler behind ADDRESS QEMU. */
RexxSubcomHandler aq_edition_command;

/* rexx --provision, as rexxqemu_provision. */
int aq_edition_provision(const char *script, const char *arguments);

/* rexx-guest --serve; argv[0] is the program's name. Returns an exit status. */
int aq_edition_serve(int argc, char **argv);

#endif
