/* SPDX-License-Identifier: MIT */
/* A VM's record as YAML, and back. */
#ifndef AQ_VM_RECORD_H
#define AQ_VM_RECORD_H

#include <jansson.h>

#include "vm/vm.h"

/* Fills in everything but the name, which is the folder's. RECORD_INVALID names the VM and the member. */
int aq_vm_from_yaml(const struct aq_buffer *text, struct aq_vm *vm, struct aq_error *err);
int aq_vm_to_yaml(const struct aq_vm *vm, struct aq_buffer *text, struct aq_error *err);

/* Writes the record in the place of the one that is there. The caller holds the VM's lock, whose descriptor
 * `lock` is. */
int aq_vm_write(const struct aq_vm *vm, int lock, struct aq_error *err);

/* A port rule as text: "tcp:127.0.0.1:18080:8080"; a host port of 0 is "any", or "any/20123". */
#define AQ_PORT_TEXT 40
const char *aq_port_rule_text(const struct aq_port_rule *rule, char text[AQ_PORT_TEXT]);

/* A list of rules as such texts, and back; -1 without an error for what is not one. */
json_t *aq_port_rules_to_json(const struct aq_port_rule *rules, unsigned count);
int aq_port_rules_from_json(const json_t *list, struct aq_port_rule *rules, unsigned max, unsigned *count);

#endif
