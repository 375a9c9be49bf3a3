/* SPDX-License-Identifier: MIT */
/*
 * A script that comes through SSH ends with its connection. Without a terminal nobody tells a remote command
 * that its connection has broken: it would go on for ever, or run what has arrived of itself by then.
 */
#ifndef AQ_RUNNER_HANGUP_H
#define AQ_RUNNER_HANGUP_H

#include <stdbool.h>

/* Called before the script is read from standard input. When sshd runs us without a terminal, SIGHUP comes to
   us and to whatever the script has started, as it would from a terminal, as soon as nobody can take standard
   output and standard error any more. Otherwise it does nothing. */
void aq_hangup_watch(void);

/* Has that happened already? What was read then may be half a script. */
bool aq_hangup_happened(void);

#endif
