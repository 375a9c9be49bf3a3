/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "command/audit.h"
#include "command/verb.h"
#include "util/clock.h"
#include "util/json.h"
#include "util/memory.h"
#include "util/size.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"lines", AQ_TYPE_COUNT, .min = 1, .max = 10000, .fallback = "50",
     .meaning = "how many of the latest commands"},
    {"verb", AQ_TYPE_TEXT, .meaning = "only that verb"},
    {"vm", AQ_TYPE_NAME, .aliases = "name",
     .meaning = "only commands that name it, by their `vm`, `name` or `new_name`"},
    {"user", AQ_TYPE_TEXT, .meaning = "only those of that user"},
    {"outcome", AQ_TYPE_TEXT, .meaning = "only those that ended so: `ok`, `failed`, or an error's code"},
    {"since", AQ_TYPE_TEXT,
     .meaning = "only later ones: a moment (UTC), `2026-03-01` or `2026-03-01T09:30:00Z`, or "
                "how long ago, `2h`"},
    {"until", AQ_TYPE_TEXT, .meaning = "only earlier ones; the same. A day is in it as a whole"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"COUNT", "how many there are"},
    {"PATH", "the log's file"},
    {"ENTRIES.n.TIME", "when a command ended (UTC), the oldest first; also `USER`, `PID`, `VERB`, "
                       "`PARAMETERS` (as JSON, secrets "
                       "masked), `OUTCOME` (`ok`, or the error's code) and `DURATION` (milliseconds), and "
                       "`POLICY`, where a rule of a permissive policy was broken"},
    {NULL},
};

const struct aq_verb aq_verb_security_audit = {
    .name = "security_audit",
    .group = "Host",
    .summary = "Show the latest commands that changed or entered something",
    .details =
        "Refused ones too. The log is `audit.log` in the store; it is only ever appended to, and kept to "
        "about 20 MiB. Verbs that only look (`list`, `status`, …) are not in it.",
    .params = params,
    .sets = sets,
    .example = "security_audit vm=web outcome=failed since=24h",
    .read_only = true,
    .run = run,
};

static void add_row(struct aq_call *call, struct aq_table *table, const json_t *entry)
{
    aq_autofree char *parameters = json_dumps(json_object_get(entry, "parameters"), JSON_COMPACT);
    const char *given = parameters != NULL ? parameters : "{}";
    aq_table_row(table);
    aq_table_text(table, "TIME", aq_json_text(entry, "time", ""));
    aq_table_text(table, "USER", aq_json_text(entry, "user", ""));
    aq_table_int(table, "PID", aq_json_int(entry, "pid", 0));
    aq_table_text(table, "VERB", aq_json_text(entry, "verb", ""));
    aq_table_text(table, "PARAMETERS", given);
    aq_table_text(table, "OUTCOME", aq_json_text(entry, "outcome", ""));
    aq_table_text(table, "POLICY", json_string_value(json_array_get(json_object_get(entry, "policy"), 0)));
    aq_table_int(table, "DURATION", aq_json_int(entry, "duration_ms", 0));
    aq_result_say_more(call->result, "%s %-12s %-16s %-20s %6lldms %s\n", aq_json_text(entry, "time", ""),
                       aq_json_text(entry, "user", ""), aq_json_text(entry, "verb", ""),
                       aq_json_text(entry, "outcome", ""), (long long)aq_json_int(entry, "duration_ms", 0),
                       given);
}

/* A month 13 would find nothing, and not say why. */
static bool is_in_calendar(const char *moment)
{
    int month = 1, day = 1, hour = 0, minute = 0, second = 0;
    sscanf(moment, "%*4d-%2d-%2dT%2d:%2d:%2d", &month, &day, &hour, &minute, &second);
    return month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 23 && minute <= 59 && second <= 60;
}

/* A moment as the log has it, whole or its beginning. Uses `text`; NULL when it is none. */
static const char *moment_of(const char *given, char text[AQ_TIME_TEXT])
{
    static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
    struct aq_error ignored = {0};
    int64_t ago;
    size_t length = strlen(given);
    bool moment = length >= 4 && length < sizeof shape;
    for (size_t i = 0; i < length && moment; i++)
        moment = shape[i] == 'd' ? given[i] >= '0' && given[i] <= '9' : given[i] == shape[i];
    if (moment)
        return is_in_calendar(given) ? given : NULL;
    if (aq_parse_duration(given, &ago, &ignored) < 0)
        return NULL;
    return aq_time_text(time(NULL) - (time_t)(ago / 1000), text);
}

static int get_moment(const struct aq_call *call, const char *key, const char **moment,
                      char text[AQ_TIME_TEXT], struct aq_error *err)
{
    const char *given = aq_arg_text(call, key);
    *moment = given != NULL ? moment_of(given, text) : NULL;
    if (given == NULL || *moment != NULL)
        return 0;
    return aq_fail(
        err, AQ_E_VALUE_INVALID,
        "%s of security_audit has to be a moment such as 2026-03-01T09:30:00Z, or how long ago, such as "
        "2h, but is \"%.100s\"",
        key, given);
}

static int run(struct aq_call *call, struct aq_error *err)
{
    char since[AQ_TIME_TEXT], until[AQ_TIME_TEXT];
    const char *verb = aq_arg_text(call, "verb");
    const struct aq_verb *known = verb != NULL ? aq_verb_find(verb) : NULL;
    struct aq_audit_filter filter = {.verb = known != NULL ? known->name : verb,
                                     .vm = aq_arg_text(call, "vm"),
                                     .user = aq_arg_text(call, "user"),
                                     .outcome = aq_arg_text(call, "outcome")};
    if (get_moment(call, "since", &filter.since, since, err) < 0 ||
        get_moment(call, "until", &filter.until, until, err) < 0)
        return -1;
    aq_autofree char *path = aq_audit_path(err);
    if (path == NULL)
        return -1;
    aq_autojson json_t *entries = aq_audit_read(&filter, (size_t)aq_arg_number(call, "lines"), err);
    if (entries == NULL)
        return -1;
    struct aq_table *table = aq_result_table(call->result, "ENTRIES");
    size_t i;
    const json_t *entry;
    json_array_foreach(entries, i, entry)
    {
        add_row(call, table, entry);
    }
    aq_result_set_int(call->result, "COUNT", (int64_t)json_array_size(entries));
    aq_result_set_text(call->result, "PATH", path);
    return 0;
}
