/* SPDX-License-Identifier: MIT */
#include "util/size.h"
#include "verbs/template_fields.h"
#include "verbs/vm_fields.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {AQ_PARAM_TEMPLATE, {NULL}};

static const struct aq_field sets[] = {
    AQ_TEMPLATE_FIELDS,
    {"STATUS_REASON", "why it is not ready"},
    {"CLONES", "how many VMs are clones of it"},
    {"VMS.n.NAME", "one of them"},
    {"KEYS.n.PATH", "a file in the guest that holds an SSH host key, which each clone gets anew"},
    {NULL},
};

const struct aq_verb aq_verb_inspect_template = {
    .name = "inspect_template",
    .group = "Templates",
    .summary = "Tell all about a template",
    .params = params,
    .sets = sets,
    .example = "inspect_template name=debian",
    .read_only = true,
    .run = run,
};

static void add_rows(aq_result *result, const char *name, const char *column, const struct aq_strings *list)
{
    struct aq_table *table = aq_result_table(result, name);
    for (size_t i = 0; i < list->count; i++) {
        aq_table_row(table);
        aq_table_text(table, column, list->items[i]);
    }
}

static void say(aq_result *result, const struct aq_template *template, const struct aq_error *why,
                size_t clones)
{
    char memory[AQ_SIZE_TEXT];
    aq_result_say(result, "%s, from %s%s%s, created %s\n", template->name,
                  template->vm[0] != '\0' ? "the VM " : "the base ",
                  template->vm[0] != '\0' ? template->vm : template->base,
                  template->warm[0] != '\0' ? ", warmed" : "", template->created);
    aq_result_say_more(result, "  memory %s, cpus %u, %s under QEMU %s, %s\n",
                       aq_mib_text(template->memory, memory), template->cpus, aq_accel_name(template->accel),
                       template->qemu, template->machine);
    aq_result_say_more(result, "  window %s%s%s, %zu clones\n  %s%s%s",
                       template->closed ? "closed" : "open: ", template->closed ? "" : template->window,
                       template->settled ? "" : ", not at rest", clones,
                       aq_result_field(result, "STATUS", NULL), why->code != AQ_OK ? ": " : "", why->text);
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autotemplate struct aq_template template = {0};
    aq_autostrings struct aq_strings clones = {0};
    struct aq_error why = {0};
    if (aq_template_load(aq_arg_text(call, "name"), &template, err) < 0 ||
        aq_set_template_fields(call->result, &template, err) < 0 ||
        aq_template_clones(&template, &clones, err) < 0)
        return -1;
    aq_template_status(&template, &why);
    if (why.code != AQ_OK)
        aq_result_set_text(call->result, "STATUS_REASON", why.text);
    aq_result_set_int(call->result, "CLONES", (int64_t)clones.count);
    add_rows(call->result, "VMS", "NAME", &clones);
    add_rows(call->result, "KEYS", "PATH", &template.keys);
    say(call->result, &template, &why, clones.count);
    return 0;
}
