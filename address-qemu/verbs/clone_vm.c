/* SPDX-License-Identifier: MIT */
#include "verbs/clone_vm.h"

#include <strings.h>

#include "vm/template_clone.h"

void aq_cloned_free(struct aq_cloned *cloned)
{
    aq_vm_free(&cloned->vm);
}

/* Failures that another way of starting would not mend, or that are about the VM and not about the template.
 */
static bool passes_over(enum aq_error_code code)
{
    switch (code) {
    case AQ_E_TEMPLATE_STALE:
    case AQ_E_TEMPLATE_CHANGED:
    case AQ_E_TEMPLATE_NOT_FOUND:
    case AQ_E_TEMPLATE_IN_USE:
    case AQ_E_CLONE_UNREPAIRED:
    case AQ_E_QEMU_FAILED:
    case AQ_E_QMP_FAILED:
    case AQ_E_LAYER_CHANGED:
    case AQ_E_LAYER_MISSING:
    case AQ_E_RECORD_INVALID:
        return true;
    default:
        return aq_error_rc(code) == AQ_RC_TIMEOUT;
    }
}

static void say_mode(struct aq_call *call, const struct aq_cloned *cloned)
{
    aq_result_set_text(call->result, "CLONE_MODE",
                       cloned->pooled    ? "pool"
                       : cloned->started ? "template"
                                         : "cold");
    if (cloned->started)
        aq_result_set_text(call->result, "TEMPLATE", cloned->vm.template);
    else
        aq_result_set_text(call->result, "CLONE_REASON", cloned->reason);
}

static int clone_template(struct aq_call *call, const char *name, const struct aq_clone_request *request,
                          struct aq_cloned *cloned, struct aq_error *err)
{
    if (aq_template_clone(name, request, &cloned->vm, &cloned->run, &cloned->pooled, err) < 0) {
        aq_vm_free(&cloned->vm);
        return -1;
    }
    cloned->started = true;
    say_mode(call, cloned);
    return 0;
}

/* 1 made of a template, 0 not, and why. */
static int try_template(struct aq_call *call, const struct aq_clone_request *request,
                        struct aq_cloned *cloned, struct aq_error *err)
{
    aq_autotemplate struct aq_template template = {0};
    struct aq_error failure = {0};
    int found = aq_template_find(request, &template, cloned->reason, err);
    if (found <= 0)
        return found;
    if (clone_template(call, template.name, request, cloned, &failure) == 0)
        return 1;
    if (!passes_over(failure.code))
        return aq_fail(err, failure.code, "%s", failure.text);
    snprintf(cloned->reason, sizeof cloned->reason, "%.*s", (int)sizeof cloned->reason - 1, failure.text);
    return 0;
}

int aq_clone_vm(struct aq_call *call, const struct aq_clone_request *request, const char *template,
                struct aq_cloned *cloned, struct aq_error *err)
{
    bool forbidden = template != NULL && strcasecmp(template, AQ_NO_TEMPLATE) == 0;
    if (template != NULL && !forbidden) {
        if (request->base != NULL && aq_template_check_wish(template, request, err) < 0)
            return -1;
        return clone_template(call, template, request, cloned, err);
    }
    if (forbidden)
        snprintf(cloned->reason, sizeof cloned->reason, "template=no");
    int made = forbidden ? 0 : try_template(call, request, cloned, err);
    if (made != 0)
        return made < 0 ? -1 : 0;
    if (aq_vm_clone(request, &cloned->vm, err) < 0) {
        aq_vm_free(&cloned->vm); /* there is none */
        return -1;
    }
    say_mode(call, cloned);
    return 0;
}
