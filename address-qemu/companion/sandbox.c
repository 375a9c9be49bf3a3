/* SPDX-License-Identifier: MIT */
#include "companion/sandbox.h"

#include <malloc.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum {
    DESCRIPTORS = 256,
    MEMORY_MIB = 128, /* beyond what any guest can make it need: what comes next ends it */
    FILE_MIB = 16,    /* beyond what its logs grow to */
    MAPPED = 64 << 10 /* bytes: libslirp's buffers, 128 KiB each, go back to the host with their connection */
};

static bool limit(int resource, rlim_t most)
{
    const struct rlimit value = {most, most};
    return setrlimit(resource, &value) == 0;
}

bool aq_sandbox_limit(void)
{
    mallopt(M_MMAP_THRESHOLD, MAPPED);
#ifndef AQ_SANITIZED /* whose shadow memory is counted, too */
    if (!limit(RLIMIT_DATA, (rlim_t)MEMORY_MIB << 20))
        return false;
#endif
    return limit(RLIMIT_NOFILE, DESCRIPTORS) && limit(RLIMIT_CORE, 0) &&
           limit(RLIMIT_FSIZE, (rlim_t)FILE_MIB << 20);
}

bool aq_sandbox_enter(struct aq_sandbox_report *report)
{
    *report = (struct aq_sandbox_report){"not tried", "not tried", "not tried"};
    if (!aq_sandbox_limit()) {
        snprintf(report->seccomp, sizeof report->seccomp, "its limits cannot be set");
        return false;
    }
    aq_sandbox_separate(report->namespaces);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
        snprintf(report->seccomp, sizeof report->seccomp, "no_new_privs cannot be set");
        return false;
    }
    aq_sandbox_landlock(report->landlock);
    return aq_sandbox_seccomp(report->seccomp);
}
