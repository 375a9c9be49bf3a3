/* SPDX-License-Identifier: MIT */
#include "command/verb.h"
#include "image/layer.h"
#include "util/size.h"
#include "vm/descent.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {{NULL}};

static const struct aq_field sets[] = {
    {"COUNT", "how many there are"},
    {"TREE.n.KIND", "`base`, `layer`, `template`, `vm`, `snapshot` (of the VM before it) or `file` (a user's "
                    "own that something stands "
                    "on), in the order of the listing: each before what stands on it"},
    {"TREE.n.NAME", "its name; of a layer its id, of a file its path"},
    {"TREE.n.DEPTH", "how far below its root it is, from 0"},
    {"TREE.n.PARENT", "the number of the row that it stands on; 0: none"},
    {"TREE.n.STATUS", "as `list` and `list_bases` have it; `broken` when its record cannot be read"},
    {"TREE.n.BYTES", "what its own file takes on the host"},
    {"TREE.n.CHILDREN", "how many stand on it"},
    {"TREE.n.CREATED", "when it was made (UTC)"},
    {"TREE.n.DETAILS", "what else there is to say"},
    {NULL},
};

const struct aq_verb aq_verb_tree = {
    .name = "tree",
    .group = "Snapshots",
    .summary = "Show what stands on what: bases, layers, templates, VMs and snapshots",
    .params = params,
    .sets = sets,
    .example = "tree",
    .read_only = true,
    .run = run,
};

static void add_row(struct aq_table *table, const struct aq_descent_node *node)
{
    aq_table_row(table);
    aq_table_text(table, "KIND", aq_descent_kind_name(node->kind));
    aq_table_text(table, "NAME", node->name);
    aq_table_int(table, "DEPTH", node->depth);
    aq_table_int(table, "PARENT", node->parent == AQ_DESCENT_ROOT ? 0 : (int64_t)node->parent + 1);
    aq_table_text(table, "STATUS", node->status);
    aq_table_int(table, "BYTES", node->allocated);
    aq_table_int(table, "CHILDREN", (int64_t)node->children);
    aq_table_text(table, "CREATED", node->created);
    aq_table_text(table, "DETAILS", node->details);
}

static void say(aq_result *result, const struct aq_descent_node *node)
{
    char size[AQ_SIZE_TEXT], id[AQ_LAYER_SHORT_TEXT];
    bool layer = node->kind == AQ_DESCENT_LAYER;
    aq_result_say_more(result, "%*s%s %s (%s", (int)node->depth * 2, "", aq_descent_kind_name(node->kind),
                       layer ? aq_layer_short(node->name, id) : node->name, node->status);
    if (node->allocated > 0)
        aq_result_say_more(result, ", %s", aq_size_text((uint64_t)node->allocated, size));
    if (node->details[0] != '\0')
        aq_result_say_more(result, ", %s", node->details);
    if (node->kept)
        aq_result_say_more(result, ", kept for rollback");
    if (node->parent == AQ_DESCENT_ROOT && node->stands_on.kind != AQ_PARENT_NONE) {
        aq_autofree char *on = aq_parent_text(&node->stands_on);
        aq_result_say_more(result, ", stands on %s, which is gone", on);
    }
    aq_result_say_more(result, ")\n");
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autodescent struct aq_descent descent = {0};
    struct aq_table *table = aq_result_table(call->result, "TREE");
    if (aq_descent_read(&descent, err) < 0)
        return -1;
    aq_result_set_int(call->result, "COUNT", (int64_t)descent.count);
    for (size_t i = 0; i < descent.count; i++) {
        add_row(table, &descent.nodes[i]);
        say(call->result, &descent.nodes[i]);
    }
    if (descent.count == 0)
        aq_result_say(call->result, "the store is empty");
    return 0;
}
