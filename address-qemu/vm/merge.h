/* SPDX-License-Identifier: MIT */
/*
 * Making a disk's chain shorter: flattening brings all that is below up into the VM's own disk, so that it
 * stands alone; committing takes what the VM's own disk holds down into what it stands on. Internal snapshots
 * stand on what is below as well, so a disk that has some is refused (VM_HAS_SNAPSHOTS).
 */
#ifndef AQ_VM_MERGE_H
#define AQ_VM_MERGE_H

#include "qemu/qmp.h"
#include "vm/vm.h"

/* Has the VM stand alone, running (it goes on meanwhile) or stopped. *changed tells whether it did not
   already. After a failure or an interruption it stands on what it stood on, and what was copied is not
   copied again. TIMEOUT, QMP_FAILED, TOOL_FAILED, NO_SPACE. */
int aq_vm_flatten(const char *name, aq_qmp_progress *progress, void *data, bool *changed,
                  struct aq_error *err);

/* Takes the disk of a stopped VM down into what it stands on; *into (aq_parent_free it) is what that was. A
   frozen layer becomes the VM's disk itself by that, and the VM stands on what the layer stood on; a base, or
   a user's own file, gets another content and is pinned anew, with the VM as an empty overlay on it.
   VM_RUNNING, VM_SAVED; BASE_IN_USE or LAYER_IN_USE naming what else stands on it; NOT_SUPPORTED for a built
   layer, which is what its key says for ever, and for a VM that stands alone; NO_SPACE. When it fails or is
   interrupted in the middle, the next command that uses the VM ends it. */
int aq_vm_commit(const char *name, struct aq_parent *into, struct aq_error *err);

/* The rest of a flattening or committing that is pending: for vm/recover.h. */
int aq_vm_flatten_settle(struct aq_vm *vm, int lock, int run_folder, struct aq_error *err);
int aq_vm_commit_settle(struct aq_vm *vm, int lock, struct aq_error *err);

#endif
