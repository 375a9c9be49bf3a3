/* SPDX-License-Identifier: MIT */
#include "vm/fork.h"

#include "verbs/vm_fields.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"vm", AQ_TYPE_NAME, .required = true, .positional = true, .aliases = "from",
     .meaning = "the running VM whose children are to be made"},
    {"count", AQ_TYPE_COUNT, .min = 1, .max = 1000, .fallback = "1", .meaning = "how many"},
    {"name", AQ_TYPE_NAME,
     .meaning =
         "what an only child is called; several are called NAME-1, NAME-2 and so on; made up unless given"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"VM", "the first child's name"},
    {"NAME", "the same"},
    {"COUNT", "how many there are"},
    {"VMS.n.NAME", "a child; also `PID`, `SSH_PORT`, `INGRESS_PORT`, `DISK`"},
    {"PARENT", "the VM that they are children of"},
    {"PAUSE_MS", "for how long that one stood still"},
    {"WINDOW", "`closed`, or `open` as with templates (see [templates](templates.md))"},
    {"WINDOW_REASON", "why it is open"},
    {NULL},
};

const struct aq_verb aq_verb_fork = {
    .name = "fork",
    .group = "Templates",
    .summary = "Make children of a running VM, which go on from where it is",
    .details =
        "Each child has memory and disk of its own, copy-on-write, and gets random numbers, keys and names "
        "of "
        "its own as a template's clone does. The parent stands still for a moment (`QEMU_PAUSE_MS`) and goes "
        "on. Its programs are not asked: what they have open, a child has open as well, but connections to "
        "the "
        "outside end. What the parent knows, its children know. They forward the same ports, from other "
        "ports of "
        "the host.",
    .params = params,
    .sets = sets,
    .example = "fork vm=web count=4 name=worker",
    .run = run,
};

static void progress(void *data, const char *line)
{
    aq_progress(data, "fork %s: %s", aq_arg_text(data, "vm"), line);
}

static int add_row(struct aq_table *table, const struct aq_child *child, struct aq_error *err)
{
    aq_autofree char *disk = aq_vm_disk_path(&child->vm, err);
    if (disk == NULL)
        return -1;
    aq_table_row(table);
    aq_table_text(table, "NAME", child->vm.name);
    aq_table_int(table, "PID", child->run.process.pid);
    aq_table_text(table, "DISK", disk);
    uint16_t ssh = aq_run_host_port(&child->run, AQ_SSH_PORT);
    if (ssh != 0)
        aq_table_int(table, "SSH_PORT", ssh);
    for (unsigned i = 0; i < child->run.port_count; i++)
        if (child->run.ports[i].guest != AQ_SSH_PORT) {
            aq_table_int(table, "INGRESS_PORT", child->run.ports[i].host);
            break;
        }
    return 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    const struct aq_fork_request request = {
        .vm = aq_arg_text(call, "vm"),
        .name = aq_arg_text(call, "name"),
        .count = (unsigned)aq_arg_number(call, "count"),
        .progress = progress,
        .progress_data = call,
    };
    aq_autoforked struct aq_forked forked = {0};
    aq_result_set_text(call->result, "PARENT", request.vm);
    if (aq_vm_fork(&request, &forked, err) < 0)
        return -1;
    struct aq_table *table = aq_result_table(call->result, "VMS");
    for (unsigned i = 0; i < forked.count; i++)
        if (add_row(table, &forked.children[i], err) < 0)
            return -1;
    aq_result_set_text(call->result, "VM", forked.children[0].vm.name);
    aq_result_set_text(call->result, "NAME", forked.children[0].vm.name);
    aq_result_set_int(call->result, "COUNT", forked.count);
    aq_result_set_int(call->result, "PAUSE_MS", forked.pause_ms);
    aq_result_set_text(call->result, "WINDOW", forked.closed ? "closed" : "open");
    if (!forked.closed)
        aq_result_set_text(call->result, "WINDOW_REASON", forked.window);
    aq_result_say(call->result, "forked %s: %u children, the first is %s; it stood still for %lld ms",
                  request.vm, forked.count, forked.children[0].vm.name, (long long)forked.pause_ms);
    return 0;
}
