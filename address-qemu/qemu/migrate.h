/* SPDX-License-Identifier: MIT */
/*
 * A QEMU's state written to a file, and loaded from one, by its migration. (Source: QEMU's
 * qapi/migration.json.) RAM that is shared with a file can be left out: it is there already.
 */
#ifndef AQ_QEMU_MIGRATE_H
#define AQ_QEMU_MIGRATE_H

#include "qemu/qmp.h"

/* Writes it to an open file, without what is shared. QEMU stands still afterwards, until `cont`. QMP_FAILED,
   TIMEOUT. */
int aq_migrate_save(struct aq_qmp *qmp, int file, struct aq_error *err);

/* The commands that load one, for aq_qmp_open_ahead; `file` is a descriptor that QEMU inherits. */
json_t *aq_migrate_load_commands(int file, bool without_shared);

/* Waits until such a load, begun on this connection, has ended. QMP_FAILED, TIMEOUT, VM_NOT_RUNNING. */
int aq_migrate_wait(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err);

/* From now on the RAM is part of what QEMU saves, as it is of any VM's snapshots. */
int aq_migrate_whole_again(struct aq_qmp *qmp, struct aq_error *err);

#endif
