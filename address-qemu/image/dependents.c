/* SPDX-License-Identifier: MIT */
#include "image/dependents.h"

#include <string.h>

#include "image/base.h"
#include "image/layer_record.h"

static int add_layers(const struct aq_parent *on, struct aq_strings *names, struct aq_error *err)
{
    aq_autostrings struct aq_strings ids = {0};
    aq_autoclose int layers = aq_layers_open(err);
    if (layers < 0 || aq_layer_list(&ids, err) < 0)
        return -1;
    for (size_t i = 0; i < ids.count; i++) {
        aq_autolayer struct aq_layer layer = {0};
        char text[AQ_LAYER_SHORT_TEXT];
        int read = aq_layer_record_read(layers, ids.items[i], &layer, err);
        if (read == -1)
            return -1; /* what cannot be read may depend on it: better not to remove anything */
        if (read < 0 || !aq_parent_same(&layer.parent, on))
            continue;
        if (strcmp(layer.kind, AQ_LAYER_TEMPLATE) == 0)
            aq_strings_format(names, "template %s", layer.origin_vm);
        else
            aq_strings_format(names, "layer %s", aq_layer_short(layer.id, text));
    }
    return 0;
}

/* Bases stand on layers only. */
static int add_bases(const struct aq_parent *on, struct aq_strings *names, struct aq_error *err)
{
    aq_autostrings struct aq_strings bases = {0};
    if (on->kind != AQ_PARENT_LAYER)
        return 0;
    if (aq_base_list(&bases, err) < 0)
        return -1;
    for (size_t i = 0; i < bases.count; i++) {
        aq_autobase struct aq_base base = {0};
        struct aq_error reason = {0};
        if (aq_base_load(bases.items[i], &base, &reason) < 0) {
            if (reason.code == AQ_E_BASE_NOT_FOUND)
                continue; /* removed a moment ago */
            return aq_fail(err, reason.code, "%s", reason.text);
        }
        aq_autoparent struct aq_parent stands_on = aq_base_as_parent(&base);
        if (aq_parent_same(&stands_on, on) || aq_base_keeps(&base, on->name))
            aq_strings_format(names, "base %s", base.name);
    }
    return 0;
}

int aq_dependents_of(const struct aq_parent *on, aq_dependents *above, struct aq_strings *names,
                     struct aq_error *err)
{
    if (add_layers(on, names, err) < 0 || add_bases(on, names, err) < 0 || above(on, names, err) < 0)
        return -1;
    aq_strings_sort(names);
    return 0;
}

const char *aq_dependents_advice(const struct aq_strings *names)
{
    for (size_t i = 0; i < names->count; i++)
        if (strncmp(names->items[i], "layer ", 6) == 0)
            return " (`prune` removes layers that nothing needs any more)";
    return "";
}

int aq_refuse_dependents(const struct aq_parent *on, aq_dependents *above, const char *wish,
                         struct aq_error *err)
{
    const size_t shown = 10;
    aq_autostrings struct aq_strings names = {0};
    if (aq_dependents_of(on, above, &names, err) < 0)
        return -1;
    if (names.count == 0)
        return 0;
    aq_autobuffer struct aq_buffer list = {0};
    for (size_t i = 0; i < names.count && i < shown; i++)
        aq_buffer_format(&list, "%s%s", i > 0 ? ", " : "", names.items[i]);
    if (names.count > shown)
        aq_buffer_format(&list, " and %zu more", names.count - shown);
    aq_autofree char *what = aq_parent_text(on);
    return aq_fail(err, on->kind == AQ_PARENT_LAYER ? AQ_E_LAYER_IN_USE : AQ_E_BASE_IN_USE,
                   "%s cannot %s while this depends on it: %s; remove that first%s", what, wish, list.data,
                   aq_dependents_advice(&names));
}
