/* SPDX-License-Identifier: MIT */
/*
 * A machine's CD drive: a virtio-scsi controller with one drive in it, in the first spare port. A machine
 * gets it when a disc is first put in, running or not, and keeps it, empty or not, so that saved states fit;
 * a disc is changed without the guest's help, as by hand. In a Linux guest it is /dev/sr0 (modules
 * virtio_scsi, sr_mod).
 */
#ifndef AQ_QEMU_DRIVE_H
#define AQ_QEMU_DRIVE_H

#include <jansson.h>

#include "qemu/qmp.h"

/* What QEMU is given for them, on its command line or through its monitor: the controller, the drive (`disc`:
   with one in it), and the node of a disc. */
json_t *aq_drive_controller(void);
json_t *aq_drive_device(bool disc);
json_t *aq_drive_disc(const char *path);

/* Puts the disc at the absolute path into the drive of a running machine, which gets one if it has none. A
   disc that is in it has to be taken out before. */
int aq_drive_insert(struct aq_qmp *qmp, const char *path, aq_deadline deadline, struct aq_error *err);

/* Takes the disc out; fine if there is none. A guest that has locked the drive, as one does with a mounted
   disc, is asked for it until the deadline (1 out, 0 it does not give it), or with `force` not asked. */
int aq_drive_eject(struct aq_qmp *qmp, bool force, aq_deadline deadline, struct aq_error *err);

#endif
