/* SPDX-License-Identifier: MIT */
/* What a VM's network is, in its record and while it runs. */
#ifndef AQ_VM_NETWORK_H
#define AQ_VM_NETWORK_H

#include "spec/egress.h"
#include "util/wait.h"
#include "vm/run.h"

/* Has it a gateway, through which all it sends and receives goes? */
bool aq_network_has_gateway(const struct aq_vm *vm);

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

#endif
