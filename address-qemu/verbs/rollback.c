/* SPDX-License-Identifier: MIT */
#include "modify/generation.h"
#include "verbs/base_fields.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"name", AQ_TYPE_NAME, .required = true, .positional = true, .meaning = "a base that `modify` made"},
    {"to", AQ_TYPE_COUNT, .min = 1, .max = 1000000,
     .meaning = "the number of a generation; the one before the present one unless given"},
    {NULL},
};

static const struct aq_field sets[] = {
    AQ_BASE_FIELDS, {"GENERATION", "the one that it stands for now"}, {NULL}};

const struct aq_verb aq_verb_rollback = {
    .name = "rollback",
    .group = "Images",
    .summary = "Make a modified image stand for an earlier generation",
    .details =
        "Later generations stay: `rollback` to one of them goes forward again. VMs that were cloned are not "
        "touched; new clones are of the generation that the name stands for.",
    .params = params,
    .sets = sets,
    .example = "rollback name=app to=1",
    .run = run,
};

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autobase struct aq_base base = {0};
    unsigned now = 0;
    if (aq_generation_switch(aq_arg_text(call, "name"), (unsigned)aq_arg_number(call, "to"), &base, &now,
                             err) < 0)
        return -1;
    aq_set_base_fields(call->result, &base);
    aq_result_set_int(call->result, "GENERATION", now);
    aq_result_say(call->result, "%s stands for its generation %u now", base.name, now);
    return 0;
}
