/* SPDX-License-Identifier: MIT */
#include "vm/prune.h"

#include "command/verb.h"
#include "image/layer.h"
#include "util/download.h"
#include "util/size.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"older_than", AQ_TYPE_DURATION,
     .meaning =
         "only layers that were made that long ago, and downloads that were not asked for since (without "
         "it, 30 days)"},
    {"dry_run", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "say what would be removed, and do nothing"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"COUNT", "how many layers were removed, or would be"},
    {"BYTES", "what they took on the host"},
    {"DOWNLOADS", "how many files that builds had downloaded were removed, or would be"},
    {"DOWNLOAD_BYTES", "what they took on the host"},
    {"LAYERS.n.ID", "a layer that was to go; also `BYTES`, `DETAILS`, `CREATED` and `REMOVED`"},
    {"LAYERS.n.ERROR", "why it could not be removed"},
    {NULL},
};

const struct aq_verb aq_verb_prune = {
    .name = "prune",
    .group = "Snapshots",
    .summary = "Remove the layers that nothing stands on, and old downloads",
    .details =
        "Layers are what clones of VMs and builds leave behind when the last VM, base or layer that "
        "stood on them is gone. "
        "Nothing that is in use can be removed, whatever happens at the same time, nor what a base "
        "may be rolled back to; bases and VMs are "
        "not touched "
        "(`remove_base`, `cleanup`). When a record cannot be read nothing is removed at all. "
        "Files that builds and imports have downloaded are kept in the store as long as they are asked "
        "for; what has to be there again is downloaded again.",
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

/* Whoever downloads something again and again is not to wait for it because of a prune now and then. */
#define DOWNLOADS_KEPT_MS (30 * 24 * 3600 * INT64_C(1000))

static int prune_downloads(struct aq_call *call, struct aq_error *err)
{
    char size[AQ_SIZE_TEXT];
    struct aq_download_pruned found;
    bool dry_run = aq_arg_bool(call, "dry_run");
    int64_t age = aq_arg_given(call, "older_than") ? aq_arg_number(call, "older_than") : DOWNLOADS_KEPT_MS;
    int pruned = aq_download_prune(age, dry_run, &found, err);
    aq_result_set_int(call->result, "DOWNLOADS", found.count);
    aq_result_set_int(call->result, "DOWNLOAD_BYTES", (int64_t)found.bytes);
    if (found.count > 0)
        aq_result_say_more(call->result, "; %u download%s, %s", found.count, found.count == 1 ? "" : "s",
                           aq_size_text(found.bytes, size));
    return pruned;
}

static int prune_layers(struct aq_call *call, struct aq_error *err)
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

static int run(struct aq_call *call, struct aq_error *err)
{
    return prune_layers(call, err) < 0 ? -1 : prune_downloads(call, err);
}
