/* SPDX-License-Identifier: MIT */
/* Files through the guest agent. */
#ifndef AQ_GUEST_AGENT_FILES_H
#define AQ_GUEST_AGENT_FILES_H

#include "guest/agent_protocol.h"

/* Opens a file with a mode of fopen(): the agent's handle, -1 on failure. */
json_int_t aq_agent_open(struct aq_agent *agent, const char *path, const char *mode, aq_deadline deadline,
                         struct aq_error *err);
void aq_agent_close(struct aq_agent *agent, json_int_t handle);

/* Reads up to `count` bytes, which are added to `data`: how many came, 0 at the end of the file, -1. */
ssize_t aq_agent_read(struct aq_agent *agent, json_int_t handle, size_t count, struct aq_buffer *data,
                      aq_deadline deadline, struct aq_error *err);

/* Writes all of it. */
int aq_agent_write(struct aq_agent *agent, json_int_t handle, const void *data, size_t length,
                   aq_deadline deadline, struct aq_error *err);

/* As aq_channel_ops has them. */
int aq_agent_put(struct aq_channel *channel, const struct aq_guest_put *put, struct aq_error *err);
int aq_agent_get(struct aq_channel *channel, const struct aq_guest_get *get, struct aq_guest_file *file,
                 struct aq_error *err);

#endif
