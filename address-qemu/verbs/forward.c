/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "util/ip.h"
#include "verbs/network_params.h"
#include "verbs/vm_fields.h"
#include "vm/forward.h"

static int run_forward(struct aq_call *call, struct aq_error *err);
static int run_unforward(struct aq_call *call, struct aq_error *err);

#define PARAM_PROTOCOL                                                                                       \
    {                                                                                                        \
        "protocol", AQ_TYPE_CHOICE, .choices = "tcp|udp", .fallback = "tcp", .meaning = "which of the two"   \
    }

static const struct aq_param forward_params[] = {
    AQ_PARAM_VM_OF_NETWORK,
    {"guest", AQ_TYPE_PORT, .required = true, .aliases = "port", .meaning = "the guest's port"},
    {"host", AQ_TYPE_PORT, .meaning = "the host's; a free one unless given"},
    {"bind", AQ_TYPE_TEXT, .fallback = "127.0.0.1", .meaning = "the host's address"},
    PARAM_PROTOCOL,
    {NULL},
};

static const struct aq_field forward_sets[] = {
    AQ_VM_FIELDS, {"PORT", "the host's port that leads there"}, AQ_PORT_FIELDS, {NULL}};

const struct aq_verb aq_verb_forward = {
    .name = "forward",
    .group = "Networks",
    .summary = "Lead a port of the host to one of a VM's guest",
    .details = "At once when the VM runs, and at each start from now on. A port that was chosen stays the "
               "VM's as long "
               "as nobody takes it while the VM is stopped.",
    .params = forward_params,
    .sets = forward_sets,
    .example = "forward vm=web guest=8080 host=18080",
    .run = run_forward,
};

static const struct aq_param unforward_params[] = {
    AQ_PARAM_VM_OF_NETWORK,
    {"guest", AQ_TYPE_PORT, .aliases = "port", .meaning = "those that lead to this port of the guest"},
    {"host", AQ_TYPE_PORT, .meaning = "the one of this port of the host"},
    PARAM_PROTOCOL,
    {NULL},
};

static const struct aq_field unforward_sets[] = {
    AQ_VM_FIELDS, {"COUNT", "how many were taken away"}, AQ_PORT_FIELDS, {NULL}};

const struct aq_verb aq_verb_unforward = {
    .name = "unforward",
    .group = "Networks",
    .summary = "Close a port of the host that leads into a VM",
    .details = "Connections that are open go on. That of SSH, which every VM has by itself, stays.",
    .params = unforward_params,
    .sets = unforward_sets,
    .example = "unforward vm=web guest=8080",
    .run = run_unforward,
};

static int set_fields(struct aq_call *call, const struct aq_run *run, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    bool running = run->process.pid > 0;
    if (aq_vm_load(aq_arg_text(call, "vm"), &vm, err) < 0)
        return -1;
    if (running)
        aq_set_port_rows(call->result, run);
    return aq_set_vm_fields(call->result, &vm, running ? run : NULL, err);
}

static int run_forward(struct aq_call *call, struct aq_error *err)
{
    const char *bind = aq_arg_text(call, "bind"), *vm = aq_arg_text(call, "vm");
    struct aq_ip address;
    struct aq_run run = {0};
    if (!aq_ip_parse(bind, &address) || !aq_ip_is4(&address))
        return aq_fail(err, AQ_E_VALUE_INVALID, "bind= is an IPv4 address of the host, not \"%s\"", bind);
    struct aq_port_rule rule = {.host = (uint16_t)aq_arg_number(call, "host"),
                                .guest = (uint16_t)aq_arg_number(call, "guest")};
    snprintf(rule.protocol, sizeof rule.protocol, "%s", aq_arg_text(call, "protocol"));
    snprintf(rule.address, sizeof rule.address, "%s", bind);
    if (aq_forward_add(vm, &rule, &run, err) < 0)
        return -1;
    if (rule.host != 0) {
        aq_result_set_int(call->result, "PORT", rule.host);
        aq_result_say(call->result, "%s port %u of %s leads to %s's port %u", rule.protocol, rule.host, bind,
                      vm, rule.guest);
    } else {
        aq_result_say(call->result, "a %s port of %s will lead to %s's port %u when it is started",
                      rule.protocol, bind, vm, rule.guest);
    }
    return set_fields(call, &run, err);
}

static int run_unforward(struct aq_call *call, struct aq_error *err)
{
    struct aq_run run = {0};
    struct aq_port_rule which = {.host = (uint16_t)aq_arg_number(call, "host"),
                                 .guest = (uint16_t)aq_arg_number(call, "guest")};
    if (which.host == 0 && which.guest == 0)
        return aq_fail(err, AQ_E_KEY_MISSING, "unforward needs guest= or host=, to know which it is");
    snprintf(which.protocol, sizeof which.protocol, "%s", aq_arg_text(call, "protocol"));
    int removed = aq_forward_remove(aq_arg_text(call, "vm"), &which, &run, err);
    if (removed < 0)
        return -1;
    aq_result_set_int(call->result, "COUNT", removed);
    aq_result_say(call->result, "%d forwarded port%s of %s closed", removed, removed == 1 ? "" : "s",
                  aq_arg_text(call, "vm"));
    return set_fields(call, &run, err);
}
