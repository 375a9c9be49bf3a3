/* SPDX-License-Identifier: MIT */
/* What several verbs say of a base, in one place so that they say it the same way. */
#ifndef AQ_VERBS_BASE_FIELDS_H
#define AQ_VERBS_BASE_FIELDS_H

#include "command/verb.h"
#include "image/base.h"

/* NAME, DISK, FORMAT, VIRTUAL_SIZE, MEMORY, CPUS, OS, CREATED, STATUS, REXXJS_INSTALLED, COPY and, where
   there are such, SOURCE and SHA256. */
void aq_set_base_fields(aq_result *result, const struct aq_base *base);

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
        {"SOURCE", "what the store's own disk was copied from"},                                             \
    {                                                                                                        \
        "SHA256", "the disk's digest, when it was asked for"                                                 \
    }

#endif
