/* SPDX-License-Identifier: MIT */
#include "command/guard.h"

#include "command/arguments.h"
#include "policy/policy.h"

static enum aq_policy_rule rule_of(enum aq_source source)
{
    return source == AQ_SOURCE_DISK ? AQ_POLICY_DISK_FOLDERS : AQ_POLICY_SCRIPT_FOLDERS;
}

int aq_guard_sources(const struct aq_call *call, struct aq_error *err)
{
    aq_autopolicy struct aq_policy policy = {0};
    bool loaded = false;
    for (size_t i = 0; i < call->argument_count; i++) {
        const struct aq_argument *argument = &call->arguments[i];
        if (argument->param->source == AQ_SOURCE_ANYWHERE || !argument->given)
            continue;
        if (!loaded && aq_policy_load(&policy, err) < 0)
            return -1;
        loaded = true;
        if (aq_policy_source(&policy, rule_of(argument->param->source), argument->text, err) < 0)
            return -1;
    }
    return 0;
}

bool aq_guard_audits(const struct aq_verb *verb)
{
    aq_autopolicy struct aq_policy policy = {0};
    struct aq_error ignored = {0};
    if (verb->traceless)
        return false;
    if (!verb->read_only || aq_policy_load(&policy, &ignored) < 0)
        return true; /* of a policy that cannot be read it is not known whether it wants that */
    for (unsigned i = 0; i < policy.count; i++)
        if (policy.files[i].audit_reads)
            return true;
    return false;
}

void aq_guard_warn(struct aq_call *call, struct aq_strings *warnings)
{
    aq_policy_take_notes(warnings);
    if (warnings->count == 0)
        return;
    struct aq_table *table = aq_result_table(call->result, "POLICY_WARNINGS");
    for (size_t i = 0; i < warnings->count; i++) {
        aq_table_row(table);
        aq_table_text(table, "", warnings->items[i]);
        aq_result_say_more(call->result, "\npolicy: %s", warnings->items[i]);
    }
}
