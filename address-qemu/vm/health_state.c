/* SPDX-License-Identifier: MIT */
/* What health checks have said, as it is on disk. */
#include "vm/health.h"

#include <string.h>

#include "util/clock.h"
#include "util/files.h"
#include "util/json.h"
#include "util/json_bytes.h"

#define STATE "health.json"

enum {
    STATE_MAX = 256 * 1024,
    OUTPUT_MAX = 4096,    /* bytes of the latest check's */
    OLD_OUTPUT_MAX = 200, /* and of those before it */
    HISTORY_MAX = 20,
};

json_t *aq_health_load(int folder)
{
    aq_autobuffer struct aq_buffer text = {0};
    struct aq_error ignored = {0};
    json_t *record = NULL;
    if (aq_read_file_at(folder, STATE, STATE_MAX, &text, &ignored) == 0)
        record = json_loadb(aq_buffer_text(&text), text.length, 0, NULL);
    if (json_is_object(record))
        return record;
    json_decref(record); /* one that says nothing is none: the next check writes it anew */
    return json_object();
}

void aq_health_from_json(const json_t *record, struct aq_health_state *state)
{
    const char *status = aq_json_text(record, "status", "");
    *state = (struct aq_health_state){
        .failures = (unsigned)aq_json_int(record, "failures", 0),
        .restarts = (unsigned)aq_json_int(record, "restarts", 0),
        .run = {.pid = (pid_t)aq_json_int(record, "pid", 0),
                .start_time = (uint64_t)aq_json_int(record, "start_time", 0)},
    };
    for (int i = AQ_HEALTH_STARTING; i <= AQ_HEALTH_UNHEALTHY; i++)
        if (strcmp(aq_health_name((enum aq_health)i), status) == 0)
            state->health = (enum aq_health)i;
}

static void set_finding(json_t *to, const struct aq_health_finding *finding, size_t output_max)
{
    char now[AQ_TIME_TEXT];
    json_object_set_new(to, "checked", json_string(aq_now_text(now)));
    json_object_set_new(to, "passed", json_boolean(finding->passed));
    json_object_set_new(to, "exit_code", json_integer(finding->exit_code));
    json_object_set_new(to, "duration", json_integer(finding->duration));
    json_object_set_new(to, "output", aq_json_bytes(finding->output, finding->output_length, output_max));
}

void aq_health_note(json_t *record, const struct aq_health_state *state,
                    const struct aq_health_finding *finding)
{
    json_t *history = json_object_get(record, "history"), *entry = json_object();
    json_object_set_new(record, "status", json_string(aq_health_name(state->health)));
    json_object_set_new(record, "failures", json_integer(state->failures));
    json_object_set_new(record, "restarts", json_integer(state->restarts));
    json_object_set_new(record, "pid", json_integer(state->run.pid));
    json_object_set_new(record, "start_time", json_integer((json_int_t)state->run.start_time));
    set_finding(record, finding, OUTPUT_MAX);
    if (!json_is_array(history)) {
        history = json_array();
        json_object_set_new(record, "history", history);
    }
    set_finding(entry, finding, OLD_OUTPUT_MAX);
    json_array_append_new(history, entry);
    while (json_array_size(history) > HISTORY_MAX)
        json_array_remove(history, 0);
}

void aq_health_note_restarts(json_t *record, unsigned restarts)
{
    json_object_set_new(record, "restarts", json_integer(restarts));
}

void aq_health_note_action(json_t *record, enum aq_health_action action, const char *outcome)
{
    char now[AQ_TIME_TEXT];
    json_object_set_new(record, "action", json_string(aq_health_action_name(action)));
    json_object_set_new(record, "acted", json_string(aq_now_text(now)));
    json_object_set_new(record, "outcome", aq_json_bytes(outcome, strlen(outcome), OUTPUT_MAX));
}

int aq_health_store(int folder, const json_t *record, struct aq_error *err)
{
    aq_autofree char *text = json_dumps(record, JSON_COMPACT);
    if (text == NULL)
        return aq_fail(err, AQ_E_FAILED, "what a health check has found cannot be noted");
    return aq_replace_unsynced_at(folder, STATE, text, strlen(text), err);
}
