/* SPDX-License-Identifier: MIT */
/*
 * The guest that the KVM probe runs, seen from C and from its assembly: where it lies in guest memory and
 * what it reports. It starts in real mode at AQ_KVM_GUEST_BASE with all segments 0, needs the first MiB to be
 * memory, and writes a byte to AQ_KVM_GUEST_PORT when a step has worked. Where one does not, it halts or
 * shuts down.
 */
#ifndef AQ_QEMU_KVM_GUEST_H
#define AQ_QEMU_KVM_GUEST_H

#define AQ_KVM_GUEST_BASE 0x8000
#define AQ_KVM_GUEST_PORT                                                                                    \
    0xe9 /* where QEMU's debug console listens, too: so the tests can run it without KVM */

#define AQ_KVM_STEP_REAL_MODE 'A'
#define AQ_KVM_STEP_PROTECTED_MODE 'B'
#define AQ_KVM_STEP_LONG_MODE 'C'
#define AQ_KVM_STEP_TABLES 'D'
#define AQ_KVM_STEP_REGISTERS 'E'
#define AQ_KVM_STEP_SSE 'F'
#define AQ_KVM_STEP_FXSAVE 'G'
#define AQ_KVM_STEP_EXCEPTION 'H'
#define AQ_KVM_STEP_UPPER_HALF 'I'
#define AQ_KVM_STEP_SYSCALL 'J'
#define AQ_KVM_STEP_INTERRUPT 'K'
#define AQ_KVM_STEP_LOOP 'L'
#define AQ_KVM_STEP_END '\n' /* all of it was reached */

#ifndef __ASSEMBLER__
extern const unsigned char aq_kvm_guest[], aq_kvm_guest_end[];
#endif

#endif
