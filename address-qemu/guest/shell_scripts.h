/* SPDX-License-Identifier: MIT */
/* What is run by a guest's shell, where no helper of ours is at hand: through its agent and through SSH. Each
   is for `sh -c SCRIPT address-qemu ARGUMENT …`, of any POSIX shell. */
#ifndef AQ_GUEST_SHELL_SCRIPTS_H
#define AQ_GUEST_SHELL_SCRIPTS_H

#include "util/error.h"

/* Ends all that has the mark $1 in the variable AQ_COMMAND, and their descendants, some of which may have
   cleared their environment; also the process $3, if it has the mark among its arguments, or in any case when
   $4 is "sure". Then removes the working files $2.in, .out, .err, .said and .told, if they are still there.
   Exit code 0: nothing of it is left. */
extern const char aq_script_kill[];

/* The scripts for files end with these codes, and words on standard error. */
enum aq_script_code {
    AQ_SCRIPT_NO_FILE = 11,
    AQ_SCRIPT_IS_FOLDER = 12,
    AQ_SCRIPT_REFUSED = 13,
    AQ_SCRIPT_NO_OWNER = 14,
    AQ_SCRIPT_NOT_REGULAR = 15,
    AQ_SCRIPT_CORRUPT = 21,
};

/* Prepares a file's arrival. $1 the target, $2 a temporary name beside it, $3 "yes": make folders. */
extern const char aq_script_prepare[];

/* Puts what has arrived in its place. $1 the target, $2 the temporary, $3 mode, $4 owner, $5 its checksum, as
   cksum has it, $6 its size. Without $3 the temporary is removed, and that is all. */
extern const char aq_script_commit[];

/* All of that for a file that comes on standard input: $1 the target, $2 the temporary, $3 "yes": make
   folders, $4 mode, $5 owner, $6 checksum, $7 size. An input that ends early leaves nothing. */
extern const char aq_script_receive[];

/* Looks at a file before it is opened: prints its mode, in octal. $1 the file. */
extern const char aq_script_look[];

/* The same, and then the file itself. */
extern const char aq_script_send[];

/* $1 the file, $2 how much of its start was read (it may have grown since), $3 that part's checksum. */
extern const char aq_script_verify[];

/* What such a code of a script for the file `path` means, with the first line of its words. Returns -1. */
int aq_script_fail(int code, const char *path, const char *words, struct aq_error *err);

#endif
