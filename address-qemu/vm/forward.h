/* SPDX-License-Identifier: MIT */
/* Ports of the host that lead into a VM, in its record and while it runs. */
#ifndef AQ_VM_FORWARD_H
#define AQ_VM_FORWARD_H

#include "util/wait.h"
#include "vm/run.h"

/* Reserves the rule's host port (the one that was chosen before where it is free, else another, when it may
   be any) and hands it to the companion that `fd` is a conversation with. Fills in `host` and, when it may be
   any, `chosen`. PORT_IN_USE names the port. */
int aq_forward_open(int fd, struct aq_port_rule *rule, aq_deadline deadline, struct aq_error *err);

/* Adds a rule to a VM and, when it runs, opens it at once; `run` is as it is afterwards (its process 0 when
   the VM is stopped), and the rule that of the VM. VM_MISMATCH for one that is there already, NOT_SUPPORTED,
   LIMIT_EXCEEDED, PORT_IN_USE; after a failure nothing is changed. */
int aq_forward_add(const char *vm_name, struct aq_port_rule *rule, struct aq_run *run, struct aq_error *err);

/* Takes the rules away that lead to that port of the guest (0: any), from that one of the host (0: any). How
   many; FORWARD_NOT_FOUND when there is none. Connections that are open go on. */
int aq_forward_remove(const char *vm_name, const struct aq_port_rule *which, struct aq_run *run,
                      struct aq_error *err);

/* Notes in the VM's record which ports were chosen, unless they are noted. The caller holds its lock. */
int aq_forward_note_chosen(const char *vm_name, int lock, const struct aq_run *run, struct aq_error *err);

#endif
