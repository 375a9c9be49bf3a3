/* SPDX-License-Identifier: MIT */
/* What several verbs say of a base, in one place so that they say it the same way. */
#ifndef AQ_VERBS_BASE_FIELDS_H
#define AQ_VERBS_BASE_FIELDS_H

#include "command/verb.h"
#include "image/base.h"

/* NAME, DISK, FORMAT, VIRTUAL_SIZE, MEMORY, CPUS, OS, CREATED, STATUS, REXXJS_INSTALLED, COPY and, where
   there are such, LAYER, KERNEL, SOURCE and SHA256. */
void aq_set_base_fields(aq_result *result, const struct aq_base *base);

/* Settings of a base that whoever registers one may give. */
#define AQ_BASE_PARAMS                                                                                       \
    {"memory",                                                                                               \
     AQ_TYPE_SIZE,                                                                                           \
     .fallback = "2G",                                                                                       \
     .min = 16 << 20,                                                                                        \
     .max = INT64_C(4096) << 30,                                                                             \
     .meaning = "the RAM of clones that do not say"},                                                        \
        {"cpus",   AQ_TYPE_COUNT, .fallback = "2",                                                           \
         .min = 1, .max = 255,    .meaning = "the virtual CPUs of clones that do not say"},                  \
        {"rexxjs_installed", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "it has a REXX of its own"},   \
        {"os", AQ_TYPE_TEXT, .meaning = "what it holds, for humans"},                                        \
    {                                                                                                        \
        "replace", AQ_TYPE_BOOLEAN, .fallback = "false",                                                     \
                                    .meaning = "a base of that name gives way, if no VM depends on its disk" \
    }

/* Those of a call, as a request; the caller adds the rest. */
struct aq_base_request aq_base_request_of(const struct aq_call *call);

/* A name that is taken, by a base that cannot give way, is told before long work rather than after it;
   registering judges again. BASE_EXISTS, BASE_IN_USE. */
int aq_base_name_check(const struct aq_call *call, struct aq_error *err);

/* Their meanings, for the `sets` of a descriptor. */
#define AQ_BASE_FIELDS                                                                                       \
    {"NAME", "the base's name"}, {"DISK", "the absolute path of its disk"}, {"FORMAT", "`qcow2`"},           \
        {"VIRTUAL_SIZE", "the size of its disk as a guest sees it, in bytes"},                               \
        {"MEMORY", "the RAM in MiB of clones that do not say"},                                              \
        {"CPUS", "the virtual CPUs of clones that do not say"}, {"OS", "what it was said to hold"},          \
        {"CREATED", "when it was registered (RFC 3339, UTC)"},                                               \
        {"STATUS", "`ready`, `changed` (the disk is not what was registered) or `missing`"},                 \
        {"REXXJS_INSTALLED", "1 when it was said to have a REXX of its own"},                                \
        {"COPY", "1 when the disk is the store's own"},                                                      \
        {"LAYER", "the id of the layer that is its disk, when that is one"},                                 \
        {"KERNEL", "the kernel that it brings along, where there is one, for VMs to start with"},            \
        {"SOURCE", "what the store's own disk was copied from"},                                             \
    {                                                                                                        \
        "SHA256", "the disk's digest, when it was asked for"                                                 \
    }

#endif
