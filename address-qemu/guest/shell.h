/* SPDX-License-Identifier: MIT */
/* Short scripts of ours for the guest's /bin/sh, on whatever channel. They have to run in busybox's and in
   every other POSIX shell; what they are told comes as arguments, never as part of their text. */
#ifndef AQ_GUEST_SHELL_H
#define AQ_GUEST_SHELL_H

#include "guest/channel.h"

/* Runs it with `arguments` (NULL-terminated) as $1…; the first 64 KiB of each stream are kept. 0 whatever its
   exit code is. */
int aq_guest_shell(struct aq_channel *channel, const char *script, const char *const *arguments,
                   aq_deadline deadline, struct aq_guest_exit *exit, struct aq_error *err);

/* The same with its standard input and the rest of `exec` as given; its argv is filled in. */
int aq_guest_shell_exec(struct aq_channel *channel, const char *script, const char *const *arguments,
                        struct aq_guest_exec *exec, struct aq_guest_exit *exit, struct aq_error *err);

/* Fails with what the script said on standard error: "in the guest: OBJECT: WORDS". */
int aq_guest_shell_fail(const struct aq_guest_exit *exit, enum aq_error_code code, const char *object,
                        struct aq_error *err);

#endif
