/* SPDX-License-Identifier: MIT */
/*
 * A VM while it runs: `UUID/run.yaml` in the runtime folder, beside its sockets. Gone after a reboot, as the
 * process is. A record whose process is not alive any more is as good as none: such a VM is stopped.
 */
#ifndef AQ_VM_RUN_H
#define AQ_VM_RUN_H

#include <stdbool.h>

#include "qemu/accel.h"
#include "util/process.h"
#include "vm/vm.h"

/* What is known of a running VM. */
struct aq_run {
    struct aq_process_id process;
    enum aq_accel accel;
    char accel_reason[256]; /* why it is not KVM; "" when it is, or when TCG was asked for */
    char started[24];
    bool paused;                                    /* by `pause`: its CPUs stand still */
    struct aq_port_rule ports[AQ_VM_PORTS_MAX + 1]; /* as they are, host ports chosen; SSH's too */
    unsigned port_count;
};

/* The guest's SSH port is forwarded for every VM with a network. */
#define AQ_SSH_PORT 22

/* Opens a VM's own runtime folder, made where it is missing. Returns a descriptor to close. */
int aq_run_open_folder(const struct aq_vm *vm, struct aq_error *err);

/* Is it running? 1 and `run` is filled in, 0 stopped, -1 error. `runtime` is the shared runtime folder. */
int aq_run_read_at(int runtime, const struct aq_vm *vm, struct aq_run *run, struct aq_error *err);
int aq_run_read(const struct aq_vm *vm, struct aq_run *run, struct aq_error *err);

/* The same, for verbs that need a running VM: -1 with VM_NOT_RUNNING when it is not. */
int aq_run_need(const struct aq_vm *vm, struct aq_run *run, struct aq_error *err);

/* "running", "paused" or, for NULL, "stopped". */
const char *aq_run_status(const struct aq_run *run);

/* VM_PAUSED when it is: for what needs the guest itself. */
int aq_run_need_awake(const struct aq_vm *vm, const struct aq_run *run, struct aq_error *err);

/* Notes a running VM, or that it runs no more. `folder` is its runtime folder. */
int aq_run_write(int folder, const struct aq_run *run, struct aq_error *err);
void aq_run_forget(const struct aq_vm *vm);

/* The host's port that leads to that TCP port of the guest; 0 if none does. */
uint16_t aq_run_host_port(const struct aq_run *run, uint16_t guest);

#endif
