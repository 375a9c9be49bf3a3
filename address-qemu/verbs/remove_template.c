/* SPDX-License-Identifier: MIT */
#include "verbs/template_fields.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {AQ_PARAM_TEMPLATE, {NULL}};

static const struct aq_field sets[] = {{"NAME", "the template's name"}, {NULL}};

const struct aq_verb aq_verb_remove_template = {
    .name = "remove_template",
    .group = "Templates",
    .summary = "Remove a template with its memory and its disk",
    .details = "Refused while clones of it are there; the error names them.",
    .params = params,
    .sets = sets,
    .example = "remove_template name=debian",
    .run = run,
};

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "name");
    aq_result_set_text(call->result, "NAME", name);
    if (aq_template_remove(name, err) < 0)
        return -1;
    aq_result_say(call->result, "removed the template %s", name);
    return 0;
}
