/* SPDX-License-Identifier: MIT */
/*
 * A VM while it runs: `run.yaml` in its folder of the store, so that every process finds the same truth
 * whatever its environment. It is written before QEMU is started (with no process yet) and again when it
 * runs; so a QEMU whose starter was killed in between can still be reached. A record whose process is not
 * alive is as good as none: that VM is stopped.
 *
 * The sockets lie in a folder of their own below the runtime folder of whoever started the VM (short paths,
 * gone after a reboot); the record says where.
 */
#ifndef AQ_VM_RUN_H
#define AQ_VM_RUN_H

#include <stdbool.h>

#include "qemu/accel.h"
#include "util/process.h"
#include "vm/vm.h"

#define AQ_VM_RUN "run.yaml"

/* The VM's own rules and SSH's. */
#define AQ_RUN_PORTS_MAX (AQ_VM_PORTS_MAX + 1)

/* What a run began with. */
enum aq_run_boot {
    AQ_RUN_OF_DISK,   /* firmware and the boot loader on its disk */
    AQ_RUN_OF_KERNEL, /* its base's kernel (vm/boot.h) */
    AQ_RUN_OF_STATE,  /* a state to go on from */
};

/* "disk", "kernel" or "state". */
const char *aq_run_boot_name(enum aq_run_boot boot);

/* What is known of a running VM. */
struct aq_run {
    struct aq_process_id process; /* pid 0: noted before it was started */
    struct aq_process_id companion;
    enum aq_accel accel;
    char accel_reason[256]; /* why it is not KVM; "" when it is, or when TCG was asked for */
    char started[24];
    enum aq_run_boot boot;
    bool paused;      /* by `pause`: its CPUs stand still */
    bool resumed;     /* it went on from its saved state, and the VM's record may still say that it has one */
    char folder[512]; /* absolute path of the folder of its sockets */
    struct aq_port_rule ports[AQ_RUN_PORTS_MAX]; /* as they are, host ports chosen */
    unsigned port_count;
};

/* The guest's SSH port is forwarded for every VM with a network. */
#define AQ_SSH_PORT 22

/* Is it running? 1, 0 stopped, -1 error. `run` holds what the record says; of a stopped VM that may be the
   folder of its latest sockets, else nothing. `vms` is the open folder of all VMs. A record that cannot be
   understood is none. */
int aq_run_read_at(int vms, const struct aq_vm *vm, struct aq_run *run, struct aq_error *err);
int aq_run_read(const struct aq_vm *vm, struct aq_run *run, struct aq_error *err);

/* The same for a VM whose open folder is at hand, published or not. */
int aq_run_read_in(int folder, struct aq_run *run, struct aq_error *err);

/* The same, for verbs that need a running VM: -1 with VM_NOT_RUNNING when it is not. */
int aq_run_need(const struct aq_vm *vm, struct aq_run *run, struct aq_error *err);

/* "running" or "paused"; for a `run` of NULL "saved" or "stopped". */
const char *aq_run_status(const struct aq_vm *vm, const struct aq_run *run);

/* VM_PAUSED when it is: for what needs the guest itself. */
int aq_run_need_awake(const struct aq_vm *vm, const struct aq_run *run, struct aq_error *err);

/* Where the VM's sockets would be if this process started it. LIMIT_EXCEEDED. */
int aq_run_name_folder(const struct aq_vm *vm, struct aq_run *run, struct aq_error *err);

/* Makes the folder for a VM's sockets and notes it in run->folder. Returns a descriptor to close. */
int aq_run_make_folder(const struct aq_vm *vm, struct aq_run *run, struct aq_error *err);

/* Opens the folder of its sockets. IO when it is gone: `stop force=true` still ends such a VM. */
int aq_run_open_folder(const struct aq_run *run, struct aq_error *err);

/* Notes a VM that runs or is about to, in its folder of the store; or that it runs no more, and neither does
   its companion. */
int aq_run_write(int vm_folder, const struct aq_run *run, struct aq_error *err);
void aq_run_forget(int vm_folder, const struct aq_run *run);

/* The host's port that leads to that TCP port of the guest; 0 if none does. */
uint16_t aq_run_host_port(const struct aq_run *run, uint16_t guest);

#endif
