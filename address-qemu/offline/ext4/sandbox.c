/* SPDX-License-Identifier: MIT */
#include "offline/ext4/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* Far above what a file system of terabytes wants. */
#define MEMORY_MAX ((rlim_t)2 << 30)
#define CPU_GRACE 5 /* between the signal that says why and the one that is always minded */

static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(lseek),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(shutdown),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(time),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(getpid),
    SCMP_SYS(sched_yield),
};

static int allow(scmp_filter_ctx filter)
{
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) < 0)
            return -1;
    /* Memory, but none that code could be put into. */
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) < 0 ||
                   seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                                    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) < 0
               ? -1
               : 0;
}

/* What is damaged may lead its reader round in a circle. */
static int limit_cpu(rlim_t seconds)
{
    struct rlimit cpu;
    if (getrlimit(RLIMIT_CPU, &cpu) < 0)
        return -1;
    if (cpu.rlim_max > seconds + CPU_GRACE)
        cpu.rlim_max = seconds + CPU_GRACE;
    cpu.rlim_cur = cpu.rlim_max > seconds ? seconds : cpu.rlim_max > 1 ? cpu.rlim_max - 1 : 1;
    return setrlimit(RLIMIT_CPU, &cpu);
}

int aq_sandbox_enter(unsigned long cpu_seconds)
{
    const struct rlimit memory = {MEMORY_MAX, MEMORY_MAX}, none = {0, 0};
    if (prctl(PR_SET_DUMPABLE, 0) < 0 || setrlimit(RLIMIT_AS, &memory) < 0 || limit_cpu(cpu_seconds) < 0 ||
        setrlimit(RLIMIT_CORE, &none) < 0)
        return -1;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL || allow(filter) < 0 || seccomp_load(filter) < 0) {
        seccomp_release(filter);
        errno = EPERM;
        return -1;
    }
    seccomp_release(filter);
    return 0;
}
