/* SPDX-License-Identifier: MIT */
/* What is a user's own about SSH - configuration, known_hosts, keys and agent - for links to what they have
   named as they would to `ssh` (aq_ssh_target.user_files). For guest/ssh_link.c alone. */
#ifndef AQ_GUEST_SSH_USER_H
#define AQ_GUEST_SSH_USER_H

#include "guest/ssh_link.h"
#include "guest/ssh_proxy.h"

/* Tells the session what the user's files say of the host. VALUE_INVALID when they cannot be read. */
int aq_ssh_user_configure(ssh_session session, const struct aq_ssh_target *target, struct aq_error *err);

/* Begins to look for the server where those say that it is, and by the program that they say leads there:
   then *proxy is that, to be closed behind the connection. From then on the session knows the host by its
   HostKeyAlias, if it has one. NULL: NOT_SUPPORTED, VALUE_INVALID, TOOL_MISSING for what they ask for. */
struct aq_ssh_dial *aq_ssh_user_dial(ssh_session session, const struct aq_ssh_target *target,
                                     struct aq_ssh_proxy **proxy, struct aq_error *err);

/* Judges the host key that was shown ("TYPE KEY") by known_hosts, as strictly as ssh does when nobody can be
   asked: SSH_HOST_KEY_UNKNOWN, SSH_HOST_KEY_CHANGED. */
int aq_ssh_user_judge(ssh_session session, const struct aq_ssh_target *target, const char *host_key,
                      struct aq_error *err);

/* SSH_KEY_REFUSED: none of the user's keys has opened it. Returns -1. */
int aq_ssh_user_refused(const struct aq_ssh_target *target, struct aq_error *err);

#endif
