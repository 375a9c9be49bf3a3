/* SPDX-License-Identifier: MIT */
/*
 * System calls that the C library of a supported system may not have wrappers for: close_range and pidfd_*
 * came with glibc 2.34 and 2.36, openat2 has none yet. They fail with ENOSYS where the kernel does not know
 * them.
 */
#ifndef AQ_UTIL_SYSCALLS_H
#define AQ_UTIL_SYSCALLS_H

#include <linux/close_range.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static inline int aq_sys_pidfd_open(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

static inline int aq_sys_pidfd_send_signal(int pidfd, int signal_number)
{
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0);
}

static inline int aq_sys_close_range(unsigned first, unsigned last, int flags)
{
    return (int)syscall(SYS_close_range, first, last, flags);
}

static inline int aq_sys_openat2(int dir, const char *path, const struct open_how *how)
{
    return (int)syscall(SYS_openat2, dir, path, how, sizeof *how);
}

#endif
