/* SPDX-License-Identifier: MIT */
#include "util/size.h"
#include "verbs/template_fields.h"
#include "verbs/vm_fields.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {{NULL}};

static const struct aq_field sets[] = {
    {"COUNT", "how many templates there are"},
    {"TEMPLATES.n.NAME",
     "a template; also `BASED_ON`, `FROM_VM`, `MEMORY` (MiB), `CPUS`, `ACCEL`, `WINDOW`, `CREATED`, `CLONES` "
     "(how many VMs are clones of it) and `STATUS` (`ready`, `stale`, `changed`, `broken`)"},
    {"TEMPLATES.n.ERROR", "what is wrong with one that is not ready"},
    {NULL},
};

const struct aq_verb aq_verb_list_templates = {
    .name = "list_templates",
    .group = "Templates",
    .summary = "List the templates, and whether they fit this host as it is now",
    .params = params,
    .sets = sets,
    .example = "list_templates",
    .read_only = true,
    .run = run,
};

static int add_row(struct aq_call *call, struct aq_table *table, const struct aq_template *template,
                   struct aq_error *err)
{
    aq_autostrings struct aq_strings clones = {0};
    struct aq_error why = {0};
    char memory[AQ_SIZE_TEXT];
    if (aq_template_clones(template, &clones, err) < 0)
        return -1;
    const char *status = aq_template_status(template, &why);
    aq_table_row(table);
    aq_table_text(table, "NAME", template->name);
    aq_table_text(table, "BASED_ON", template->base);
    aq_table_text(table, "FROM_VM", template->vm);
    aq_table_int(table, "MEMORY", template->memory);
    aq_table_int(table, "CPUS", template->cpus);
    aq_table_text(table, "ACCEL", aq_accel_name(template->accel));
    aq_table_text(table, "WINDOW", template->closed ? "closed" : "open");
    aq_table_text(table, "CREATED", template->created);
    aq_table_int(table, "CLONES", (int64_t)clones.count);
    aq_table_text(table, "STATUS", status);
    if (why.code != AQ_OK)
        aq_table_text(table, "ERROR", why.text);
    aq_result_say_more(call->result, "%-24s %-8s %-16s %8s %4u %-6s %6zu\n", template->name, status,
                       template->base, aq_mib_text(template->memory, memory), template->cpus,
                       template->closed ? "closed" : "open", clones.count);
    return 0;
}

/* A record that cannot be read is shown, not an end of the listing: `remove_template` clears it. */
static void add_broken(struct aq_call *call, struct aq_table *table, const char *name,
                       const struct aq_error *why)
{
    aq_table_row(table);
    aq_table_text(table, "NAME", name);
    aq_table_text(table, "STATUS", "broken");
    aq_table_text(table, "ERROR", why->text);
    aq_result_say_more(call->result, "%-24s %-8s %s\n", name, "broken", why->text);
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    aq_autoclose int templates = aq_templates_open(err);
    if (templates < 0 || aq_template_list(&names, err) < 0)
        return -1;
    struct aq_table *table = aq_result_table(call->result, "TEMPLATES");
    int64_t count = 0;
    aq_result_say(call->result, "%-24s %-8s %-16s %8s %4s %-6s %6s\n", "NAME", "STATUS", "BASE", "MEMORY",
                  "CPUS", "WINDOW", "CLONES");
    for (size_t i = 0; i < names.count; i++) {
        aq_autotemplate struct aq_template template = {0};
        struct aq_error reason = {0};
        int loaded = aq_template_load_at(templates, names.items[i], &template, &reason);
        if (loaded == -2)
            continue;
        if (loaded < 0)
            add_broken(call, table, names.items[i], &reason);
        else if (add_row(call, table, &template, err) < 0)
            return -1;
        count++;
    }
    aq_result_set_int(call->result, "COUNT", count);
    if (count == 0)
        aq_result_say(call->result, "there is no template");
    return 0;
}
