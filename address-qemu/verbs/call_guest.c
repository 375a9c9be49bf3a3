/* SPDX-License-Identifier: MIT */
#include "verbs/call_guest.h"

#include "verbs/vm_fields.h"

int aq_call_guest_find(struct aq_call *call, struct aq_call_guest *guest, struct aq_error *err)
{
    if (aq_vm_load(aq_arg_text(call, "vm"), &guest->vm, err) < 0 ||
        aq_run_need(&guest->vm, &guest->run, err) < 0 || aq_run_need_awake(&guest->vm, &guest->run, err) < 0)
        return -1;
    aq_result_set_text(call->result, "VM", guest->vm.name);
    return 0;
}

int aq_call_guest_open(struct aq_call *call, struct aq_call_guest *guest, struct aq_error *err)
{
    if (guest->vm.name == NULL && aq_call_guest_find(call, guest, err) < 0)
        return -1;
    enum aq_method method = aq_param_find(call->verb, "method") != NULL
                                ? aq_method_of(aq_arg_text(call, "method"))
                                : AQ_METHOD_AUTO;
    if (aq_guest_open(&guest->vm, method, aq_ready_deadline(call, &guest->run), &guest->guest, err) < 0)
        return -1;
    aq_set_method(call->result, &guest->guest);
    return 0;
}

void aq_call_guest_close(struct aq_call_guest *guest)
{
    aq_guest_close(&guest->guest);
    aq_vm_free(&guest->vm);
}
