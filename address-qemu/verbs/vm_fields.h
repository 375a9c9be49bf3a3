/* SPDX-License-Identifier: MIT */
/* What several verbs say of a VM, in one place so that they say it the same way. */
#ifndef AQ_VERBS_VM_FIELDS_H
#define AQ_VERBS_VM_FIELDS_H

#include "command/verb.h"
#include "vm/run.h"
#include "vm/vm.h"

/* The parameter that names a VM: `name=`, and `vm=` as the original also had it. */
#define AQ_PARAM_VM                                                                                          \
    {                                                                                                        \
        "name", AQ_TYPE_NAME, .required = true, .positional = true, .aliases = "vm", .meaning = "the VM"     \
    }

/* The same for the verbs that called it vm. */
#define AQ_PARAM_VM_FIRST                                                                                    \
    {                                                                                                        \
        "vm", AQ_TYPE_NAME, .required = true, .aliases = "name", .meaning = "the VM"                         \
    }

/* How long to wait for a guest that is still booting. */
#define AQ_PARAM_READY_TIMEOUT                                                                               \
    {                                                                                                        \
        "ready_timeout", AQ_TYPE_DURATION,                                                                   \
            .meaning = "how long to wait for the guest to answer; unless given, the first three minutes of " \
                       "its life, and 6 seconds after that"                                                  \
    }

/* VM, NAME, STATUS, DISK, BASED_ON, MEMORY, CPUS and, when it runs (`run` not NULL), PID, ACCEL, BOOT,
 * SSH_PORT. */
int aq_set_vm_fields(aq_result *result, const struct aq_vm *vm, const struct aq_run *run,
                     struct aq_error *err);

/* Their meanings, for the `sets` of a descriptor. */
#define AQ_VM_FIELDS                                                                                         \
    {"VM", "the VM's name"}, {"NAME", "the same"}, {"STATUS", "`running`, `paused`, `stopped` or `saved`"},  \
        {"DISK", "the path of its disk on the host"}, {"BASED_ON", "the base it was cloned from"},           \
        {"LAYER", "the id of the layer that its disk stands on, when that is one"},                          \
        {"MEMORY", "its RAM in MiB"}, {"CPUS", "its virtual CPUs"}, {"PID", "QEMU's process, when it runs"}, \
        {"ACCEL", "`kvm` or `tcg`, when it runs"},                                                           \
        {"BOOT", "what its run began with: `kernel`, its base's; `disk`, what is on it; `state`, one to go " \
                 "on from"},                                                                                 \
    {                                                                                                        \
        "SSH_PORT", "the port of 127.0.0.1 that leads to its SSH server, when it runs"                       \
    }

/* The table PORTS: PROTOCOL, ADDRESS, HOST, GUEST; and INGRESS_PORT, the first that is not SSH's. */
void aq_set_port_rows(aq_result *result, const struct aq_run *run);
#define AQ_PORT_FIELDS                                                                                       \
    {"INGRESS_PORT", "the host's port that leads to the first forwarded port of the guest"},                 \
    {                                                                                                        \
        "PORTS.n.HOST", "a port of the host that leads into the guest; also `PROTOCOL`, `ADDRESS`, `GUEST`"  \
    }

/* Sizes for humans in MiB as the records keep them. */
const char *aq_mib_text(unsigned mib, char *text);

/* METHOD: how a guest was entered; METHOD_REASON, and a word in the sentence for a human: why by SSH or the
   console, when that was not asked for. */
struct aq_guest;
void aq_set_method(aq_result *result, const struct aq_guest *guest);
void aq_say_method(aq_result *result, const struct aq_guest *guest);
#define AQ_METHOD_FIELDS                                                                                     \
    {"METHOD", "`helper`, `agent`, `ssh` or `serial`: how the guest was entered"},                           \
    {                                                                                                        \
        "METHOD_REASON", "why `auto` has come down to SSH or the console"                                    \
    }

/* The parameter `method`. */
#define AQ_PARAM_METHOD                                                                                      \
    {                                                                                                        \
        "method", AQ_TYPE_CHOICE, .choices = AQ_METHOD_CHOICES, .fallback = "auto",                          \
                                  .meaning = AQ_METHOD_MEANING                                               \
    }

/* Until when: ready_timeout where it was given, else as long as the guest deserves. */
int64_t aq_ready_deadline(const struct aq_call *call, const struct aq_run *run);

#endif
