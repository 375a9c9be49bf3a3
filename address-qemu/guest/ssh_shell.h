/* SPDX-License-Identifier: MIT */
/*
 * A command as the far side's shell gets it. SSH carries one string, which the login shell reads: of unknown
 * make, of limited length (dropbear takes 9000 bytes), and open to whoever looks at the guest's processes. So
 * that string is always the same, AQ_SSH_COMMAND, and has /bin/sh read one line of shell from its standard
 * input and run it; the command's own input follows after that line.
 *
 * The line prints "MARK ok PID" on standard output and MARK on standard error and becomes the command; or
 * "MARK folder", "MARK side", "MARK absent" or "MARK program" when there is no such folder, no such program,
 * or nothing that can be run. What a login shell's own files have printed comes before. MARK is random, so
 * none of this can be mistaken.
 */
#ifndef AQ_GUEST_SSH_SHELL_H
#define AQ_GUEST_SSH_SHELL_H

#include <stdbool.h>

#include "guest/channel.h"

#define AQ_SSH_COMMAND "exec /bin/sh -c 'IFS= read -r l;eval \"$l\"'"

/* Where a command's side channel is, by files: the folder is this and the mark, the files' common name
   AQ_SSH_SIDE_NAME in it (guest/side.h). Nobody can have made it before, for the mark is random. */
#define AQ_SSH_SIDE_FOLDER "/tmp/.address-qemu-"
#define AQ_SSH_SIDE_NAME "side"

/* Adds that line, its end included. `guarded`: when the connection breaks while the command runs, it is ended
   with all its descendants. A command that ends by itself then (its input or output is closed) needs none. */
void aq_ssh_shell_line(const struct aq_guest_exec *exec, const char *mark, bool guarded,
                       struct aq_buffer *line);

#endif
