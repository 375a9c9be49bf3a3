/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guest/deploy.h"
#include "guest/runner_path.h"
#include "util/files.h"
#include "verbs/call_guest.h"
#include "verbs/vm_fields.h"
#include "vm/guest_runner.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_PARAM_VM_FIRST,
    {"rexx_binary", AQ_TYPE_PATH, .aliases = "binary",
     .meaning = "a REXX interpreter on the host, fit to run in the guest; ours unless given"},
    {"target", AQ_TYPE_GUEST_PATH, .fallback = "/usr/local/bin/rexx", .meaning = "where to in the guest"},
    {"timeout", AQ_TYPE_DURATION, .fallback = "10m", .meaning = "how long it may take"},
    AQ_PARAM_METHOD,
    AQ_PARAM_READY_TIMEOUT,
    {NULL},
};

static const struct aq_field sets[] = {
    {"VM", "the VM's name"},
    AQ_METHOD_FIELDS,
    {"BINARY", "the program's path on the host"},
    {"TARGET", "where it is in the guest"},
    {NULL},
};

const struct aq_verb aq_verb_deploy_rexx = {
    .name = "deploy_rexx",
    .group = "Guests",
    .summary = "Put a REXX interpreter into a guest",
    .details =
        "Ours is one static file, `rexx-guest`, which is also our helper in the guest; unless this very "
        "version is there it is brought, and `target` becomes a link to it. A program of your own "
        "(`rexx_binary`) is copied to `target`. Either has to run a line of REXX in the guest before it "
        "takes the place of what may be there. `execute_rexx` and `provision` bring ours by themselves.",
    .params = params,
    .sets = sets,
    .example = "deploy_rexx vm=web",
    .run = run,
};

static int check_target(const char *target, struct aq_error *err)
{
    if (target[strlen(target) - 1] != '/')
        return 0;
    return aq_fail(err, AQ_E_VALUE_INVALID,
                   "target of deploy_rexx has to be the program's own name, not a folder: %srexx?", target);
}

static int deploy_own(struct aq_call *call, struct aq_call_guest *guest,
                      const struct aq_guest_deployment *deployment, struct aq_error *err)
{
    struct aq_guest_runner runner = {0};
    aq_autofree char *local = aq_guest_runner_path(err);
    if (local == NULL || aq_guest_need_runner(&guest->vm, strcmp(aq_arg_text(call, "method"), "auto") != 0,
                                              &guest->guest, &runner, err) < 0)
        return -1;
    aq_set_method(call->result, &guest->guest);
    aq_result_set_text(call->result, "BINARY", local);
    struct aq_guest_deployment link = *deployment;
    link.link = runner.path;
    if (strcmp(link.target, runner.path) == 0)
        return 0;
    return aq_guest_deploy(guest->guest.channel, &link, err);
}

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *binary = aq_arg_text(call, "rexx_binary");
    const char *target = aq_arg_text(call, "target");
    aq_autoclose int file = binary != NULL ? aq_open_input(binary, err) : -1;
    aq_autocallguest struct aq_call_guest guest = AQ_CALL_GUEST_NONE;
    if ((binary != NULL && file < 0) || check_target(target, err) < 0 ||
        aq_call_guest_open(call, &guest, err) < 0)
        return -1;
    struct aq_guest_deployment deployment = {
        .target = target, .fd = file, .deadline = aq_after_ms(aq_arg_number(call, "timeout"))};
    if (binary == NULL) {
        if (deploy_own(call, &guest, &deployment, err) < 0)
            return -1;
    } else {
        aq_result_set_text(call->result, "BINARY", binary);
        if (aq_guest_deploy(guest.guest.channel, &deployment, err) < 0)
            return -1;
    }
    aq_result_set_text(call->result, "TARGET", target);
    aq_result_say(call->result, "%s of the guest of VM %s runs REXX", target, guest.vm.name);
    return 0;
}
