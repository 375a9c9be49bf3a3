/* SPDX-License-Identifier: MIT */
/*
 * FSFREEZE and FSTHAW: all that was written is on the disks, and nothing is written until the guest is told
 * to go on. For a snapshot of its disks from outside. Programs go on, but for those that want to write.
 *
 * A process of its own holds the file systems frozen. It lets go when it is told to, when its time is over,
 * and when the session ends or its server dies: what a host that has died has frozen does not stay so.
 */
#ifndef AQ_GUEST_SERVER_FS_FREEZE_H
#define AQ_GUEST_SERVER_FS_FREEZE_H

#include "guest/server/session.h"

/* Start the operations: NULL with errno and *what. */
struct aq_operation *aq_fs_freeze_start(const unsigned char *request, size_t length, const char **what);
struct aq_operation *aq_fs_thaw_start(const unsigned char *request, size_t length, const char **what);

/* Lets go of whatever is frozen: the session ends. */
void aq_fs_freeze_end(void);

#endif
