/* SPDX-License-Identifier: MIT */
/*
 * What may be done here: rules in `/etc/address-qemu/policy.yaml`, which whoever runs the host writes, and in
 * `$XDG_CONFIG_HOME/address-qemu/policy.yaml`, which a user writes for himself. Each file is held against on
 * its own, so the second can only tighten what the first allows. Without files everything is allowed.
 *
 * They are read at each question: a change counts from the next command on. A file that cannot be read or
 * understood allows nothing.
 */
#ifndef AQ_POLICY_POLICY_H
#define AQ_POLICY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/memory.h"

enum aq_policy_rule {
    AQ_POLICY_MAX_VMS,           /* in the store */
    AQ_POLICY_MAX_MEMORY,        /* bytes, of all that run */
    AQ_POLICY_MAX_CPUS,          /* of all that run */
    AQ_POLICY_MAX_MEMORY_PER_VM, /* bytes */
    AQ_POLICY_MAX_CPUS_PER_VM,
    AQ_POLICY_DISK_FOLDERS,   /* where disks and discs may come from: folders, or beginnings of URLs */
    AQ_POLICY_SCRIPT_FOLDERS, /* the same for scripts and specs */
    AQ_POLICY_BASES,          /* patterns */
    AQ_POLICY_NETWORKS,       /* patterns */
    AQ_POLICY_RULES
};
#define AQ_POLICY_NUMBERS AQ_POLICY_DISK_FOLDERS /* those before it are numbers, the others lists */

/* STRICT: what no rule allows is refused. PERMISSIVE: what a rule refuses is done, and noted. */
enum aq_policy_mode { AQ_POLICY_STRICT, AQ_POLICY_MODERATE, AQ_POLICY_PERMISSIVE };

/* A rule as it was written. */
struct aq_policy_value {
    unsigned line;   /* 0: it was not */
    uint64_t number; /* of a number */
    struct aq_strings items;
};

struct aq_policy_file {
    char *path;
    enum aq_policy_mode mode;
    unsigned mode_line; /* 1 when it was not written */
    bool audit_reads;   /* verbs that only look are in the audit log too */
    struct aq_policy_value values[AQ_POLICY_RULES];
};

/* All files that there are, the host's first. Zero-initialise; aq_policy_free at the end. */
struct aq_policy {
    struct aq_policy_file files[2];
    unsigned count;
};

/* POLICY_INVALID with file, line and reason; also for a file that others may write to. */
int aq_policy_load(struct aq_policy *policy, struct aq_error *err);
void aq_policy_free(struct aq_policy *policy);
#define aq_autopolicy aq_cleanup(aq_policy_free)

/* The host's file. Not const so that tests can have another; nothing else sets it. */
extern const char *aq_policy_host_file;

/* A rule's name, and whether its number counts bytes. */
const char *aq_policy_rule_name(enum aq_policy_rule rule);
bool aq_policy_rule_is_size(enum aq_policy_rule rule);
const char *aq_policy_mode_name(enum aq_policy_mode mode);

/* Is a limit set anywhere, so that it is worth while to count? */
bool aq_policy_limits(const struct aq_policy *policy, enum aq_policy_rule rule);

/* Each is 0 when it is allowed, or -1 with POLICY_REFUSED that names rule, file and line. `what` begins the
   message: "the VM web would have", "all VMs together would have". */
int aq_policy_number(const struct aq_policy *policy, enum aq_policy_rule rule, uint64_t wanted,
                     const char *what, struct aq_error *err);

/* For BASES and NETWORKS; `what` is "the base", "the network". */
int aq_policy_name(const struct aq_policy *policy, enum aq_policy_rule rule, const char *name,
                   const char *what, struct aq_error *err);

/* For FOLDERS: a file of the host by any path (links are resolved; one that is not there is left to whoever
   opens it), or a URL. */
int aq_policy_source(const struct aq_policy *policy, enum aq_policy_rule rule, const char *source,
                     struct aq_error *err);

/* What would have been refused but for `permissive`, since this was asked last on this thread: moved to the
   end of the list. */
void aq_policy_take_notes(struct aq_strings *to);

#endif
