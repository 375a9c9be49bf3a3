/* SPDX-License-Identifier: MIT */
/* The probe's child: runs the guest of kvm_guest.S on one vCPU. */
#ifndef AQ_QEMU_KVM_RUN_H
#define AQ_QEMU_KVM_RUN_H

/* For a child between fork and _exit: no memory is allocated and no lock taken. Writes each step that the
   guest reports to `report`, and "!" with the reason where it stops early. */
void aq_kvm_run_guest(int kvm, int report);

#endif
