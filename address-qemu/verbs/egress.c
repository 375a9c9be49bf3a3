/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verbs/network_params.h"
#include "verbs/vm_fields.h"
#include "vm/companion.h"
#include "vm/network.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM_OF_NETWORK,
    {"allow", AQ_TYPE_TEXT, .meaning = "what it may reach from now on: as `egress` of `clone`"},
    {"deny", AQ_TYPE_TEXT, .meaning = "what it may not"},
    {NULL},
};

static const struct aq_field sets[] = {
    AQ_VM_FIELDS,
    {"EGRESS", "all its rules as one list"},
    {"RULES.n.RULE", "a rule, in the order in which they are; also `ACTION` (`allow` or `deny`)"},
    {"NAMES.n.NAME", "a name in the rules that has been looked up; also its `ADDRESS`"},
    {"DROPS.n.TARGET",
     "where something was not let through to; also `PROTOCOL`, `PORT`, `COUNT`, `REASON` (a word) and "
     "`TEXT` (a few), `NAME` (of a question to the nameserver), `FIRST` and `LAST` (seconds ago)"},
    {"DROPPED", "how many packets were not let through since the VM was started"},
    {"PASSED", "how many were"},
    {"SANDBOX", "`full`, or what of the gateway's sandbox this host does not give"},
    {NULL},
};

const struct aq_verb aq_verb_egress = {
    .name = "egress",
    .group = "Networks",
    .summary = "Show and change what a VM may reach, and what it tried to",
    .details =
        "Of several rules that speak of a connection the last decides; `allow` and `deny` add theirs at the "
        "end. "
        "They hold from the next packet on, also for connections that are open, and for later starts. What a "
        "VM's gateway did not let through is counted by where to and why.",
    .params = params,
    .sets = sets,
    .example = "egress vm=web allow=db.example.com:5432",
    .run = run,
};

enum { COMPANION_MS = 10000 };

static void set_rules(aq_result *result, const struct aq_vm *vm)
{
    struct aq_error ignored = {0};
    aq_autofree struct aq_egress *egress = aq_alloc(sizeof *egress);
    struct aq_table *table = aq_result_table(result, "RULES");
    char text[AQ_EGRESS_RULE_TEXT];
    aq_egress_parse(vm->egress, egress, &ignored);
    aq_table_row(table);
    aq_table_text(table, "RULE", "any");
    aq_table_text(table, "ACTION", egress->any ? "allow" : "deny");
    for (unsigned i = 0; i < egress->count; i++) {
        const struct aq_egress_rule *rule = &egress->rules[i];
        aq_table_row(table);
        aq_table_text(table, "RULE", aq_egress_rule_text(rule, text) + rule->deny);
        aq_table_text(table, "ACTION", rule->deny ? "deny" : "allow");
    }
    aq_result_set_text(result, "EGRESS", vm->egress);
    aq_result_say(result, "%s may reach: %s\n", vm->name, vm->egress);
}

/* "fault protocol address port count first last name text…" */
static void add_drop(aq_result *result, const char *line)
{
    struct aq_table *table = aq_result_table(result, "DROPS");
    char fault[16], protocol[8], target[46], name[64];
    unsigned port;
    unsigned long long count;
    long long first, last;
    int text = 0;
    if (sscanf(line, "%15s %7s %45s %u %llu %lld %lld %63s %n", fault, protocol, target, &port, &count,
               &first, &last, name, &text) != 8)
        return;
    aq_table_row(table);
    aq_table_text(table, "REASON", fault);
    aq_table_text(table, "TEXT", line + text);
    aq_table_text(table, "PROTOCOL", protocol);
    aq_table_text(table, "TARGET", target);
    aq_table_int(table, "PORT", port);
    aq_table_int(table, "COUNT", (int64_t)count);
    aq_table_int(table, "FIRST", first / 1000);
    aq_table_int(table, "LAST", last / 1000);
    aq_table_text(table, "NAME", strcmp(name, "-") != 0 ? name : "");
    aq_result_say_more(result, "  %llu× %s to %s", count, protocol, strcmp(name, "-") != 0 ? name : target);
    if (port != 0)
        aq_result_say_more(result, " port %u", port);
    aq_result_say_more(result, ", %lld s ago: %s\n", last / 1000, line + text);
}

static void add_name(aq_result *result, const char *line)
{
    struct aq_table *table = aq_result_table(result, "NAMES");
    char name[AQ_HOST_NAME_MAX + 1], address[46];
    if (sscanf(line, "%253s %45s", name, address) != 2)
        return;
    aq_table_row(table);
    aq_table_text(table, "NAME", name);
    aq_table_text(table, "ADDRESS", address);
}

static int set_state(aq_result *result, int fd, aq_deadline deadline, struct aq_error *err)
{
    aq_autostrings struct aq_strings rows = {0};
    aq_autofree char *sandbox = NULL;
    if (aq_companion_state(fd, &rows, &sandbox, deadline, err) < 0)
        return -1;
    for (size_t i = 0; i < rows.count; i++) {
        unsigned long long number;
        if (sscanf(rows.items[i], "passed %llu", &number) == 1)
            aq_result_set_int(result, "PASSED", (int64_t)number);
        if (sscanf(rows.items[i], "dropped %llu", &number) == 1)
            aq_result_set_int(result, "DROPPED", (int64_t)number);
    }
    aq_result_set_text(result, "SANDBOX", sandbox);
    return 0;
}

static int ask(aq_result *result, const struct aq_run *run, struct aq_error *err)
{
    aq_deadline deadline = aq_after_ms(COMPANION_MS);
    aq_autostrings struct aq_strings drops = {0}, names = {0};
    aq_autodisconnect struct aq_qemu_connection companion = AQ_QEMU_UNCONNECTED;
    if (aq_companion_connect(run, deadline, &companion, err) < 0 ||
        set_state(result, companion.fd, deadline, err) < 0 ||
        aq_companion_call(companion.fd, -1, &names, deadline, err, "names") < 0 ||
        aq_companion_call(companion.fd, -1, &drops, deadline, err, "drops") < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++)
        add_name(result, names.items[i]);
    for (size_t i = 0; i < drops.count; i++)
        add_drop(result, drops.items[i]);
    return 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *allow = aq_arg_text(call, "allow"), *deny = aq_arg_text(call, "deny");
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    if (aq_vm_load(aq_arg_text(call, "vm"), &vm, err) < 0)
        return -1;
    if (!aq_network_has_gateway(&vm))
        return aq_fail(err, AQ_E_NOT_SUPPORTED,
                       "the VM %s has no network, so there is nothing that it may reach", vm.name);
    if ((allow != NULL || deny != NULL) && aq_network_change_egress(&vm, allow, deny, err) < 0)
        return -1;
    int running = aq_run_read(&vm, &run, err);
    if (running < 0 || aq_set_vm_fields(call->result, &vm, running ? &run : NULL, err) < 0)
        return -1;
    set_rules(call->result, &vm);
    aq_result_table(call->result, "DROPS");
    aq_result_table(call->result, "NAMES");
    return running ? ask(call->result, &run, err) : 0;
}
