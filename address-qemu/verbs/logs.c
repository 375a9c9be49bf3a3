/* SPDX-License-Identifier: MIT */
#include "verbs/vm_fields.h"
#include "vm/console.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM,
    {"lines", AQ_TYPE_COUNT, .min = 1, .max = 100000, .fallback = "50",
     .meaning = "how many of the last lines"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"VM", "the VM's name"},
    {"OUTPUT", "the lines"},
    {"LINES.n", "each of them"},
    {NULL},
};

const struct aq_verb aq_verb_logs = {
    .name = "logs",
    .group = "VMs",
    .summary = "Show the end of a VM's serial console",
    .details = "What the guest has written since its latest start, control characters left out.",
    .params = params,
    .sets = sets,
    .example = "logs name=web lines=20",
    .read_only = true,
    .run = run,
};

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    aq_autobuffer struct aq_buffer text = {0};
    if (aq_vm_load(aq_arg_text(call, "name"), &vm, err) < 0 ||
        aq_console_tail(&vm, (unsigned)aq_arg_number(call, "lines"), &text, err) < 0)
        return -1;
    aq_result_set_text(call->result, "VM", vm.name);
    aq_result_lines(call->result, "LINES", aq_buffer_text(&text), text.length);
    aq_result_say(call->result, "%s", aq_buffer_text(&text));
    return 0;
}
