/* SPDX-License-Identifier: MIT */
/* What the verbs say of a template, in one place so that they say it the same way. */
#ifndef AQ_VERBS_TEMPLATE_FIELDS_H
#define AQ_VERBS_TEMPLATE_FIELDS_H

#include "command/verb.h"
#include "vm/template.h"

#define AQ_PARAM_TEMPLATE                                                                                    \
    {                                                                                                        \
        "name", AQ_TYPE_NAME, .required = true, .positional = true, .aliases = "template",                   \
                              .meaning = "the template"                                                      \
    }

/* "ready", "stale" or "changed", and why (NULL: not wanted). */
const char *aq_template_status(const struct aq_template *template, struct aq_error *why);

int aq_set_template_fields(aq_result *result, const struct aq_template *template, struct aq_error *err);

/* Their meanings, for the `sets` of a descriptor. */
#define AQ_TEMPLATE_FIELDS                                                                                   \
    {"TEMPLATE", "the template's name"}, {"NAME", "the same"},                                               \
        {"BASED_ON", "the base that its disk stems from"},                                                   \
        {"FROM_VM", "the VM that it was taken from; empty when it was booted to be one"},                    \
        {"WARM", "the command that was run in it before it was frozen"}, {"MEMORY", "its RAM in MiB"},       \
        {"CPUS", "its virtual CPUs"}, {"ACCEL", "`kvm` or `tcg`: it fits no other"},                         \
        {"QEMU", "the version of QEMU that it fits"}, {"MACHINE", "the board"}, {"CPU", "the CPU model"},    \
        {"WINDOW",                                                                                           \
         "`closed`: no program of a clone runs before the clone has random numbers of its own; `open` when " \
         "the guest could not be frozen (see [templates](templates.md))"},                                   \
        {"WINDOW_REASON", "why it is open"}, {"SETTLED", "1 if the guest was at rest when it was frozen"},   \
        {"PROVISIONED", "1 if a script was run in it: it may hold secrets"}, {"CREATED", "when (UTC)"},      \
        {"RAM_BYTES", "what its memory takes on the host"}, {"DISK_BYTES", "what its disk takes there"},     \
    {                                                                                                        \
        "STATUS", "`ready`, `stale` (made by another QEMU, board, CPU or accelerator, or with other "        \
                  "devices) or `changed` (one of its files, or what it stands on, is not what it was)"       \
    }

#endif
