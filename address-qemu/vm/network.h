/* SPDX-License-Identifier: MIT */
/* What a VM's network is, in its record and while it runs. */
#ifndef AQ_VM_NETWORK_H
#define AQ_VM_NETWORK_H

#include "spec/egress.h"
#include "util/wait.h"
#include "vm/run.h"

/* Has it a gateway, through which all it sends and receives goes? */
bool aq_network_has_gateway(const struct aq_vm *vm);

/* The guest's address in its network, in `text`, which it returns: "" for none, or none yet. */
const char *aq_network_address(const struct aq_vm *vm, char text[AQ_IP_TEXT]);

/* Gives a stopped VM another network (as aq_network_name has it). `vm` is as it is afterwards. VM_RUNNING;
   VM_SAVED and VM_MISMATCH for one whose states know the one that it has. */
int aq_network_configure(const char *name, const char *network, struct aq_vm *vm, struct aq_error *err);

/* Are the ports that are asked for free right now? For a start that is to come, before anything is made for
   it. PORT_IN_USE names the one that is not. */
int aq_network_check_ports(const struct aq_port_rule *ports, unsigned count, struct aq_error *err);

/* Tells a companion (fd is a conversation with it) the host's nameservers, and what the host knows of the
   names in the rules; then the rules. */
int aq_network_tell_rules(int fd, const char *rules, aq_deadline deadline, struct aq_error *err);

/* Adds to what a VM may reach (spec/egress.h; each list may be NULL), in its record and, when it runs, at
   once. `vm` is as it is afterwards. NOT_SUPPORTED for a VM without a gateway; VALUE_INVALID, LIMIT_EXCEEDED;
   after a failure nothing is changed. */
int aq_network_change_egress(struct aq_vm *vm, const char *allow, const char *deny, struct aq_error *err);

/* Waits until the guest has its address and a route out of its net. 1; 0 at the deadline, and `why` is how
   far it has come. The VM has a gateway. */
int aq_network_wait_up(const struct aq_run *run, aq_deadline deadline, const char **why,
                       struct aq_error *err);

#endif
