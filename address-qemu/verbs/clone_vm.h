/* SPDX-License-Identifier: MIT */
/* Making a VM and starting it, from a template where there is one: for the verbs that make VMs. */
#ifndef AQ_VERBS_CLONE_VM_H
#define AQ_VERBS_CLONE_VM_H

#include "command/verb.h"
#include "vm/run.h"
#include "vm/vm.h"

#define AQ_NO_TEMPLATE "no"

/* Which template: of that name, or "no" for none; NULL: one that fits, if there is one. */
#define AQ_PARAM_TEMPLATE_CHOICE                                                                             \
    {                                                                                                        \
        "template", AQ_TYPE_NAME,                                                                            \
            .meaning = "the template to make it of; `no` boots the base in any case; unless given, a "       \
                       "template of the base is taken if one fits"                                           \
    }

/* What was made, and how. */
struct aq_cloned {
    struct aq_vm vm;
    struct aq_run run;
    bool started;     /* by a template; otherwise it is still to be started */
    bool pooled;      /* it was ready in a pool */
    char reason[256]; /* why it was no template */
};

void aq_cloned_free(struct aq_cloned *cloned);
#define aq_autocloned aq_cleanup(aq_cloned_free)

/* Makes the VM, of a template and running, or cold and not started yet. What aq_template_clone and
   aq_vm_clone fail with; a template that was not asked for by name and fails is passed over. Sets CLONE_MODE
   and CLONE_REASON, and TEMPLATE. */
int aq_clone_vm(struct aq_call *call, const struct aq_clone_request *request, const char *template,
                struct aq_cloned *cloned, struct aq_error *err);

/* Their meanings, for the `sets` of a descriptor. */
#define AQ_CLONE_FIELDS                                                                                      \
    {"CLONE_MODE",                                                                                           \
     "`template` when it goes on from one, `pool` when one was ready, `cold` when it was booted"},           \
        {"CLONE_REASON", "why it is cold"},                                                                  \
    {                                                                                                        \
        "TEMPLATE", "the template that it was made of"                                                       \
    }

#endif
