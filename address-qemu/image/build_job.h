/* SPDX-License-Identifier: MIT */
/* One build under way: where it works, and how it runs tools. For build_*.c only. */
#ifndef AQ_IMAGE_BUILD_JOB_H
#define AQ_IMAGE_BUILD_JOB_H

#include <stdbool.h>

#include "image/build.h"
#include "util/process.h"

/* Names in the work folder. Tools run in it, so that they get plain relative names. */
#define AQ_JOB_ROOT "root"     /* the root file system, as a tree */
#define AQ_JOB_OWNERS "owners" /* fakeroot's note of who owns what in the tree */
#define AQ_JOB_KERNEL "vmlinuz"
#define AQ_JOB_INITRD "initrd"
#define AQ_JOB_DISK "disk.raw"
#define AQ_JOB_SYSLINUX "syslinux.cfg"
#define AQ_JOB_PACKAGE "package.tar" /* a package's contents on their way into the tree */

/* How long a tool may run, or another build may be waited for: not to be met, so that nothing hangs for ever.
 */
#define AQ_JOB_LIMIT_MS (60 * 60 * 1000)

struct aq_build_job {
    const struct aq_build *build;
    int work; /* the work folder */
    int root; /* the tree */
    bool superuser;
    const char *temporary; /* where tools make temporary files; NULL: where they always do */
};

void aq_job_say(const struct aq_build_job *job, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Runs a tool to its end in the work folder. A failure is TOOL_FAILED with its last lines, or NO_SPACE when
   that is what they say; TIMEOUT when it does not end. `output_fd` > 0 takes its standard output; `result`
   may be NULL. */
int aq_job_run(const struct aq_build_job *job, const char *const *argv, int output_fd,
               struct aq_process_result *result, struct aq_error *err);

/* aq_job_run for an argv that is written where it is run. */
#define aq_job_tool(job, err, ...) aq_job_run(job, (const char *const[]){__VA_ARGS__, NULL}, 0, NULL, err)

/* The two kinds: fill the tree, and put the kernel into the work folder as AQ_JOB_KERNEL. */
int aq_build_micro(struct aq_build_job *job, struct aq_error *err);
int aq_build_debian(struct aq_build_job *job, struct aq_error *err);

#endif
