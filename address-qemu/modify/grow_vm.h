/* SPDX-License-Identifier: MIT */
/*
 * A stopped VM's disk made larger with the root partition and file system in it, by libguestfs's appliance:
 * in an overlay, so that whatever does not work out leaves the disk as it was. For guests that do not see to
 * it themselves when they boot.
 */
#ifndef AQ_MODIFY_GROW_VM_H
#define AQ_MODIFY_GROW_VM_H

#include "vm/resize.h"

/* Do the VM's guests grow into a larger disk when they boot? Those of bases that create_base has made with
   our helper do. */
bool aq_vm_grows_at_boot(const struct aq_vm *vm);

/* What says how far it is; may be NULL. */
typedef void aq_grow_say(void *data, const char *line);

/* Makes the disk of the stopped VM `name` that large, with what is in it: 1 done; 0 there is nothing in it
   (its beginning is all zeros), and nothing was done; -1. *before is the size it had. What aq_vm_resize fails
   with, VM_RUNNING; with the disk as it was: NOT_SUPPORTED where something else than growing partition and
   file system would be needed, GUEST_REFUSED where no system is found or its file system does not grow, and
   what the appliance fails with. */
int aq_modify_grow_vm(const char *name, uint64_t size, aq_grow_say *say, void *data, uint64_t *before,
                      struct aq_grown *grown, struct aq_error *err);

#endif
