/* SPDX-License-Identifier: MIT */
/* Discs in a VM's CD drive (qemu/drive.h), running or stopped; what is in it is in the VM's record. */
#ifndef AQ_VM_ISO_H
#define AQ_VM_ISO_H

#include "vm/run.h"
#include "vm/vm.h"

/* Puts the file at `path` into the drive: a regular file that can be read, whatever is in it (FILE_NOT_FOUND,
   FILE_KIND, UNREADABLE …). *changed is false if it is in there already. ISO_ATTACHED when another is;
   VM_SAVED when the VM has a saved state, which would not fit any more. `run` is as it is (process.pid 0:
   stopped). */
int aq_vm_attach_iso(const char *name, const char *path, struct aq_vm *vm, struct aq_run *run, bool *changed,
                     struct aq_error *err);

/* Takes it out; *changed is false if there was none. A guest that keeps the drive locked is asked for it, for
   ten seconds (VM_BUSY), or not with `force`. */
int aq_vm_detach_iso(const char *name, bool force, struct aq_vm *vm, struct aq_run *run, bool *changed,
                     struct aq_error *err);

/* For a start: the disc, where there is one, is still a file that can be read. */
int aq_vm_check_iso(const struct aq_vm *vm, struct aq_error *err);

#endif
