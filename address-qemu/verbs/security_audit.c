/* SPDX-License-Identifier: MIT */
#include "command/audit.h"
#include "command/verb.h"
#include "util/json.h"
#include "util/memory.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"lines", AQ_TYPE_COUNT, .min = 1, .max = 10000, .fallback = "50",
     .meaning = "how many of the latest commands"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"COUNT", "how many there are"},
    {"PATH", "the log's file"},
    {"ENTRIES.n.TIME", "when a command ended (UTC), the oldest first; also `USER`, `PID`, `VERB`, "
                       "`PARAMETERS` (as JSON, secrets "
                       "masked), `OUTCOME` (`ok`, or the error's code) and `DURATION` (milliseconds)"},
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
    .example = "security_audit lines=20",
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
    aq_table_int(table, "DURATION", aq_json_int(entry, "duration_ms", 0));
    aq_result_say_more(call->result, "%s %-12s %-16s %-20s %6lldms %s\n", aq_json_text(entry, "time", ""),
                       aq_json_text(entry, "user", ""), aq_json_text(entry, "verb", ""),
                       aq_json_text(entry, "outcome", ""), (long long)aq_json_int(entry, "duration_ms", 0),
                       given);
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autofree char *path = aq_audit_path(err);
    if (path == NULL)
        return -1;
    aq_autojson json_t *entries = aq_audit_read((size_t)aq_arg_number(call, "lines"), err);
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
