/* SPDX-License-Identifier: MIT */
/* The channel through the QEMU guest agent. */
#include "guest/agent_exec.h"
#include "guest/agent_files.h"
#include "guest/agent_protocol.h"
#include "util/json.h"

static int agent_ping(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err)
{
    struct aq_error own = {0};
    json_t *answer =
        aq_agent_call((struct aq_agent *)channel, "guest-ping", NULL, AQ_AGENT_SMALL_ANSWER, deadline, &own);
    json_decref(answer);
    if (answer != NULL)
        return 0;
    return aq_fail(err, own.code == AQ_E_TIMEOUT ? AQ_E_AGENT_DEAD : own.code, "%s", own.text);
}

static int agent_sync(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err)
{
    static const char *const none[] = {NULL};
    aq_autobuffer struct aq_buffer output = {0};
    int code = aq_agent_run_script((struct aq_agent *)channel, "sync", none, &output, deadline, err);
    return code > 0 ? aq_fail(err, AQ_E_GUEST_REFUSED, "in the guest: sync failed") : code;
}

/* How many file systems the agent says it froze or thawed; -1. */
static int64_t call_for_count(struct aq_channel *channel, const char *command, aq_deadline deadline,
                              struct aq_error *err)
{
    aq_autojson json_t *answer =
        aq_agent_call((struct aq_agent *)channel, command, NULL, AQ_AGENT_SMALL_ANSWER, deadline, err);
    if (answer == NULL)
        return -1;
    if (json_is_integer(answer))
        return json_integer_value(answer);
    return aq_fail(err, AQ_E_GUEST_PROTOCOL, "the guest agent's answer to %s is no number", command);
}

static int agent_fs_freeze(struct aq_channel *channel, unsigned patience_ms, aq_deadline deadline,
                           struct aq_error *err)
{
    struct aq_error ignored = {0};
    (void)patience_ms; /* it knows of none */
    if (call_for_count(channel, "guest-fsfreeze-freeze", deadline, err) >= 0)
        return 0;
    if (err->code != AQ_E_AGENT_REFUSED) /* it may have begun */
        call_for_count(channel, "guest-fsfreeze-thaw", deadline, &ignored);
    return -1;
}

static int agent_fs_thaw(struct aq_channel *channel, aq_deadline deadline, bool *held, struct aq_error *err)
{
    int64_t count = call_for_count(channel, "guest-fsfreeze-thaw", deadline, err);
    *held = count > 0;
    return count < 0 ? -1 : 0;
}

static const char *nothing(const struct aq_channel *channel)
{
    (void)channel;
    return "";
}

static void agent_leave(struct aq_channel *channel)
{
    aq_agent_leave((struct aq_agent *)channel);
}

static void agent_close(struct aq_channel *channel)
{
    struct aq_agent *agent = (struct aq_agent *)channel;
    aq_buffer_free(&agent->in);
    aq_buffer_free(&agent->out);
    free(agent);
}

static const struct aq_channel_ops agent_ops = {
    .name = "agent",
    .greet = aq_agent_greet,
    .greet_events = aq_agent_greet_events,
    .ping = agent_ping,
    .exec = aq_agent_exec,
    .put = aq_agent_put,
    .get = aq_agent_get,
    .sync = agent_sync,
    .fs_freeze = agent_fs_freeze,
    .fs_thaw = agent_fs_thaw,
    .fs_last_words = "\xff{\"execute\": \"guest-fsfreeze-thaw\"}\n",
    .build_id = nothing,
    .runner_path = nothing,
    .leave = agent_leave,
    .close = agent_close,
};

struct aq_channel *aq_channel_open_agent(const struct aq_channel_port *port)
{
    struct aq_agent *agent = aq_alloc(sizeof *agent);
    struct aq_error later = {0};
    agent->base = (struct aq_channel){.ops = &agent_ops, .port = *port};
    aq_agent_leave(agent);
    aq_agent_greet(&agent->base, &later); /* sends the greeting; what is wrong shows when it is waited for */
    return &agent->base;
}
