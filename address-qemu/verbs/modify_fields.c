/* SPDX-License-Identifier: MIT */
#include "verbs/modify_fields.h"

#include "modify/why.h"

struct aq_modify_request aq_modify_request_of(const struct aq_call *call, struct aq_strings *folders)
{
    for (size_t i = 0; aq_arg_nth(call, "allow_source", i) != NULL; i++)
        aq_strings_add(folders, aq_arg_nth(call, "allow_source", i));
    return (struct aq_modify_request){
        .spec = {.path = aq_arg_text(call, "spec"),
                 .base = aq_arg_text(call, "base"),
                 .allow_sources = (const char *const *)folders->items},
    };
}

static const char *status_name(enum aq_modify_status status)
{
    static const char *const names[] = {
        [AQ_MODIFY_CACHED] = "cached",
        [AQ_MODIFY_TODO] = "todo",
        [AQ_MODIFY_BUILT] = "built",
        [AQ_MODIFY_FAILED] = "failed",
    };
    return names[status];
}

static void add_step(aq_result *result, struct aq_table *table, const struct aq_modify_step *step,
                     const char *key)
{
    bool has_layer = step->layer.path != NULL;
    aq_table_row(table);
    aq_table_text(table, "TITLE", step->title);
    aq_table_text(table, "STATUS", status_name(step->status));
    aq_table_text(table, "KEY", key);
    if (step->status == AQ_MODIFY_FAILED && has_layer)
        aq_result_set_text(result, "FAILED_LAYER", step->layer.id);
    else if (has_layer)
        aq_table_text(table, "LAYER", step->layer.id);
    if (step->status != AQ_MODIFY_BUILT)
        return;
    aq_table_int(table, "MS", step->ms);
    aq_table_bool(table, "APPLIANCE", step->appliance);
}

void aq_set_modify_fields(aq_result *result, const struct aq_modify *modify)
{
    const struct aq_layer *top = aq_modify_top(modify);
    struct aq_table *table = aq_result_table(result, "STEPS");
    for (size_t i = 0; i < modify->spec.step_count; i++)
        add_step(result, table, &modify->steps[i], modify->spec.steps[i].key);
    if (top != NULL)
        aq_result_set_text(result, "LAYER", top->id);
    aq_result_set_int(result, "CACHED", aq_modify_count(modify, AQ_MODIFY_CACHED));
    aq_result_set_int(result, "BUILT", aq_modify_count(modify, AQ_MODIFY_BUILT));
    aq_result_set_bool(result, "RELABEL", modify->relabel);
    if (modify->exit_code != 0)
        aq_result_set_int(result, "EXIT_CODE", modify->exit_code);
}

static void add_plan_step(struct aq_table *table, const struct aq_modify_step *step,
                          const struct aq_step *spec_step)
{
    aq_autofree char *place = aq_format("%u:%u", spec_step->place.line, spec_step->place.column);
    aq_table_row(table);
    aq_table_text(table, "TITLE", step->title);
    aq_table_text(table, "STATUS", status_name(step->status));
    aq_table_text(table, "REASON", step->reason != NULL ? step->reason : "");
    aq_table_text(table, "KEY", spec_step->key);
    aq_table_text(table, "LAYER", step->layer.path != NULL ? step->layer.id : NULL);
    aq_table_text(table, "PLACE", place);
    if (spec_step->kind == AQ_STEP_FILES)
        aq_table_int(table, "BYTES", (int64_t)spec_step->bytes);
}

static void say_plan(aq_result *result, const struct aq_modify *modify)
{
    char text[AQ_LAYER_SHORT_TEXT];
    aq_result_say(result, "base %s\n", modify->base.name);
    for (size_t i = 0; i < modify->spec.step_count; i++) {
        const struct aq_modify_step *step = &modify->steps[i];
        aq_result_say_more(result, "%2zu  %-6s  %s  %s%s%s\n", i + 1, status_name(step->status),
                           aq_layer_short(modify->spec.steps[i].key, text), step->title,
                           step->reason != NULL ? ": " : "", step->reason != NULL ? step->reason : "");
    }
}

int aq_set_modify_plan(aq_result *result, struct aq_modify *modify, struct aq_error *err)
{
    if (aq_modify_explain(modify, err) < 0)
        return -1;
    const struct aq_layer *top = aq_modify_top(modify);
    struct aq_table *table = aq_result_table(result, "STEPS");
    for (size_t i = 0; i < modify->spec.step_count; i++)
        add_plan_step(table, &modify->steps[i], &modify->spec.steps[i]);
    aq_result_set_text(result, "LAYER", top != NULL ? top->id : NULL);
    aq_result_set_text(result, "BASE", modify->base.name);
    aq_result_set_int(result, "CACHED", aq_modify_count(modify, AQ_MODIFY_CACHED));
    aq_result_set_int(result, "PENDING", aq_modify_count(modify, AQ_MODIFY_TODO));
    say_plan(result, modify);
    return 0;
}
