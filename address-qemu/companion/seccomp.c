/* SPDX-License-Identifier: MIT */
#include "companion/sandbox.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* Allowed whatever their arguments are. There is none among them that opens a file, starts a program, waits
   for others to connect by a new address, or touches another process. */
static const int calls[] = {
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(connect),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(shutdown),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(close),
    SCMP_SYS(ftruncate),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(futex),
    SCMP_SYS(getpid),
#ifdef AQ_SANITIZED
    SCMP_SYS(sigaltstack),
    SCMP_SYS(gettid),
    SCMP_SYS(sched_yield),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(readlink),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(prctl),
#endif
};

/* Answered with ENOENT: libraries ask in passing for files that they can do without (libslirp 4.9.2 and later
   for /etc/resolv.conf, when a datagram comes in), which is no reason to end the guest's network. */
static const int absent[] = {
    SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(access),
};

/* An argument of a call that has to have that value under that mask. */
struct condition {
    int call;
    unsigned argument;
    uint64_t mask, value;
};

#define EXACTLY UINT64_MAX

/* Each line allows the call once more. */
static const struct condition conditions[] = {
    {SCMP_SYS(mmap), 2, PROT_EXEC, 0},       {SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
    {SCMP_SYS(ioctl), 1, EXACTLY, FIONREAD}, {SCMP_SYS(fcntl), 1, EXACTLY, F_GETFD},
    {SCMP_SYS(fcntl), 1, EXACTLY, F_SETFD},  {SCMP_SYS(fcntl), 1, EXACTLY, F_GETFL},
    {SCMP_SYS(fcntl), 1, EXACTLY, F_SETFL},  {SCMP_SYS(fcntl), 1, EXACTLY, F_OFD_SETLK},
};

enum { TYPE_MASK = 0xf }; /* without SOCK_CLOEXEC and SOCK_NONBLOCK */

/* Sockets of these families and types, of their own protocol or of ICMP. */
static int allow_sockets(scmp_filter_ctx filter)
{
    static const int families[] = {AF_INET, AF_INET6};
    static const struct {
        int type, protocol;
    } kinds[] = {{SOCK_STREAM, 0}, {SOCK_DGRAM, 0}, {SOCK_DGRAM, IPPROTO_ICMP}, {SOCK_DGRAM, IPPROTO_ICMPV6}};
    int failed = 0;
    for (size_t f = 0; f < sizeof families / sizeof *families; f++)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
            failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 3,
                                       SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[f]),
                                       SCMP_A1(SCMP_CMP_MASKED_EQ, TYPE_MASK, (scmp_datum_t)kinds[k].type),
                                       SCMP_A2(SCMP_CMP_EQ, (scmp_datum_t)kinds[k].protocol));
    return failed;
}

static int allow_all(scmp_filter_ctx filter)
{
    int failed = allow_sockets(filter);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        failed |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOENT), absent[i], 0);
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        failed |= seccomp_rule_add(
            filter, SCMP_ACT_ALLOW, conditions[i].call, 1,
            SCMP_CMP(conditions[i].argument, SCMP_CMP_MASKED_EQ, conditions[i].mask, conditions[i].value));
    /* GLib asks whether its warnings go to a terminal. */
    return failed |
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOTTY), SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, TCGETS));
}

bool aq_sandbox_seccomp(char report[64])
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int failed = filter == NULL ? -ENOMEM : allow_all(filter);
    if (failed == 0)
        failed = seccomp_load(filter);
    seccomp_release(filter);
    if (failed == 0)
        snprintf(report, 64, "on");
    else
        snprintf(report, 64, "the filter cannot be loaded: %s", strerror(failed < 0 ? -failed : EINVAL));
    return failed == 0;
}
