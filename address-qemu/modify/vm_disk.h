/* SPDX-License-Identifier: MIT */
/*
 * A spec carried out on a VM's own disk. What the VM has becomes a layer, the steps are layers on it, and the
 * VM goes on with an empty overlay on the last: so what fails in between changes nothing for it.
 */
#ifndef AQ_MODIFY_VM_DISK_H
#define AQ_MODIFY_VM_DISK_H

#include "modify/modify.h"

/* Holds the stopped VM `name` for as long as it takes. As aq_modify_load and aq_modify_build; VM_NOT_FOUND,
   VM_RUNNING, VM_SAVED, NOT_SUPPORTED for one with snapshots or with a disk outside the store. What the spec
   says of a base does not count. */
int aq_modify_vm(const char *name, const struct aq_modify_request *request,
                 const struct aq_modify_watch *watch, struct aq_modify *modify, struct aq_error *err);

#endif
