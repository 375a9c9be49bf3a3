/* SPDX-License-Identifier: MIT */
/*
 * The accelerator: whether KVM really runs a guest here, found out by running one.
 *
 * A device node proves nothing: on some nested hosts /dev/kvm opens, a VM can be made and a HLT in real mode
 * works, and yet an ordinary kernel aborts QEMU or hangs it. kvm_probe.c has what an ordinary kernel needs.
 */
#ifndef AQ_QEMU_ACCEL_H
#define AQ_QEMU_ACCEL_H

#include <stdbool.h>

#include "util/error.h"

enum aq_accel { AQ_ACCEL_AUTO, AQ_ACCEL_KVM, AQ_ACCEL_TCG };

/* Can KVM be used, and why not: one sentence, such as "/dev/kvm is not there". Empty when it can. */
struct aq_kvm_verdict {
    bool usable;
    char reason[256];
};

/* "kvm" or "tcg"; "auto" for what has not been chosen. */
const char *aq_accel_name(enum aq_accel accel);

/* The accelerator of that name; AUTO for any other. */
enum aq_accel aq_accel_wish(const char *name);

/* Runs the probe now, in a child: 4 ms for a no, up to 100 ms for a yes; one that hangs is ended after 300 ms
   of processor time. -1 only when interrupted or when no child can be made. */
int aq_kvm_probe(struct aq_kvm_verdict *verdict, struct aq_error *err);

/* The probe's verdict, remembered for as long as this boot lasts and the device's permissions are what they
   were, in the file "kvm" of `runtime_dir` (an open folder of ours). */
int aq_kvm_verdict(int runtime_dir, struct aq_kvm_verdict *verdict, struct aq_error *err);

/* Turns a wish into AQ_ACCEL_KVM or AQ_ACCEL_TCG. A wish for KVM where it does not work is KVM_UNUSABLE with
   the reason; auto then means TCG. `verdict` has the reason and may be NULL. */
int aq_accel_choose(int runtime_dir, enum aq_accel wish, enum aq_accel *chosen,
                    struct aq_kvm_verdict *verdict, struct aq_error *err);

#endif
