/* SPDX-License-Identifier: MIT */
/*
 * The QEMU guest agent's protocol: a line of JSON each way. (Source: QEMU's qga/qapi-schema.json and
 * docs/interop/qemu-ga.) Its answers are written by the guest: each is capped in size and depth before it is
 * parsed. A call that timed out may still be answered later, so the next one starts with
 * guest-sync-delimited.
 */
#ifndef AQ_GUEST_AGENT_PROTOCOL_H
#define AQ_GUEST_AGENT_PROTOCOL_H

#include <jansson.h>

#include "guest/channel_ops.h"

/* The longest that the agent may take for one call: it has many small ones rather than few long ones. */
#define AQ_AGENT_CALL_MS 60000
#define AQ_AGENT_SMALL_ANSWER (256 * 1024)

struct aq_agent {
    struct aq_channel base;
    bool synced;
    int64_t sync_id;
    aq_deadline sync_again_at;
    struct aq_buffer out;
    size_t out_sent;
    struct aq_buffer in; /* a line that is not complete yet */
    size_t in_searched;
    size_t answer_limit; /* bytes that the present answer may have */
    char folder[64];     /* where in the guest our working files go; "" until it has been made */
};

/* The greeting, as aq_channel_ops has it. */
int aq_agent_greet(struct aq_channel *channel, struct aq_error *err);
short aq_agent_greet_events(const struct aq_channel *channel);

/* Forgets what was said: the next use starts by finding the agent anew. */
void aq_agent_leave(struct aq_agent *agent);

/* Calls a command; `arguments` is taken over (NULL: none). The answer is a new reference, never NULL on
   success. AGENT_REFUSED when the command is blocked; GUEST_FILE_NOT_FOUND or GUEST_REFUSED with the agent's
   words when it fails; AGENT_DEAD after AQ_AGENT_CALL_MS of silence, TIMEOUT at the deadline if that is
   sooner. */
json_t *aq_agent_call(struct aq_agent *agent, const char *command, json_t *arguments, size_t answer_limit,
                      aq_deadline deadline, struct aq_error *err);

/* Sends a command and does not wait for what comes of it: for the moment when nothing may be waited for. */
void aq_agent_send_blindly(struct aq_agent *agent, const char *command, json_t *arguments);

#endif
