/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <string.h>

#include "command/verb.h"
#include "util/json.h"
#include "vm/health.h"
#include "vm/monitoring.h"
#include "vm/run.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"vm", AQ_TYPE_NAME, .aliases = "name", .positional = true,
     .meaning = "only this VM, and with it what its latest checks said"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"MONITORING", "1 when monitoring is on"},
    {"PID", "the monitor's process, when it is alive; start_monitoring brings one back that was killed"},
    {"COUNT", "how many VMs have a health check"},
    {"CHECKS.n.VM", "the VM"},
    {"CHECKS.n.STATUS", "`starting`, `healthy`, `failing` (some failures, not yet as many as `retries`) or "
                        "`unhealthy`; `stopped`, "
                        "`saved` or `paused` for one that cannot be checked; `disabled`"},
    {"CHECKS.n.FAILURES", "how many there have been in a row; also `RESTARTS`, since the last good check"},
    {"CHECKS.n.CHECKED",
     "when it was checked last (UTC); also `PASSED` (1 or 0), `EXIT_CODE` (-1: it did not "
     "come to one), `DURATION` (ms) and `OUTPUT`"},
    {"CHECKS.n.ACTION", "what was done last; also `ACTED` (when) and `OUTCOME` (`ok`, or what went wrong)"},
    {"HISTORY.n.CHECKED",
     "with vm=, the latest checks, oldest first; also `PASSED`, `EXIT_CODE`, `DURATION`, "
     "`OUTPUT`"},
    {NULL},
};

const struct aq_verb aq_verb_health_status = {
    .name = "health_status",
    .group = "Monitoring",
    .summary = "Tell what the health checks of the VMs have said",
    .details = "Whoever runs them and whenever that was: it is in the store.",
    .params = params,
    .sets = sets,
    .example = "health_status vm=web",
    .read_only = true,
    .run = run,
};

static void set_finding(struct aq_table *table, const json_t *record)
{
    aq_table_text(table, "CHECKED", aq_json_text(record, "checked", ""));
    aq_table_int(table, "PASSED", aq_json_bool(record, "passed", false));
    aq_table_int(table, "EXIT_CODE", aq_json_int(record, "exit_code", -1));
    aq_table_int(table, "DURATION", aq_json_int(record, "duration", 0));
    aq_table_text(table, "OUTPUT", aq_json_text(record, "output", ""));
}

/* What is true now: the record may be about an earlier run. */
static int status_now(const struct aq_vm *vm, const struct aq_health_check *check,
                      const struct aq_health_state *state, const char **status, struct aq_error *err)
{
    struct aq_run run = {0};
    int running = aq_run_read(vm, &run, err);
    bool same = run.process.pid == state->run.pid && run.process.start_time == state->run.start_time;
    if (!check->enabled)
        *status = "disabled";
    else if (running <= 0 || run.paused)
        *status = aq_run_status(vm, running > 0 ? &run : NULL);
    else
        *status = aq_health_name(same ? state->health : AQ_HEALTH_STARTING);
    return running < 0 ? -1 : 0;
}

static int add_row(aq_result *result, const struct aq_vm *vm, const struct aq_health_check *check,
                   const json_t *record, struct aq_error *err)
{
    struct aq_table *table = aq_result_table(result, "CHECKS");
    struct aq_health_state state;
    const char *status;
    aq_health_from_json(record, &state);
    if (status_now(vm, check, &state, &status, err) < 0)
        return -1;
    aq_table_row(table);
    aq_table_text(table, "VM", vm->name);
    aq_table_text(table, "STATUS", status);
    aq_table_int(table, "FAILURES", state.failures);
    aq_table_int(table, "RESTARTS", state.restarts);
    set_finding(table, record);
    aq_table_text(table, "ACTION", aq_json_text(record, "action", ""));
    aq_table_text(table, "ACTED", aq_json_text(record, "acted", ""));
    aq_table_text(table, "OUTCOME", aq_json_text(record, "outcome", ""));
    aq_result_say_more(result, "%-20s %-10s %8u  %-20s %.*s\n", vm->name, status, state.failures,
                       aq_json_text(record, "checked", "-"),
                       (int)strcspn(aq_json_text(record, "output", ""), "\n"),
                       aq_json_text(record, "output", ""));
    return 0;
}

static void add_history(aq_result *result, const json_t *record)
{
    struct aq_table *table = aq_result_table(result, "HISTORY");
    size_t index;
    const json_t *entry;
    json_array_foreach(json_object_get(record, "history"), index, entry)
    {
        aq_table_row(table);
        set_finding(table, entry);
    }
}

/* 1 it has a check, 0 it has none. */
static int add_vm(aq_result *result, const char *name, bool history, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    aq_autohealthcheck struct aq_health_check check = {0};
    aq_autoclose int folder = aq_vm_open(name, err);
    int found =
        folder < 0 || aq_vm_load(name, &vm, err) < 0 ? -1 : aq_health_check_read(folder, name, &check, err);
    if (found <= 0)
        return found;
    aq_autojson json_t *record = aq_health_load(folder);
    if (history)
        add_history(result, record);
    return add_row(result, &vm, &check, record, err) < 0 ? -1 : 1;
}

/* One that is gone since it was listed is no failure. */
static int add_all(aq_result *result, int *count, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    if (aq_vm_list(&names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        struct aq_error reason = {0};
        int found = add_vm(result, names.items[i], false, &reason);
        if (found < 0 && reason.code != AQ_E_VM_NOT_FOUND)
            return aq_fail(err, reason.code, "%s", reason.text);
        *count += found > 0;
    }
    return 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_result *result = call->result;
    const char *vm = aq_arg_text(call, "vm");
    struct aq_monitoring monitoring;
    int count = 0;
    aq_result_table(result, "CHECKS");
    if (aq_monitoring_find(&monitoring, err) < 0)
        return -1;
    aq_result_say(result, "%-20s %-10s %8s  %-20s %s\n", "VM", "STATUS", "FAILURES", "CHECKED", "OUTPUT");
    if ((vm != NULL ? (count = add_vm(result, vm, true, err)) : add_all(result, &count, err)) < 0)
        return -1;
    if (count == 0)
        aq_result_say(result, "%s%s has %shealth check", vm != NULL ? "" : "no VM", vm != NULL ? vm : "",
                      vm != NULL ? "no " : "a ");
    aq_result_set_int(result, "COUNT", count);
    aq_result_set_bool(result, "MONITORING", monitoring.wanted);
    if (monitoring.alive)
        aq_result_set_int(result, "PID", monitoring.keeper.process.pid);
    return 0;
}
