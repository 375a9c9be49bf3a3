/* SPDX-License-Identifier: MIT */
/* What configure_ssh and ssh_config say of the way to a VM's SSH server. */
#ifndef AQ_VERBS_SSH_FIELDS_H
#define AQ_VERBS_SSH_FIELDS_H

#include "command/verb.h"
#include "vm/ssh.h"

/* HOST, PORT, USER, KEY_FILE, and the table HOST_KEYS: TYPE, FINGERPRINT. */
void aq_set_ssh_fields(aq_result *result, const struct aq_ssh_target *target);

#define AQ_SSH_FIELDS                                                                                        \
    {"HOST", "where its SSH server is reached"}, {"PORT", "at which port"},                                  \
        {"USER", "the user that is logged in as"}, {"KEY_FILE", "the private key that opens it"},            \
    {                                                                                                        \
        "HOST_KEYS.n.FINGERPRINT", "of a host key that is pinned; also `TYPE`"                               \
    }

#endif
