/* SPDX-License-Identifier: MIT */
/*
 * Who uses a file of the user's own. Whatever is about to write to one asks here, and whatever is about to
 * stand on one asks who writes to it.
 */
#ifndef AQ_VM_FILE_USERS_H
#define AQ_VM_FILE_USERS_H

#include "util/error.h"
#include "util/memory.h"

/* Adds the VMs that write to the file at that resolved path: "VM web". Those whose disk it is, and those
   whose changes were going down into it when something ended that. Of the type aq_file_users (image/base.h).
 */
int aq_file_writers(const char *path, struct aq_strings *names, struct aq_error *err);

/* Adds what needs the file as it is: the VMs and layers on it, and the bases whose disk it is ("base app").
 */
int aq_file_readers(const char *path, struct aq_strings *names, struct aq_error *err);

#endif
