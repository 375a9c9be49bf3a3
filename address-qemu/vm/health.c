/* SPDX-License-Identifier: MIT */
/* What a health check is, on disk and in memory, and when its action is due. */
#include "vm/health.h"

#include <string.h>

#include "util/files.h"
#include "util/json.h"
#include "util/yaml.h"

#define RECORD "health.yaml"

enum {
    RECORD_MAX = 64 * 1024,
    INTERVAL_MS = 60000,
    TIMEOUT_MS = 30000,
    START_PERIOD_MS = 180000, /* as long as a guest without KVM may need to come up */
    STOP_TIMEOUT_MS = 60000,
    RETRIES = 3,
    MAX_RESTARTS = 5,
    COUNT_MAX = 1000000,
};

static const char *const action_names[] = {"none", "restart", "stop"};
static const char *const health_names[] = {"starting", "healthy", "failing", "unhealthy"};

static int find(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

const char *aq_health_action_name(enum aq_health_action action)
{
    return action_names[action];
}

enum aq_health_action aq_health_action_of(const char *name)
{
    int found = find(action_names, 3, name);
    return found < 0 ? AQ_HEALTH_NONE : (enum aq_health_action)found;
}

const char *aq_health_name(enum aq_health health)
{
    return health_names[health];
}

void aq_health_check_free(struct aq_health_check *check)
{
    free(check->command);
    free(check->method);
    *check = (struct aq_health_check){0};
}

/* --- as it was configured --- */

static bool get_count(const json_t *record, const char *key, unsigned least, unsigned *count)
{
    int64_t number = aq_json_int(record, key, *count);
    *count = (unsigned)number;
    return number >= least && number <= COUNT_MAX;
}

static bool get_time(const json_t *record, const char *key, int64_t least, int64_t *time)
{
    *time = aq_json_int(record, key, *time);
    return *time >= least;
}

/* What a check begins as, with the texts of a record (NULL: of none). */
static void begin(const json_t *record, struct aq_health_check *check)
{
    *check = (struct aq_health_check){.command = aq_strdup(aq_json_text(record, "command", "")),
                                      .method = aq_strdup(aq_json_text(record, "method", "auto")),
                                      .interval = INTERVAL_MS,
                                      .timeout = TIMEOUT_MS,
                                      .start_period = START_PERIOD_MS,
                                      .stop_timeout = STOP_TIMEOUT_MS,
                                      .retries = RETRIES,
                                      .max_restarts = MAX_RESTARTS};
}

static bool get_members(const json_t *record, struct aq_health_check *check)
{
    int action = find(action_names, 3, aq_json_text(record, "action", "none"));
    begin(record, check);
    check->enabled = aq_json_bool(record, "enabled", true);
    check->action = action < 0 ? AQ_HEALTH_NONE : (enum aq_health_action)action;
    return action >= 0 && get_time(record, "interval_ms", 1, &check->interval) &&
           get_time(record, "timeout_ms", 1, &check->timeout) &&
           get_time(record, "start_period_ms", 0, &check->start_period) &&
           get_time(record, "stop_timeout_ms", 0, &check->stop_timeout) &&
           get_count(record, "retries", 1, &check->retries) &&
           get_count(record, "max_restarts", 0, &check->max_restarts);
}

/* 1 and a new reference, 0 there is none, -1. */
static int load(int folder, const char *where, json_t **record, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer text = {0};
    struct aq_error reason = {0};
    if (aq_read_file_at(folder, RECORD, RECORD_MAX, &text, &reason) < 0)
        return reason.code == AQ_E_FILE_NOT_FOUND ? 0 : aq_fail(err, reason.code, "%s", reason.text);
    *record = aq_yaml_parse(aq_buffer_text(&text), text.length, where, err);
    return *record != NULL ? 1 : -1;
}

int aq_health_check_read(int folder, const char *vm, struct aq_health_check *check, struct aq_error *err)
{
    aq_autofree char *where = aq_format("vms/%s/" RECORD, vm);
    aq_autojson json_t *record = NULL;
    int found = load(folder, where, &record, err);
    if (found > 0 && get_members(record, check))
        return 1;
    if (found > 0)
        aq_health_check_free(check);
    begin(NULL, check);
    return found <= 0 ? found
                      : aq_fail(err, AQ_E_RECORD_INVALID,
                                "%s has a value that cannot be; configure_health_check anew", where);
}

int aq_health_check_write(int folder, const struct aq_health_check *check, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer text = {0};
    aq_autojson json_t *record = json_object();
    json_object_set_new(record, "enabled", json_boolean(check->enabled));
    json_object_set_new(record, "command", json_string(check->command));
    json_object_set_new(record, "method", json_string(check->method));
    json_object_set_new(record, "interval_ms", json_integer(check->interval));
    json_object_set_new(record, "timeout_ms", json_integer(check->timeout));
    json_object_set_new(record, "start_period_ms", json_integer(check->start_period));
    json_object_set_new(record, "stop_timeout_ms", json_integer(check->stop_timeout));
    json_object_set_new(record, "retries", json_integer(check->retries));
    json_object_set_new(record, "action", json_string(aq_health_action_name(check->action)));
    json_object_set_new(record, "max_restarts", json_integer(check->max_restarts));
    if (aq_yaml_write(record, &text, err) < 0)
        return -1;
    return aq_replace_file_at(folder, RECORD, text.data, text.length, err);
}

/* --- what follows from a check --- */

static enum aq_health_action action_due(const struct aq_health_check *check, struct aq_health_state *state)
{
    if (check->action != AQ_HEALTH_RESTART)
        return check->action;
    if (check->max_restarts != 0 && state->restarts >= check->max_restarts)
        return AQ_HEALTH_NONE;
    state->restarts++;
    return AQ_HEALTH_RESTART;
}

enum aq_health_action aq_health_judge(const struct aq_health_check *check, const struct aq_process_id *run,
                                      int64_t uptime, bool passed, struct aq_health_state *state)
{
    if (state->run.pid != run->pid || state->run.start_time != run->start_time) {
        state->run = *run;
        state->failures = 0;
        state->health = AQ_HEALTH_STARTING;
    }
    if (passed) {
        state->health = AQ_HEALTH_HEALTHY;
        state->failures = state->restarts = 0;
        return AQ_HEALTH_NONE;
    }
    if (state->health == AQ_HEALTH_STARTING && uptime < check->start_period)
        return AQ_HEALTH_NONE;
    state->failures++;
    state->health = state->failures < check->retries ? AQ_HEALTH_FAILING : AQ_HEALTH_UNHEALTHY;
    return state->health == AQ_HEALTH_UNHEALTHY ? action_due(check, state) : AQ_HEALTH_NONE;
}
