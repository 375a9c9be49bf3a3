/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "command/verb.h"
#include "policy/policy.h"
#include "util/home.h"
#include "util/size.h"
#include "vm/admit.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {{NULL}};

static const struct aq_field sets[] = {
    {"COUNT", "how many rules there are"},
    {"RULES.n.NAME",
     "a rule; also `VALUE` (numbers as they count, lists joined by blanks), `FILE`, `LINE`, and "
     "`MODE`, the security_mode of its file"},
    {"VMS", "how many VMs there are; also `MEMORY` (MiB) and `CPUS` of those that run"},
    {NULL},
};

const struct aq_verb aq_verb_policy = {
    .name = "policy",
    .group = "Host",
    .summary = "Show what the policy of this host, and your own, allow",
    .details = "They are `/etc/address-qemu/policy.yaml` and `$XDG_CONFIG_HOME/address-qemu/policy.yaml`; a "
               "command has to be allowed by both. Without rules everything is allowed.",
    .params = params,
    .sets = sets,
    .example = "policy",
    .read_only = true,
    .run = run,
};

static void add_row(aq_result *result, const struct aq_policy_file *file, const char *name, const char *value,
                    const char *shown, unsigned line)
{
    struct aq_table *table = aq_result_table(result, "RULES");
    aq_table_row(table);
    aq_table_text(table, "NAME", name);
    aq_table_text(table, "VALUE", value);
    aq_table_text(table, "FILE", file->path);
    aq_table_int(table, "LINE", line);
    aq_table_text(table, "MODE", aq_policy_mode_name(file->mode));
    aq_result_say_more(result, "%-18s %-30s %s:%u\n", name, shown, file->path, line);
}

static void add_rule(aq_result *result, const struct aq_policy_file *file, enum aq_policy_rule rule)
{
    const struct aq_policy_value *value = &file->values[rule];
    aq_autobuffer struct aq_buffer text = {0};
    char size[AQ_SIZE_TEXT];
    bool is_size = aq_policy_rule_is_size(rule);
    for (size_t i = 0; i < value->items.count; i++)
        aq_buffer_format(&text, "%s%s", i > 0 ? " " : "", value->items.items[i]);
    if (rule < AQ_POLICY_NUMBERS)
        aq_buffer_format(&text, "%" PRIu64, value->number);
    add_row(result, file, aq_policy_rule_name(rule), aq_buffer_text(&text),
            is_size ? aq_size_text(value->number, size) : aq_buffer_text(&text), value->line);
}

static int add_file(aq_result *result, const struct aq_policy_file *file)
{
    int count = 1;
    const char *mode = aq_policy_mode_name(file->mode);
    add_row(result, file, "security_mode", mode, mode, file->mode_line);
    for (int rule = 0; rule < AQ_POLICY_RULES; rule++)
        if (file->values[rule].line != 0) {
            add_rule(result, file, (enum aq_policy_rule)rule);
            count++;
        }
    return count;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_result *result = call->result;
    aq_autopolicy struct aq_policy policy = {0};
    struct aq_vm_census census;
    char memory[AQ_SIZE_TEXT];
    int count = 0;
    aq_autoclose int vms = aq_open_home_dir("vms", err);
    if (vms < 0 || aq_policy_load(&policy, err) < 0 || aq_vm_census(vms, NULL, &census, err) < 0)
        return -1;
    aq_result_table(result, "RULES");
    aq_result_say(result, "%u VMs; those that run have %s of memory and %u CPUs\n", census.vms,
                  aq_size_text(census.memory, memory), census.cpus);
    for (unsigned i = 0; i < policy.count; i++)
        count += add_file(result, &policy.files[i]);
    if (count == 0)
        aq_result_say_more(result, "there is no policy: everything is allowed");
    aq_result_set_int(result, "COUNT", count);
    aq_result_set_int(result, "VMS", census.vms);
    aq_result_set_int(result, "MEMORY", (int64_t)(census.memory >> 20));
    aq_result_set_int(result, "CPUS", census.cpus);
    return 0;
}
