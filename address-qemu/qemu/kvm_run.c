/* SPDX-License-Identifier: MIT */
/* (Source: the kernel's Documentation/virt/kvm/api.rst.) */
#include "qemu/kvm_run.h"

#if defined(__x86_64__)

#include <errno.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "qemu/kvm_guest.h"

#define MEMORY_SIZE (2 << 20)
#define MAX_CPUID 256

/* Three pages below 4 GiB that nothing else uses: older Intel processors run real mode with their help. */
#define TSS_ADDRESS 0xfffbd000

/* One machine and its one processor. */
struct guest {
    int kvm, vm, cpu;
    struct kvm_run *run;
};

static void tell(int report, const char *why, int errnum)
{
    char text[128];
    int length = errnum != 0 ? snprintf(text, sizeof text, "!%s: error %d", why, errnum)
                             : snprintf(text, sizeof text, "!%s", why);
    if (write(report, text, (size_t)length) < 0) { /* nobody reads: then nobody needs to know */
    }
}

/* Guest memory with the guest in it. NULL, or why not. */
static const char *give_memory(const struct guest *guest)
{
    unsigned char *memory =
        mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return "mmap";
    memcpy(memory + AQ_KVM_GUEST_BASE, aq_kvm_guest, (size_t)(aq_kvm_guest_end - aq_kvm_guest));
    struct kvm_userspace_memory_region region = {.memory_size = MEMORY_SIZE,
                                                 .userspace_addr = (unsigned long)memory};
    return ioctl(guest->vm, KVM_SET_USER_MEMORY_REGION, &region) < 0 ? "KVM_SET_USER_MEMORY_REGION" : NULL;
}

/* Long mode and the like have to be in the processor's CPUID before a guest may turn them on. */
static const char *give_features(const struct guest *guest)
{
    union { /* the list ends in an array without a size */
        struct kvm_cpuid2 list;
        unsigned char room[sizeof(struct kvm_cpuid2) + MAX_CPUID * sizeof(struct kvm_cpuid_entry2)];
    } cpuid = {.list.nent = MAX_CPUID};
    if (ioctl(guest->kvm, KVM_GET_SUPPORTED_CPUID, &cpuid) < 0)
        return "KVM_GET_SUPPORTED_CPUID";
    return ioctl(guest->cpu, KVM_SET_CPUID2, &cpuid) < 0 ? "KVM_SET_CPUID2" : NULL;
}

static const char *make_guest(struct guest *guest)
{
    guest->vm = ioctl(guest->kvm, KVM_CREATE_VM, 0);
    if (guest->vm < 0)
        return "KVM_CREATE_VM";
    ioctl(guest->vm, KVM_SET_TSS_ADDR, TSS_ADDRESS); /* where it is not needed it may fail */
    const char *why = give_memory(guest);
    if (why != NULL)
        return why;
    guest->cpu = ioctl(guest->vm, KVM_CREATE_VCPU, 0);
    int size = ioctl(guest->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (guest->cpu < 0 || size < (int)sizeof *guest->run)
        return "KVM_CREATE_VCPU";
    guest->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, guest->cpu, 0);
    return guest->run == MAP_FAILED ? "mmap" : give_features(guest);
}

/* Real mode, all segments 0, at the guest's first instruction. */
static const char *point_at_guest(const struct guest *guest)
{
    struct kvm_sregs segments;
    if (ioctl(guest->cpu, KVM_GET_SREGS, &segments) < 0)
        return "KVM_GET_SREGS";
    segments.cs.base = 0;
    segments.cs.selector = 0;
    if (ioctl(guest->cpu, KVM_SET_SREGS, &segments) < 0)
        return "KVM_SET_SREGS";
    struct kvm_regs registers = {.rip = AQ_KVM_GUEST_BASE, .rflags = 2};
    return ioctl(guest->cpu, KVM_SET_REGS, &registers) < 0 ? "KVM_SET_REGS" : NULL;
}

static const char *exit_name(unsigned reason)
{
    switch (reason) {
    case KVM_EXIT_HLT:
        return "the guest found a wrong result";
    case KVM_EXIT_SHUTDOWN:
        return "the guest crashed";
    case KVM_EXIT_INTERNAL_ERROR:
        return "KVM gave up with an internal error";
    case KVM_EXIT_FAIL_ENTRY:
        return "the processor refused to enter the guest";
    default:
        return "KVM stopped for no known reason";
    }
}

/* Runs it to its end. NULL when it reported all, else why it stopped, with errno 0 unless a call failed. */
static const char *run_to_the_end(const struct guest *guest, int report)
{
    for (;;) {
        if (ioctl(guest->cpu, KVM_RUN, 0) < 0)
            return "KVM_RUN";
        errno = 0;
        const struct kvm_run *run = guest->run;
        if (run->exit_reason != KVM_EXIT_IO || run->io.port != AQ_KVM_GUEST_PORT)
            return exit_name(run->exit_reason);
        const char *step = (const char *)run + run->io.data_offset;
        if (write(report, step, 1) != 1)
            return "write";
        if (*step == AQ_KVM_STEP_END)
            return NULL;
    }
}

void aq_kvm_run_guest(int kvm, int report)
{
    struct guest guest = {.kvm = kvm, .vm = -1, .cpu = -1};
    const char *why = make_guest(&guest);
    if (why == NULL)
        why = point_at_guest(&guest);
    if (why == NULL)
        why = run_to_the_end(&guest, report);
    if (why != NULL)
        tell(report, why, errno);
}

#else

void aq_kvm_run_guest(int kvm, int report)
{
    (void)kvm;
    (void)report;
}

#endif
