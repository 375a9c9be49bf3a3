/* SPDX-License-Identifier: MIT */
#include "command/verb.h"
#include "util/json.h"
#include "vm/checkpoint.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"vm", AQ_TYPE_NAME, .aliases = "name", .positional = true, .meaning = "only those in this VM"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"COUNT", "how many there are"},
    {"STREAMS.n.VM",
     "the VM that it runs in; also `ID`, `SCRIPT`, `VERB` and `PID` (who runs it), `STARTED`"},
    {"STREAMS.n.STATUS", "`running`, `paused` or `aborting`"},
    {"STREAMS.n.STAGE", "what it has said last; also `CURRENT`, `TOTAL`, `TEXT`, and `COUNT`, how often"},
    {"STREAMS.n.ORDER", "what it will be told, where another process has said so"},
    {NULL},
};

const struct aq_verb aq_verb_checkpoint_status = {
    .name = "checkpoint_status",
    .group = "Guests",
    .summary = "Show the scripts that run in guests, and what their CHECKPOINTs say",
    .details = "Of all VMs and all processes of this store: those that `execute_rexx` and `provision` run.",
    .params = params,
    .sets = sets,
    .example = "checkpoint_status",
    .read_only = true,
    .run = run,
};

static int collect(const struct aq_call *call, json_t *streams, struct aq_error *err)
{
    const char *vm = aq_arg_text(call, "vm");
    if (vm != NULL)
        return aq_checkpoint_streams(vm, streams, err);
    aq_autostrings struct aq_strings names = {0};
    if (aq_vm_list(&names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        struct aq_error gone = {0}; /* since it was listed */
        if (aq_checkpoint_streams(names.items[i], streams, &gone) < 0 && gone.code != AQ_E_VM_NOT_FOUND)
            return aq_fail(err, gone.code, "%s", gone.text);
    }
    return 0;
}

static void set_row(aq_result *result, struct aq_table *table, const json_t *stream)
{
    static const struct {
        const char *column, *member;
    } texts[] = {{"VM", "vm"},           {"ID", "id"},         {"SCRIPT", "script"}, {"VERB", "verb"},
                 {"STARTED", "started"}, {"STATUS", "status"}, {"STAGE", "stage"},   {"CURRENT", "current"},
                 {"TOTAL", "total"},     {"TEXT", "text"},     {"ORDER", "order"}};
    aq_table_row(table);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        aq_table_text(table, texts[i].column, aq_json_text(stream, texts[i].member, ""));
    aq_table_int(table, "PID", aq_json_int(stream, "pid", 0));
    aq_table_int(table, "COUNT", aq_json_int(stream, "count", 0));
    aq_result_say_more(result, "%-20s %-12s %-9s %8lld  %s %s/%s\n", aq_json_text(stream, "vm", ""),
                       aq_json_text(stream, "id", ""), aq_json_text(stream, "status", ""),
                       (long long)aq_json_int(stream, "count", 0), aq_json_text(stream, "stage", ""),
                       aq_json_text(stream, "current", ""), aq_json_text(stream, "total", ""));
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_result *result = call->result;
    struct aq_table *table = aq_result_table(result, "STREAMS");
    aq_autojson json_t *streams = json_array();
    if (collect(call, streams, err) < 0)
        return -1;
    aq_result_set_int(result, "COUNT", (int64_t)json_array_size(streams));
    if (json_array_size(streams) == 0)
        aq_result_say(result, "no script runs in a guest");
    else
        aq_result_say(result, "%-20s %-12s %-9s %8s  %s\n", "VM", "STREAM", "STATUS", "COUNT", "AT");
    size_t index;
    const json_t *stream;
    json_array_foreach(streams, index, stream) set_row(result, table, stream);
    return 0;
}
