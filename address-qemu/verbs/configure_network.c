/* SPDX-License-Identifier: MIT */
#include "spec/network_name.h"
#include "verbs/vm_fields.h"
#include "vm/network.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM,
    {"network", AQ_TYPE_TEXT, .required = true, .aliases = "type",
     .meaning = "`user`, `none`, or the name of a private network, as for `clone`"},
    {"bridge_name", AQ_TYPE_TEXT, .meaning = "refused: a bridge would need root"},
    {"tap_name", AQ_TYPE_TEXT, .meaning = "refused: so would a tap device"},
    {NULL},
};

static const struct aq_field sets[] = {
    AQ_VM_FIELDS, {"NETWORK", "the network that it has from its next start on"}, {NULL}};

const struct aq_verb aq_verb_configure_network = {
    .name = "configure_network",
    .group = "Networks",
    .summary = "Give a stopped VM another network",
    .details = "What it may reach and which ports lead into it stays as it is: see `egress` and `forward`. A "
               "VM with saved states keeps the network that these have.",
    .params = params,
    .sets = sets,
    .example = "configure_network name=web network=backend",
    .run = run,
};

static int run(struct aq_call *call, struct aq_error *err)
{
    static const char *const refused[][2] = {{"bridge_name", "bridge"}, {"tap_name", "tap"}};
    const char *network = aq_arg_text(call, "network");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (aq_arg_given(call, refused[i][0]))
            network = refused[i][1];
    aq_autovm struct aq_vm vm = {0};
    if ((network = aq_network_name(network, err)) == NULL ||
        aq_network_configure(aq_arg_text(call, "name"), network, &vm, err) < 0)
        return -1;
    aq_result_set_text(call->result, "NETWORK", vm.network);
    aq_result_say(call->result, "%s has the network %s from its next start on", vm.name, vm.network);
    return aq_set_vm_fields(call->result, &vm, NULL, err);
}
