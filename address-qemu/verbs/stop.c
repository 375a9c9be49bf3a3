/* SPDX-License-Identifier: MIT */
#include "verbs/vm_fields.h"
#include "vm/restart.h"

static int run(struct aq_call *call, struct aq_error *err);
static int run_if_running(struct aq_call *call, struct aq_error *err);
static int run_restart(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM,
    {"force", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "pull the plug instead of asking the guest"},
    {"timeout", AQ_TYPE_DURATION, .fallback = "60",
     .meaning = "how long the guest has to power off; then the plug is pulled"},
    {NULL},
};

static const struct aq_param params_of_run[] = {
    AQ_PARAM_VM,
    {"force", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "pull the plug instead of asking the guest"},
    {"timeout", AQ_TYPE_DURATION, .fallback = "60",
     .meaning = "how long the guest has to power off; then the plug is pulled"},
    {"run", AQ_TYPE_TEXT,
     .meaning =
         "only this run of it, PROCESS:START as the monitor has it; VM_NOT_RUNNING when it is another"},
    {NULL},
};

static const struct aq_field sets[] = {
    AQ_VM_FIELDS, {"FORCED", "1 when the guest did not power off by itself"}, {NULL}};

const struct aq_verb aq_verb_stop = {
    .name = "stop",
    .group = "VMs",
    .summary = "Stop a running VM",
    .details = "The guest is asked to power off, by what listens in it and by its power button; when it has "
               "not done so "
               "within `timeout`, QEMU is ended, and `QEMU_FORCED` is 1.",
    .params = params_of_run,
    .sets = sets,
    .example = "stop name=web timeout=30",
    .run = run,
};

static const struct aq_field sets_if_running[] = {
    AQ_VM_FIELDS,
    {"FORCED", "1 when the guest did not power off by itself"},
    {"SKIPPED", "1 when it was stopped already"},
    {NULL},
};

const struct aq_verb aq_verb_stop_if_running = {
    .name = "stop_if_running",
    .group = "VMs",
    .summary = "Stop a VM unless it is stopped already",
    .params = params,
    .sets = sets_if_running,
    .example = "stop_if_running name=web",
    .run = run_if_running,
};

static const struct aq_field sets_restart[] = {
    AQ_VM_FIELDS,
    AQ_PORT_FIELDS,
    {"FORCED", "1 when the guest did not power off by itself"},
    {NULL},
};

const struct aq_verb aq_verb_restart = {
    .name = "restart",
    .group = "VMs",
    .summary = "Stop a VM and start it anew",
    .details = "A stopped VM is started. Ports of the host that were chosen for it may be others afterwards.",
    .params = params_of_run,
    .sets = sets_restart,
    .example = "restart name=web timeout=30",
    .run = run_restart,
};

/* 1 it is to be that run and no other, 0 whichever there is, -1 VALUE_INVALID. */
static int get_run(const struct aq_call *call, struct aq_process_id *only, struct aq_error *err)
{
    const char *text = aq_arg_text(call, "run");
    if (text == NULL)
        return 0;
    if (!aq_run_of_text(text, only))
        return aq_fail(err, AQ_E_VALUE_INVALID, "run=%.80s is not PROCESS:START", text);
    if (aq_arg_bool(call, "force"))
        return aq_fail(err, AQ_E_VALUE_INVALID, "run= and force=true do not go together");
    return 1;
}

static void tell_stop(struct aq_call *call, const struct aq_vm *vm, enum aq_stop how)
{
    aq_result_set_bool(call->result, "FORCED", how == AQ_STOP_FORCED);
    if (how == AQ_STOP_CLEAN)
        aq_result_say(call->result, "stopped %s", vm->name);
    else if (aq_arg_bool(call, "force"))
        aq_result_say(call->result, "stopped %s by force", vm->name);
    else
        aq_result_say(call->result, "stopped %s by force: the guest did not power off within the timeout",
                      vm->name);
}

static int stop(struct aq_call *call, const struct aq_vm *vm, struct aq_error *err)
{
    enum aq_stop how = AQ_STOP_CLEAN;
    enum aq_stop wish = aq_arg_bool(call, "force") ? AQ_STOP_FORCED : AQ_STOP_CLEAN;
    if (aq_vm_stop(vm, wish, aq_arg_number(call, "timeout"), &how, err) < 0)
        return -1;
    tell_stop(call, vm, how);
    return 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_process_id only;
    enum aq_stop how = AQ_STOP_CLEAN;
    int one = get_run(call, &only, err);
    if (one < 0 || aq_vm_load(aq_arg_text(call, "name"), &vm, err) < 0)
        return -1;
    if (one == 0 && stop(call, &vm, err) < 0)
        return -1;
    if (one > 0) {
        if (aq_vm_stop_run(&vm, &only, aq_arg_number(call, "timeout"), &how, err) < 0)
            return -1;
        tell_stop(call, &vm, how);
    }
    return aq_set_vm_fields(call->result, &vm, NULL, err);
}

static int run_if_running(struct aq_call *call, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_error reason = {0};
    if (aq_vm_load(aq_arg_text(call, "name"), &vm, err) < 0)
        return -1;
    bool skipped = stop(call, &vm, &reason) < 0;
    if (skipped && reason.code != AQ_E_VM_NOT_RUNNING)
        return aq_fail(err, reason.code, "%s", reason.text);
    aq_result_set_bool(call->result, "SKIPPED", skipped);
    if (skipped)
        aq_result_say(call->result, "%s is stopped already", vm.name);
    return aq_set_vm_fields(call->result, &vm, NULL, err);
}

/* *was_stopped: there was nothing to stop. */
static int restart(struct aq_call *call, const struct aq_vm *vm, struct aq_run *run, bool *was_stopped,
                   struct aq_error *err)
{
    struct aq_error reason = {0};
    if (stop(call, vm, &reason) < 0 && reason.code != AQ_E_VM_NOT_RUNNING)
        return aq_fail(err, reason.code, "%s", reason.text);
    *was_stopped = reason.code != AQ_OK;
    return aq_vm_start(vm, run, err);
}

static int restart_run(struct aq_call *call, const struct aq_vm *vm, const struct aq_process_id *only,
                       struct aq_run *run, struct aq_error *err)
{
    enum aq_stop how;
    if (aq_vm_restart_run(vm, only, aq_arg_number(call, "timeout"), &how, run, err) < 0)
        return -1;
    tell_stop(call, vm, how);
    return 0;
}

static int run_restart(struct aq_call *call, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    struct aq_process_id only;
    bool was_stopped = false;
    int one = get_run(call, &only, err);
    if (one < 0 || aq_vm_load(aq_arg_text(call, "name"), &vm, err) < 0)
        return -1;
    if ((one > 0 ? restart_run(call, &vm, &only, &run, err) : restart(call, &vm, &run, &was_stopped, err)) <
        0)
        return -1;
    aq_set_port_rows(call->result, &run);
    aq_result_say(call->result, "%s %s (process %d, %s)", was_stopped ? "was stopped; started" : "restarted",
                  vm.name, run.process.pid, aq_accel_name(run.accel));
    return aq_set_vm_fields(call->result, &vm, &run, err);
}
