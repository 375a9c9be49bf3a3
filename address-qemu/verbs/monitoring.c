/* SPDX-License-Identifier: MIT */
/* start_monitoring and stop_monitoring. */
#include "vm/monitoring.h"

#include "command/verb.h"

static int run_start(struct aq_call *call, struct aq_error *err);
static int run_stop(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {{NULL}};

static const struct aq_field sets_start[] = {
    {"MONITORING", "1"},
    {"PID", "the monitor's process; not set as long as no VM has a health check"},
    {"COUNT", "how many VMs have one"},
    {"SKIPPED", "1 when monitoring was on already"},
    {NULL},
};

const struct aq_verb aq_verb_start_monitoring = {
    .name = "start_monitoring",
    .group = "Monitoring",
    .summary = "Run the health checks of all VMs of this store from now on",
    .details =
        "By a process that outlives the script, until `stop_monitoring`. It lives while a VM has an enabled "
        "health check, and comes with the first. Where it was killed, or after the host was started "
        "anew, this verb brings it back.",
    .params = params,
    .sets = sets_start,
    .example = "start_monitoring",
    .run = run_start,
};

static const struct aq_field sets_stop[] = {
    {"MONITORING", "0"},
    {"SKIPPED", "1 when monitoring was off already"},
    {NULL},
};

const struct aq_verb aq_verb_stop_monitoring = {
    .name = "stop_monitoring",
    .group = "Monitoring",
    .summary = "Run no health checks any more",
    .details = "What is configured, and what the checks have said, stays.",
    .params = params,
    .sets = sets_stop,
    .example = "stop_monitoring",
    .run = run_stop,
};

static int run_start(struct aq_call *call, struct aq_error *err)
{
    aq_result *result = call->result;
    struct aq_monitoring before, now;
    if (aq_monitoring_find(&before, err) < 0 || aq_monitoring_start(&now, err) < 0)
        return -1;
    bool same = before.alive && now.alive && before.keeper.process.pid == now.keeper.process.pid;
    aq_result_set_bool(result, "MONITORING", true);
    aq_result_set_int(result, "COUNT", now.checks);
    aq_result_set_bool(result, "SKIPPED", before.wanted && (same || now.checks == 0));
    if (now.alive)
        aq_result_set_int(result, "PID", now.keeper.process.pid);
    if (now.checks == 0)
        aq_result_say(result, "monitoring is on; no VM has a health check yet (configure_health_check)");
    else
        aq_result_say(result, "monitoring %u VM%s (process %d)", now.checks, now.checks == 1 ? "" : "s",
                      (int)now.keeper.process.pid);
    return 0;
}

static int run_stop(struct aq_call *call, struct aq_error *err)
{
    struct aq_monitoring before;
    if (aq_monitoring_stop(&before, err) < 0)
        return -1;
    bool skipped = !before.wanted && !before.alive;
    aq_result_set_bool(call->result, "MONITORING", false);
    aq_result_set_bool(call->result, "SKIPPED", skipped);
    aq_result_say(call->result, skipped ? "monitoring is off already" : "monitoring is off");
    return 0;
}
