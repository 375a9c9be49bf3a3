/* SPDX-License-Identifier: MIT */
#include "verbs/modify_fields.h"

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

void aq_say_modify_steps(aq_result *result, const struct aq_modify *modify)
{
    char text[AQ_LAYER_SHORT_TEXT];
    aq_result_say(result, "%s", "");
    for (size_t i = 0; i < modify->spec.step_count; i++)
        aq_result_say_more(result, "%2zu  %-6s  %s  %s\n", i + 1, status_name(modify->steps[i].status),
                           aq_layer_short(modify->spec.steps[i].key, text), modify->steps[i].title);
}
