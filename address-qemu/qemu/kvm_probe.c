/* SPDX-License-Identifier: MIT */
/*
 * Does KVM run an ordinary guest here? A child runs one and reports each step that worked; only all of them
 * are a yes. The child bounds itself, by processor time, so that a busy machine is not taken for one where
 * KVM crawls.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qemu/accel.h"
#include "qemu/kvm_guest.h"
#include "qemu/kvm_run.h"
#include "util/cleanup.h"
#include "util/spawn.h"
#include "util/wait.h"

/* A yes takes some milliseconds of processor time; where every instruction is emulated it would take seconds.
 */
#define CPU_LIMIT_US 300000
#define LIMIT_S 3

#define STABLE_API 12

/* What works when the guest reports that step. */
static const struct {
    char step;
    const char *what;
} steps[] = {
    {AQ_KVM_STEP_REAL_MODE, "real mode"},
    {AQ_KVM_STEP_PROTECTED_MODE, "protected mode"},
    {AQ_KVM_STEP_LONG_MODE, "64-bit mode"},
    {AQ_KVM_STEP_TABLES, "descriptor tables"},
    {AQ_KVM_STEP_REGISTERS, "control and model-specific registers"},
    {AQ_KVM_STEP_SSE, "SSE instructions"},
    {AQ_KVM_STEP_FXSAVE, "saving the SSE state"},
    {AQ_KVM_STEP_EXCEPTION, "an exception"},
    {AQ_KVM_STEP_UPPER_HALF, "the upper half of the address space"},
    {AQ_KVM_STEP_SYSCALL, "system calls from ring 3"},
    {AQ_KVM_STEP_INTERRUPT, "interrupts from ring 3"},
    {AQ_KVM_STEP_LOOP, "speed"},
    {AQ_KVM_STEP_END, "the end"},
};
#define STEPS (sizeof steps / sizeof *steps)

static _Noreturn void be_the_child(int kvm, int report)
{
    signal(SIGPROF, SIG_DFL);
    signal(SIGALRM, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setitimer(ITIMER_PROF, &(struct itimerval){.it_value = {.tv_usec = CPU_LIMIT_US}}, NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {.tv_sec = LIMIT_S}}, NULL);
    aq_kvm_run_guest(kvm, report);
    _exit(0);
}

/* Reads until the child has ended: 0, or -1 when interrupted. */
static int read_report(int from, char *report, size_t size, struct aq_error *err)
{
    size_t length = 0;
    aq_deadline deadline = aq_after_ms(2000L * LIMIT_S); /* the child's own limit comes first */
    while (length + 1 < size) {
        int ready = aq_wait_fd(from, POLLIN, deadline, err);
        if (ready < 0)
            return -1;
        ssize_t got = ready > 0 ? read(from, report + length, size - 1 - length) : 0;
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    report[length] = '\0';
    return 0;
}

/* Runs the child to its end and collects its report. */
static int run_child(int kvm, char *report, size_t size, struct aq_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make a pipe");
    aq_autoclose int from = ends[0];
    aq_autoclose int to = ends[1];
    pid_t child = aq_spawn_fork();
    if (child < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot start the KVM probe");
    if (child == 0)
        be_the_child(kvm, to);
    close(aq_steal_fd(&to));
    int result = read_report(from, report, size, err);
    kill(child, SIGKILL); /* not reaped yet, so it is ours whatever became of it */
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return result;
}

static void judge_report(const char *report, struct aq_kvm_verdict *verdict)
{
    size_t reached = 0;
    while (reached < STEPS && report[reached] == steps[reached].step)
        reached++;
    if (reached == STEPS) {
        verdict->usable = true;
        return;
    }
    const char *why = report[reached] == '!' ? report + reached + 1 : "it takes for ever";
    snprintf(verdict->reason, sizeof verdict->reason,
             "/dev/kvm is there, but a guest that it runs fails at %s: %.80s%s", steps[reached].what, why,
             access("/sys/module/kvm_pvm", F_OK) == 0 ? " (this host is itself a PVM guest)" : "");
}

/* Opens the device: 1, 0 with the reason in the verdict. */
static int open_kvm(int *kvm, struct aq_kvm_verdict *verdict)
{
    const char *why = NULL;
    *kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (*kvm < 0 && (errno == EACCES || errno == EPERM))
        why = "this user may not use /dev/kvm; add it to the group kvm";
    else if (*kvm < 0 && errno == ENOENT)
        why =
            "/dev/kvm is not there: the processor's virtualization is off, or not passed on to this machine";
    else if (*kvm < 0)
        why = "/dev/kvm cannot be opened: its kernel module is not loaded";
    else if (ioctl(*kvm, KVM_GET_API_VERSION, 0) != STABLE_API)
        why = "/dev/kvm is not the KVM that QEMU speaks to";
    if (why != NULL)
        snprintf(verdict->reason, sizeof verdict->reason, "%s", why);
    return why == NULL;
}

int aq_kvm_probe(struct aq_kvm_verdict *verdict, struct aq_error *err)
{
    *verdict = (struct aq_kvm_verdict){0};
    aq_autoclose int kvm = -1;
    if (!open_kvm(&kvm, verdict))
        return 0;
    char report[256] = "";
    if (run_child(kvm, report, sizeof report, err) < 0)
        return -1;
    judge_report(report, verdict);
    return 0;
}
