/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/stat.h>

#include "command/verb.h"
#include "modify/generation.h"
#include "util/json.h"
#include "util/size.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"name", AQ_TYPE_NAME, .required = true, .positional = true, .meaning = "a base that is a layer"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"GENERATION", "the number of the present generation"},
    {"GENERATIONS.n.NUMBER", "a generation; also `LAYER`, `CREATED`, `SPEC`, `BASE` and `PRESENT` (1 or 0)"},
    {"LAYERS.n.ID",
     "a layer of the present one, the lowest first; also `TITLE` (its step), `KEY`, `SIZE` (bytes on "
     "the host's disk), `CREATED`, `STATUS`"},
    {NULL},
};

const struct aq_verb aq_verb_history = {
    .name = "history",
    .group = "Images",
    .summary = "Show the generations of a modified image, and the layers of the present one",
    .params = params,
    .sets = sets,
    .example = "history name=app",
    .read_only = true,
    .run = run,
};

static void add_generations(struct aq_call *call, const struct aq_base *base)
{
    struct aq_table *table = aq_result_table(call->result, "GENERATIONS");
    struct aq_generation generation;
    char layer[AQ_LAYER_SHORT_TEXT];
    for (size_t i = 0; aq_generation_at(base, i, &generation); i++) {
        bool present = generation.number == aq_generation_present(base);
        aq_table_row(table);
        aq_table_int(table, "NUMBER", generation.number);
        aq_table_text(table, "LAYER", generation.layer);
        aq_table_text(table, "CREATED", generation.created);
        aq_table_text(table, "SPEC", generation.spec);
        aq_table_text(table, "BASE", generation.base);
        aq_table_bool(table, "PRESENT", present);
        aq_result_say_more(call->result, "%c %3u  %s  %s  %s\n", present ? '*' : ' ', generation.number,
                           aq_layer_short(generation.layer, layer), generation.created, generation.spec);
    }
}

static void add_layer(struct aq_call *call, struct aq_table *table, const struct aq_layer *layer)
{
    struct stat file = {0};
    char id[AQ_LAYER_SHORT_TEXT], size[AQ_SIZE_TEXT];
    const char *title = aq_json_text(layer->built, "title", layer->kind);
    stat(layer->path, &file);
    int64_t bytes = (int64_t)file.st_blocks * 512;
    aq_table_row(table);
    aq_table_text(table, "ID", layer->id);
    aq_table_text(table, "TITLE", title);
    aq_table_text(table, "KEY", aq_json_text(layer->built, "key", ""));
    aq_table_int(table, "SIZE", bytes);
    aq_table_text(table, "CREATED", layer->created);
    aq_table_text(table, "STATUS", aq_layer_status(layer));
    aq_result_say_more(call->result, "  %s  %8s  %s\n", aq_layer_short(layer->id, id),
                       aq_size_text((uint64_t)bytes, size), title);
}

/* From the lowest up: what a layer stands on is told before it. */
static int add_layers(struct aq_call *call, struct aq_table *table, const char *id, struct aq_error *err)
{
    aq_autolayer struct aq_layer layer = {0};
    if (aq_layer_load(id, &layer, err) < 0)
        return -1;
    if (layer.parent.kind == AQ_PARENT_LAYER) {
        if (add_layers(call, table, layer.parent.name, err) < 0)
            return -1;
    } else {
        aq_autofree char *below = aq_parent_text(&layer.parent);
        aq_result_say_more(call->result, "on %s:\n", below);
    }
    add_layer(call, table, &layer);
    return 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autobase struct aq_base base = {0};
    if (aq_base_load(aq_arg_text(call, "name"), &base, err) < 0)
        return -1;
    if (base.layer[0] == '\0')
        return aq_fail(err, AQ_E_NOT_SUPPORTED, "the base %s has a disk of its own: it is not made of layers",
                       base.name);
    aq_result_say(call->result, "%s", "");
    aq_result_set_int(call->result, "GENERATION", aq_generation_present(&base));
    add_generations(call, &base);
    return add_layers(call, aq_result_table(call->result, "LAYERS"), base.layer, err);
}
