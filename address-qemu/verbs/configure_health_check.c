/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <string.h>

#include "util/size.h"
#include "verbs/vm_fields.h"
#include "vm/guest.h"
#include "vm/health.h"
#include "vm/monitoring.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM_FIRST,
    {"enabled", AQ_TYPE_BOOLEAN, .fallback = "true",
     .meaning = "false: keep what is configured, but do not check"},
    {"command", AQ_TYPE_TEXT,
     .meaning =
         "for the guest's /bin/sh; an exit code other than 0 is a failure. Empty: it is enough that the "
         "guest answers"},
    {"interval", AQ_TYPE_MILLISECONDS, .min = 100, .max = 604800000,
     .meaning = "from the end of a check to the next; 60000 unless given. A bare number is milliseconds"},
    {"timeout", AQ_TYPE_MILLISECONDS, .min = 100, .max = 3600000,
     .meaning = "how long a check may take; then it is ended and has failed. 30000 unless given"},
    {"retries", AQ_TYPE_COUNT, .min = 1, .max = 1000,
     .meaning = "how many failures in a row make the VM unhealthy; 3 unless given"},
    {"start_period", AQ_TYPE_MILLISECONDS, .max = 86400000,
     .meaning = "how long after its start a VM that has not been healthy yet may fail; 180000 unless given"},
    {"action", AQ_TYPE_CHOICE, .choices = AQ_HEALTH_ACTION_CHOICES,
     .meaning = "what is done with a VM that is unhealthy; none unless given"},
    {"max_restarts", AQ_TYPE_COUNT, .max = 1000,
     .meaning = "after so many restarts without a good check in between it is left as it is; 5 unless given, "
                "0: never"},
    {"stop_timeout", AQ_TYPE_MILLISECONDS, .max = 3600000,
     .meaning =
         "how long a guest that is stopped or restarted has to power off; then the plug is pulled. 60000 "
         "unless given"},
    {"method", AQ_TYPE_CHOICE, .choices = AQ_METHOD_CHOICES, .meaning = "how to get in; auto unless given"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"VM", "the VM's name"},
    {"ENABLED", "1 or 0"},
    {"COMMAND",
     "what is run; also `INTERVAL`, `TIMEOUT`, `START_PERIOD` and `STOP_TIMEOUT` (milliseconds), `RETRIES`, "
     "`ACTION`, `MAX_RESTARTS`, `METHOD`"},
    {"MONITORING", "1 when monitoring is on (`start_monitoring`)"},
    {NULL},
};

const struct aq_verb aq_verb_configure_health_check = {
    .name = "configure_health_check",
    .group = "Monitoring",
    .summary = "Say how it is found out that a VM's guest is well, and what to do when it is not",
    .details =
        "What is not given stays as it was configured before. It goes with the VM, and its clones begin "
        "without. Nothing is checked before `start_monitoring`.",
    .params = params,
    .sets = sets,
    .example =
        "configure_health_check vm=web command=\"curl -fs localhost:8080/health\" interval=30s retries=3 "
        "action=restart",
    .run = run,
};

static void take_time(const struct aq_call *call, const char *name, int64_t *time)
{
    if (aq_arg_given(call, name))
        *time = aq_arg_number(call, name);
}

static void take_count(const struct aq_call *call, const char *name, unsigned *count)
{
    if (aq_arg_given(call, name))
        *count = (unsigned)aq_arg_number(call, name);
}

static void take_text(const struct aq_call *call, const char *name, char **text)
{
    if (!aq_arg_given(call, name))
        return;
    free(*text);
    *text = aq_strdup(aq_arg_text(call, name));
}

static void take(const struct aq_call *call, struct aq_health_check *check)
{
    check->enabled = aq_arg_bool(call, "enabled");
    take_text(call, "command", &check->command);
    take_text(call, "method", &check->method);
    take_time(call, "interval", &check->interval);
    take_time(call, "timeout", &check->timeout);
    take_time(call, "start_period", &check->start_period);
    take_time(call, "stop_timeout", &check->stop_timeout);
    take_count(call, "retries", &check->retries);
    take_count(call, "max_restarts", &check->max_restarts);
    if (aq_arg_given(call, "action"))
        check->action = aq_health_action_of(aq_arg_text(call, "action"));
}

static void set_fields(aq_result *result, const struct aq_health_check *check)
{
    aq_result_set_bool(result, "ENABLED", check->enabled);
    aq_result_set_text(result, "COMMAND", check->command);
    aq_result_set_text(result, "METHOD", check->method);
    aq_result_set_text(result, "ACTION", aq_health_action_name(check->action));
    aq_result_set_int(result, "INTERVAL", check->interval);
    aq_result_set_int(result, "TIMEOUT", check->timeout);
    aq_result_set_int(result, "START_PERIOD", check->start_period);
    aq_result_set_int(result, "STOP_TIMEOUT", check->stop_timeout);
    aq_result_set_int(result, "RETRIES", check->retries);
    aq_result_set_int(result, "MAX_RESTARTS", check->max_restarts);
}

static void say(aq_result *result, const char *vm, const struct aq_health_check *check, bool monitoring)
{
    char interval[AQ_SIZE_TEXT];
    if (!check->enabled) {
        aq_result_say(result, "%s is not checked", vm);
        return;
    }
    aq_result_say(result, "%s is checked every %s; after %u failures: %s", vm,
                  aq_duration_text(check->interval, interval), check->retries,
                  check->action == AQ_HEALTH_NONE ? "nothing is done" : aq_health_action_name(check->action));
    if (!monitoring)
        aq_result_say_more(result, "; monitoring is off: start_monitoring begins");
}

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "vm");
    aq_autovm struct aq_vm vm = {0};
    aq_autohealthcheck struct aq_health_check check = {0};
    struct aq_monitoring monitoring;
    struct aq_error unreadable = {0};
    aq_autoclose int folder = aq_vm_open(name, err);
    if (folder < 0 || aq_vm_load(name, &vm, err) < 0)
        return -1;
    if (aq_health_check_read(folder, name, &check, &unreadable) < 0 && unreadable.code != AQ_E_RECORD_INVALID)
        return aq_fail(err, unreadable.code, "%s", unreadable.text);
    take(call, &check);
    if (aq_health_check_write(folder, &check, err) < 0 || aq_monitoring_look(err) < 0 ||
        aq_monitoring_find(&monitoring, err) < 0)
        return -1;
    aq_result_set_text(call->result, "VM", vm.name);
    set_fields(call->result, &check);
    aq_result_set_bool(call->result, "MONITORING", monitoring.wanted);
    say(call->result, vm.name, &check, monitoring.wanted);
    return 0;
}
