/* SPDX-License-Identifier: MIT */
#include "modify/why.h"

#include <string.h>

#include "spec/step_note.h"
#include "util/json.h"

/* What earlier builds of one spec file left: the notes of their steps, the latest first. */
struct past {
    json_t *notes;
};

static void past_free(struct past *past)
{
    json_decref(past->notes);
}

/* Adds a layer's note where it is of that spec, in its place by age. */
static void add(struct past *past, const struct aq_layer *layer, const char *spec)
{
    json_t *note = json_object_get(layer->built, "step");
    size_t at = 0;
    if (note == NULL || strcmp(aq_json_text(note, "spec", ""), spec) != 0)
        return;
    json_object_set_new(note, "created", json_string(layer->created));
    while (at < json_array_size(past->notes) &&
           strcmp(aq_json_text(json_array_get(past->notes, at), "created", ""), layer->created) > 0)
        at++;
    json_array_insert(past->notes, at, note);
}

static int collect(const struct aq_modify *modify, struct past *past, struct aq_error *err)
{
    aq_autostrings struct aq_strings ids = {0};
    past->notes = json_array();
    if (aq_layer_list(&ids, err) < 0)
        return -1;
    for (size_t i = 0; i < ids.count; i++) {
        aq_autolayer struct aq_layer layer = {0};
        struct aq_error unreadable = {0};
        if (aq_layer_load(ids.items[i], &layer, &unreadable) == 0 && strcmp(layer.kind, AQ_LAYER_BUILT) == 0)
            add(past, &layer, modify->spec.path);
    }
    return 0;
}

/* The latest note that agrees with `note` in all the members that are named; NULL. */
static const json_t *find(const struct past *past, const json_t *note, const char *const *members)
{
    for (size_t i = 0; i < json_array_size(past->notes); i++) {
        const json_t *candidate = json_array_get(past->notes, i);
        const char *const *member = members;
        while (*member != NULL &&
               strcmp(aq_json_text(candidate, *member, ""), aq_json_text(note, *member, "")) == 0)
            member++;
        if (*member == NULL)
            return candidate;
    }
    return NULL;
}

/* What the step was most likely to be the next version of: itself on something else; another in its place;
   one of the same words anywhere. The files of a spec are one step, so any of those. */
static const json_t *before(const struct past *past, const json_t *note)
{
    static const char *const ways[][4] = {
        {"step", "whole"}, {"step", "parent"}, {"step", "command"}, {"step", "title"}};
    const char *const files[] = {"step", NULL};
    const json_t *found = NULL;
    for (size_t i = 0; found == NULL && i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(ways[i][1], "command") != 0 || json_object_get(note, "command") != NULL)
            found = find(past, note, ways[i]);
    if (found == NULL && json_object_get(note, "command") == NULL)
        found = find(past, note, files);
    return found;
}

int aq_modify_explain(struct aq_modify *modify, struct aq_error *err)
{
    aq_cleanup(past_free) struct past past = {0};
    if (aq_modify_count(modify, AQ_MODIFY_TODO) == 0)
        return 0;
    if (collect(modify, &past, err) < 0)
        return -1;
    for (size_t i = 0; i < modify->spec.step_count; i++) {
        struct aq_modify_step *step = &modify->steps[i];
        if (step->status != AQ_MODIFY_TODO)
            continue;
        aq_autojson json_t *note = aq_step_note(&modify->spec, &modify->spec.steps[i]);
        free(step->reason);
        step->reason = modify->no_cache
                           ? aq_strdup("no_cache says so")
                           : aq_step_reason(&modify->spec, &modify->spec.steps[i], before(&past, note));
    }
    return 0;
}
