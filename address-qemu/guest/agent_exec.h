/* SPDX-License-Identifier: MIT */
/* Commands through the guest agent. */
#ifndef AQ_GUEST_AGENT_EXEC_H
#define AQ_GUEST_AGENT_EXEC_H

#include "guest/agent_protocol.h"

/* Runs a short script of ours with the guest's /bin/sh: `arguments` (NULL-terminated) are its $1…. Its exit
   code, or -1; its output (stdout and stderr together, for messages) is added to `output`. */
int aq_agent_run_script(struct aq_agent *agent, const char *script, const char *const *arguments,
                        struct aq_buffer *output, aq_deadline deadline, struct aq_error *err);

/* As aq_channel_ops has it. */
int aq_agent_exec(struct aq_channel *channel, const struct aq_guest_exec *exec, struct aq_guest_exit *exit,
                  struct aq_error *err);

#endif
