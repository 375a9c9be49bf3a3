/* SPDX-License-Identifier: MIT */
/*
 * Snapshots of a VM that runs, over QMP. None of these is ended by an interruption: QEMU does them in one go
 * and its monitor is silent meanwhile, so giving up would only mean not to know what came of them. A VM that
 * ran before goes on afterwards, whatever happens.
 */
#ifndef AQ_VM_SNAPSHOT_LIVE_H
#define AQ_VM_SNAPSHOT_LIVE_H

#include "qemu/qmp.h"
#include "vm/run.h"

/* `run_folder` is the VM's runtime folder; `paused`: the VM is to stand still afterwards, as before. */
int aq_snapshot_live_save(int run_folder, const char *name, bool memory, bool paused, aq_deadline deadline,
                          struct aq_error *err);
int aq_snapshot_live_load(int run_folder, const char *name, bool paused, aq_deadline deadline,
                          struct aq_error *err);
int aq_snapshot_live_delete(int run_folder, const char *name, aq_deadline deadline, struct aq_error *err);

/* With memory, over a monitor that is connected; the VM stays as it is, running or not. Deleting one that is
 * not there is fine. */
int aq_snapshot_save(struct aq_qmp *qmp, const char *name, aq_deadline deadline, struct aq_error *err);
int aq_snapshot_delete(struct aq_qmp *qmp, const char *name, aq_deadline deadline, struct aq_error *err);

/* Loads one into a QEMU that has just been started and waits ("prelaunch"); it still waits afterwards. */
int aq_snapshot_load(struct aq_qmp *qmp, const char *name, aq_deadline deadline, struct aq_error *err);

#endif
