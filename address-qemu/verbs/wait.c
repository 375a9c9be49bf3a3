/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verbs/vm_fields.h"
#include "vm/guest.h"
#include "vm/ssh.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM,
    {"for", AQ_TYPE_CHOICE, .choices = "agent|ssh|stopped", .fallback = "agent",
     .meaning = "`agent`: commands can be run in it (by our helper or its agent); `ssh`: its SSH server "
                "answers, with the "
                "host key that is pinned, if one is; "
                "`stopped`: it has ended"},
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

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *what = aq_arg_text(call, "for");
    aq_deadline deadline = aq_after_ms(aq_arg_number(call, "timeout"));
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    aq_deadline start = aq_now();
    if (aq_vm_load(aq_arg_text(call, "name"), &vm, err) < 0)
        return -1;
    bool stopped = strcmp(what, "stopped") == 0;
    if (stopped ? wait_stopped(&vm, deadline, err) < 0
                : (aq_run_need(&vm, &run, err) < 0 || aq_run_need_awake(&vm, &run, err) < 0))
        return -1;
    if (!stopped && (strcmp(what, "ssh") == 0 ? wait_ssh(&vm, &run, deadline, call, err)
                                              : wait_agent(&vm, &run, deadline, call, err)) < 0)
        return -1;
    aq_result_set_int(call->result, "WAITED", (aq_now() - start) / 1000000);
    aq_result_say(call->result, stopped ? "%s is stopped" : "%s is ready", vm.name);
    return aq_set_vm_fields(call->result, &vm, stopped ? NULL : &run, err);
}
