/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "verbs/vm_fields.h"
#include "vm/companion.h"
#include "vm/guest.h"
#include "vm/network.h"
#include "vm/ssh.h"

static int run(struct aq_call *call, struct aq_error *err);

enum { ASK_EVERY_MS = 200, COMPANION_MS = 10000 };

static const struct aq_param params[] = {
    AQ_PARAM_VM,
    {"for", AQ_TYPE_TEXT, .fallback = "agent",
     .meaning = "`agent`: commands can be run in it (by our helper or its agent); `ssh`: its SSH server "
                "answers, with "
                "the host key that is pinned, if one is; `network`: it has its address and a route; "
                "`port:8080`: something in it listens on that TCP port, "
                "forwarded or not; `stopped`: it has ended"},
    {"timeout", AQ_TYPE_DURATION, .fallback = "180", .meaning = "how long to wait"},
    {NULL},
};

static const struct aq_field sets[] = {
    AQ_VM_FIELDS,
    {"METHOD", "`helper` or `agent`: what answered; `ssh`: its server has let us in"},
    {"WAITED", "for how many milliseconds"},
    {NULL},
};

const struct aq_verb aq_verb_wait = {
    .name = "wait",
    .group = "VMs",
    .summary = "Wait until a guest is ready, or has stopped",
    .params = params,
    .sets = sets,
    .example = "wait name=web for=agent timeout=120",
    .read_only = true,
    .run = run,
};

static int wait_stopped(const struct aq_vm *vm, aq_deadline deadline, struct aq_error *err)
{
    struct aq_run run = {0};
    int running = aq_run_read(vm, &run, err);
    if (running <= 0)
        return running;
    int gone = aq_process_wait_gone(&run.process, deadline, err);
    if (gone == 0)
        return aq_fail(err, AQ_E_TIMEOUT, "the VM %s is still running", vm->name);
    return gone < 0 ? -1 : 0;
}

static int wait_agent(const struct aq_vm *vm, const struct aq_run *run, aq_deadline deadline,
                      struct aq_call *call, struct aq_error *err)
{
    aq_autoguest struct aq_guest guest = AQ_GUEST_CLOSED;
    if (aq_guest_open(vm, AQ_METHOD_PORTS, deadline, &guest, err) < 0) {
        aq_guest_add_console(vm, err);
        return -1;
    }
    aq_result_set_text(call->result, "METHOD", aq_channel_name(guest.channel));
    aq_vm_ssh_learn(vm, run, guest.channel);
    return 0;
}

/* A server whose host key is known is spoken to; that it does not let our key in is no matter. Of another it
   is only seen that it is one. */
static int meet_server(const struct aq_ssh_target *target, bool known, aq_deadline deadline,
                       struct aq_call *call, struct aq_error *err)
{
    struct aq_error own = {0};
    if (!known) {
        aq_autoclose int connection = aq_ssh_dial(&target->address, deadline, err);
        return connection < 0 ? -1 : 0;
    }
    aq_autochannel struct aq_channel *channel = aq_channel_open_ssh(target);
    if (aq_channel_ready(channel, deadline, &own) == 0)
        aq_result_set_text(call->result, "METHOD", aq_channel_name(channel));
    else if (own.code != AQ_E_SSH_KEY_REFUSED)
        return aq_fail(err, own.code, "%s", own.text);
    return 0;
}

/* Asks its network once: what it says in a word. */
static int ask_port(const struct aq_run *run, uint16_t port, struct aq_strings *words, struct aq_error *err)
{
    aq_deadline deadline = aq_after_ms(COMPANION_MS);
    aq_autodisconnect struct aq_qemu_connection companion = AQ_QEMU_UNCONNECTED;
    return aq_companion_connect(run, deadline, &companion, err) < 0
               ? -1
               : aq_companion_call(companion.fd, -1, words, deadline, err, "ask %u", port);
}

/* Asks until something listens there. */
static int wait_port(const struct aq_vm *vm, const struct aq_run *run, uint16_t port, aq_deadline deadline,
                     struct aq_error *err)
{
    bool closed;
    if (!aq_network_has_gateway(vm))
        return aq_fail(err, AQ_E_NOT_SUPPORTED,
                       "the VM %s has no network through which its port could be asked", vm->name);
    do {
        aq_autostrings struct aq_strings words = {0};
        if (ask_port(run, port, &words, err) < 0)
            return -1;
        if (aq_strings_has(&words, "open"))
            return 0;
        closed = aq_strings_has(&words, "closed");
        if (closed && aq_sleep_until(aq_after_ms(ASK_EVERY_MS), err) < 0)
            return -1;
    } while (aq_ms_left(deadline) > 0);
    aq_fail(err, AQ_E_TIMEOUT, "nothing in the guest of VM %s listens on its TCP port %u: %s", vm->name, port,
            closed ? "its system says so" : "its network does not answer");
    aq_guest_add_console(vm, err);
    return -1;
}

static int wait_network(const struct aq_vm *vm, const struct aq_run *run, aq_deadline deadline,
                        struct aq_error *err)
{
    const char *why = NULL;
    if (!aq_network_has_gateway(vm))
        return aq_fail(err, AQ_E_NOT_SUPPORTED, "the VM %s has no network that could come up", vm->name);
    int up = aq_network_wait_up(run, deadline, &why, err);
    if (up != 0)
        return up > 0 ? 0 : -1;
    aq_fail(err, AQ_E_TIMEOUT, "the network of the guest of VM %s is not up: %s", vm->name, why);
    aq_guest_add_console(vm, err);
    return -1;
}

static int wait_ssh(const struct aq_vm *vm, const struct aq_run *run, aq_deadline deadline,
                    struct aq_call *call, struct aq_error *err)
{
    aq_cleanup(aq_vm_ssh_target_free) struct aq_ssh_target target = {0};
    if (aq_vm_ssh_target(vm, run, &target, err) < 0)
        return -1;
    target.address.booting = true; /* until the time is over */
    if (meet_server(&target, aq_vm_ssh_is_known(vm), deadline, call, err) == 0)
        return 0;
    aq_guest_add_console(vm, err);
    return -1;
}

/* The number in "port:8080"; 0 for another goal, -1 for what is none. */
static int port_of(const char *goal, struct aq_error *err)
{
    unsigned port;
    int end = 0;
    if (aq_word_in("agent ssh network stopped", goal))
        return 0;
    if (sscanf(goal, "port:%5u%n", &port, &end) == 1 && goal[end] == '\0' && port >= 1 && port <= UINT16_MAX)
        return (int)port;
    return aq_fail(err, AQ_E_VALUE_INVALID,
                   "a VM is waited for until it is one of agent, ssh, network, stopped and port:NUMBER, "
                   "not \"%s\"",
                   goal);
}

static int wait_running(struct aq_call *call, const struct aq_vm *vm, struct aq_run *run, int port,
                        aq_deadline deadline, struct aq_error *err)
{
    if (aq_run_need(vm, run, err) < 0 || aq_run_need_awake(vm, run, err) < 0)
        return -1;
    if (port > 0)
        return wait_port(vm, run, (uint16_t)port, deadline, err);
    if (strcasecmp(aq_arg_text(call, "for"), "ssh") == 0)
        return wait_ssh(vm, run, deadline, call, err);
    if (strcasecmp(aq_arg_text(call, "for"), "network") == 0)
        return wait_network(vm, run, deadline, err);
    return wait_agent(vm, run, deadline, call, err);
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_deadline deadline = aq_after_ms(aq_arg_number(call, "timeout"));
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    aq_deadline start = aq_now();
    bool stopped = strcasecmp(aq_arg_text(call, "for"), "stopped") == 0;
    int port = port_of(aq_arg_text(call, "for"), err);
    if (port < 0 || aq_vm_load(aq_arg_text(call, "name"), &vm, err) < 0)
        return -1;
    if (stopped ? wait_stopped(&vm, deadline, err) < 0
                : wait_running(call, &vm, &run, port, deadline, err) < 0)
        return -1;
    aq_result_set_int(call->result, "WAITED", (aq_now() - start) / 1000000);
    aq_result_say(call->result, stopped ? "%s is stopped" : "%s is ready", vm.name);
    return aq_set_vm_fields(call->result, &vm, stopped ? NULL : &run, err);
}
