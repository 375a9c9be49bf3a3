/* SPDX-License-Identifier: MIT */
#include "vm/prune.h"

#include "command/verb.h"
#include "image/layer.h"
#include "util/size.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"older_than", AQ_TYPE_DURATION, .meaning = "only what was made that long ago"},
    {"dry_run", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "say what would be removed, and do nothing"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"COUNT", "how many layers were removed, or would be"},
    {"BYTES", "what they took on the host"},
    {"LAYERS.n.ID", "a layer that was to go; also `BYTES`, `DETAILS`, `CREATED` and `REMOVED`"},
    {"LAYERS.n.ERROR", "why it could not be removed"},
    {NULL},
};

const struct aq_verb aq_verb_prune = {
    .name = "prune",
    .group = "Snapshots",
    .summary = "Remove the layers that nothing stands on",
    .details = "Layers are what clones of VMs and builds leave behind when the last VM, base or layer that "
               "stood on them is gone. "
               "Nothing that is in use can be removed, whatever happens at the same time, nor what a base "
               "may be rolled back to; bases and VMs are "
               "not touched "
               "(`remove_base`, `cleanup`). When a record cannot be read nothing is removed at all.",
    .params = params,
    .sets = sets,
    .example = "prune dry_run=true",
    .run = run,
};

struct tally {
    aq_result *result;
    struct aq_table *table;
    int64_t count, bytes;
    bool dry_run;
};

static void add_row(void *data, const struct aq_descent_node *node, const struct aq_error *reason)
{
    struct tally *tally = data;
    char id[AQ_LAYER_SHORT_TEXT], size[AQ_SIZE_TEXT];
    aq_table_row(tally->table);
    aq_table_text(tally->table, "ID", node->name);
    aq_table_int(tally->table, "BYTES", node->allocated);
    aq_table_text(tally->table, "DETAILS", node->details);
    aq_table_text(tally->table, "CREATED", node->created);
    aq_table_bool(tally->table, "REMOVED", reason == NULL && !tally->dry_run);
    if (reason != NULL) {
        aq_table_text(tally->table, "ERROR", reason->text);
        return;
    }
    aq_result_say_more(tally->result, "layer %s (%s, %s)\n", aq_layer_short(node->name, id),
                       aq_size_text((uint64_t)node->allocated, size), node->details);
    tally->count++;
    tally->bytes += node->allocated;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    struct tally tally = {
        .result = call->result,
        .table = aq_result_table(call->result, "LAYERS"),
        .dry_run = aq_arg_bool(call, "dry_run"),
    };
    const struct aq_prune prune = {
        .dry_run = tally.dry_run,
        .older_than = aq_arg_number(call, "older_than") / 1000,
        .told = add_row,
        .data = &tally,
    };
    int pruned = aq_prune(&prune, err);
    char size[AQ_SIZE_TEXT];
    aq_result_set_int(call->result, "COUNT", tally.count);
    aq_result_set_int(call->result, "BYTES", tally.bytes);
    aq_result_say_more(call->result, "%lld layer%s %s, %s", (long long)tally.count,
                       tally.count == 1 ? "" : "s", tally.dry_run ? "would be removed" : "removed",
                       aq_size_text((uint64_t)tally.bytes, size));
    return pruned;
}
