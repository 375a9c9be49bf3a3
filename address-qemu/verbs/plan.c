/* SPDX-License-Identifier: MIT */
#include "verbs/modify_fields.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {AQ_MODIFY_PARAMS, {NULL}};

static const struct aq_field sets[] = {
    {"LAYER", "the id of the layer that holds the result, where nothing has to be done"},
    {"CACHED", "how many steps are there already"},
    {"PENDING", "how many have to be done"},
    {"BASE", "what the first step stands on: a base's name, or the start of a layer's id"},
    {"STEPS.n.TITLE", "a step; also `STATUS` (`cached` or `todo`), `REASON` (why it has to be done), `KEY`, "
                      "`LAYER` (where it is there), "
                      "`PLACE` (line and column in the spec), `BYTES` (of its files)"},
    {NULL},
};

const struct aq_verb aq_verb_plan = {
    .name = "plan",
    .group = "Images",
    .summary = "Show step by step what `modify` would do, and why",
    .details =
        "The spec is checked, its sources are read and its keys made, as `modify` does it; nothing is "
        "downloaded, "
        "run or changed. What differs is told by comparison with earlier builds of the same spec file. "
        "`modify` with `dry_run=true` says the same.",
    .params = params,
    .sets = sets,
    .example = "plan spec=app.yaml",
    .read_only = true,
    .run = run,
};

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_automodify struct aq_modify modify = AQ_MODIFY_NONE;
    aq_autostrings struct aq_strings folders = {0};
    const struct aq_modify_request request = aq_modify_request_of(call, &folders);
    return aq_modify_load(&request, &modify, err) < 0 ? -1 : aq_set_modify_plan(call->result, &modify, err);
}
