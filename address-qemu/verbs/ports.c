/* SPDX-License-Identifier: MIT */
#include "util/home.h"
#include "verbs/vm_fields.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"vm", AQ_TYPE_NAME, .positional = true, .aliases = "name",
     .meaning = "the VM; all that run unless given"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"COUNT", "how many ports there are"},
    {"INGRESS_PORT", "the host's port that leads to the first forwarded port of the guest, of one VM"},
    {"PORTS.n.HOST", "a port of the host that leads into a guest; also `VM`, `PROTOCOL`, `ADDRESS`, `GUEST`. "
                     "`HOST` is 0 for one that is "
                     "chosen at the start of a VM that does not run"},
    {NULL},
};

const struct aq_verb aq_verb_ports = {
    .name = "ports",
    .group = "Networks",
    .summary = "Show which ports of the host lead into VMs",
    .params = params,
    .sets = sets,
    .example = "ports vm=web",
    .read_only = true,
    .run = run,
};

static void add_row(struct aq_call *call, const struct aq_vm *vm, const struct aq_port_rule *rule)
{
    struct aq_table *table = aq_result_table(call->result, "PORTS");
    aq_table_row(table);
    aq_table_text(table, "VM", vm->name);
    aq_table_text(table, "PROTOCOL", rule->protocol);
    aq_table_text(table, "ADDRESS", rule->address);
    aq_table_int(table, "HOST", rule->host);
    aq_table_int(table, "GUEST", rule->guest);
    aq_result_say_more(call->result, "%-20s %s %s:%u to %u\n", vm->name, rule->protocol, rule->address,
                       rule->host, rule->guest);
}

static unsigned add_rows(struct aq_call *call, const struct aq_vm *vm, const struct aq_port_rule *rules,
                         unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        add_row(call, vm, &rules[i]);
    return count;
}

static int ports_of_one(struct aq_call *call, const char *name, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    int running = aq_vm_load(name, &vm, err) < 0 ? -1 : aq_run_read(&vm, &run, err);
    if (running < 0)
        return -1;
    const struct aq_port_rule *rules = running ? run.ports : vm.ports;
    unsigned count = add_rows(call, &vm, rules, running ? run.port_count : vm.port_count);
    for (unsigned i = 0; running && i < count; i++)
        if (rules[i].guest != AQ_SSH_PORT) {
            aq_result_set_int(call->result, "INGRESS_PORT", rules[i].host);
            break;
        }
    aq_result_set_int(call->result, "COUNT", count);
    return 0;
}

static int ports_of_all(struct aq_call *call, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    aq_autoclose int vms = aq_open_home_dir("vms", err);
    if (vms < 0 || aq_vm_list(&names, err) < 0)
        return -1;
    unsigned count = 0;
    for (size_t i = 0; i < names.count; i++) {
        aq_autovm struct aq_vm vm = {0};
        struct aq_run run = {0};
        struct aq_error ignored = {0};
        if (aq_vm_load_at(vms, names.items[i], &vm, &ignored) == 0 &&
            aq_run_read_at(vms, &vm, &run, &ignored) > 0)
            count += add_rows(call, &vm, run.ports, run.port_count);
    }
    aq_result_set_int(call->result, "COUNT", count);
    return 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "vm");
    aq_result_table(call->result, "PORTS");
    aq_result_say(call->result, "%s", "");
    return name != NULL ? ports_of_one(call, name, err) : ports_of_all(call, err);
}
