/* SPDX-License-Identifier: MIT */
#include "util/home.h"
#include "verbs/vm_fields.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_field sets[] = {
    {"COUNT", "how many VMs there are"},
    {"RUNNING", "how many of them run, paused ones too"},
    {"VMS.n.NAME",
     "a VM; also `STATUS` (`running`, `paused`, `stopped`, `saved`, `broken`), `BASE`, `MEMORY` (MiB), "
     "`CPUS`, `CREATED`, and "
     "for a running one `PID`, `ACCEL`, `SSH_PORT`"},
    {"VMS.n.ERROR", "what is wrong with a broken one"},
    {NULL},
};

const struct aq_verb aq_verb_list = {
    .name = "list",
    .aliases = "list_vms",
    .group = "VMs",
    .summary = "List the VMs, by whichever script they were made",
    .sets = sets,
    .example = "list",
    .read_only = true,
    .run = run,
};

static void add_row(struct aq_call *call, struct aq_table *table, const struct aq_vm *vm,
                    const struct aq_run *run)
{
    char memory[32];
    aq_table_row(table);
    aq_table_text(table, "NAME", vm->name);
    aq_table_text(table, "STATUS", aq_run_status(vm, run));
    aq_table_text(table, "BASE", vm->base);
    aq_table_int(table, "MEMORY", vm->memory);
    aq_table_int(table, "CPUS", vm->cpus);
    aq_table_text(table, "CREATED", vm->created);
    if (run != NULL) {
        aq_table_int(table, "PID", run->process.pid);
        aq_table_text(table, "ACCEL", aq_accel_name(run->accel));
        aq_table_int(table, "SSH_PORT", aq_run_host_port(run, AQ_SSH_PORT));
    }
    aq_result_say_more(call->result, "%-24s %-8s %-24s %8s %4u\n", vm->name, aq_run_status(vm, run), vm->base,
                       aq_mib_text(vm->memory, memory), vm->cpus);
}

/* A record that cannot be read is shown, not an end of the listing: `remove` clears it. */
static void add_broken(struct aq_call *call, struct aq_table *table, const char *name,
                       const struct aq_error *reason)
{
    aq_table_row(table);
    aq_table_text(table, "NAME", name);
    aq_table_text(table, "STATUS", "broken");
    aq_table_text(table, "ERROR", reason->text);
    aq_result_say_more(call->result, "%-24s %-8s %s\n", name, "broken", reason->text);
}

static int add_vm(struct aq_call *call, struct aq_table *table, int vms, const char *name)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_error reason = {0};
    int loaded = aq_vm_load_at(vms, name, &vm, &reason);
    if (loaded == -2)
        return 0; /* removed a moment ago */
    struct aq_run run = {0};
    int running = loaded == 0 ? aq_run_read_at(vms, &vm, &run, &reason) : -1;
    if (running < 0)
        add_broken(call, table, name, &reason);
    else
        add_row(call, table, &vm, running > 0 ? &run : NULL);
    return running > 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    aq_autoclose int vms = aq_open_home_dir("vms", err);
    if (vms < 0 || aq_vm_list(&names, err) < 0)
        return -1;
    struct aq_table *table = aq_result_table(call->result, "VMS");
    aq_result_say(call->result, "%-24s %-8s %-24s %8s %4s\n", "NAME", "STATUS", "BASE", "MEMORY", "CPUS");
    int running = 0;
    for (size_t i = 0; i < names.count; i++)
        running += add_vm(call, table, vms, names.items[i]);
    aq_result_set_int(call->result, "COUNT", (int64_t)names.count);
    aq_result_set_int(call->result, "RUNNING", running);
    if (names.count == 0)
        aq_result_say(call->result, "there are no VMs");
    return 0;
}
