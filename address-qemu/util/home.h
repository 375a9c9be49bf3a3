/* SPDX-License-Identifier: MIT */
/*
 * Where things are kept. The store (records, disks): $ADDRESS_QEMU_HOME, else $XDG_DATA_HOME/address-qemu,
 * else
 * ~/.local/share/address-qemu. The runtime folder (sockets; short, gone after a reboot):
 * $XDG_RUNTIME_DIR/address-qemu, else one below /run, else below /tmp. Both are 0700 and ours or they are
 * refused (STORE_UNSAFE). The environment is read at each call.
 */
#ifndef AQ_UTIL_HOME_H
#define AQ_UTIL_HOME_H

#include "util/error.h"

/* The store's absolute path; NULL with FAILED when there is nowhere to put it. free() it. */
char *aq_home_path(struct aq_error *err);

/* Opens the store, made where it is missing. Returns a descriptor to close. */
int aq_open_home(struct aq_error *err);

/* The same for a folder in the store: "bases", "vms", "layers", "templates", "cache". */
int aq_open_home_dir(const char *name, struct aq_error *err);

/* The runtime folder's absolute path. free() it. */
char *aq_runtime_path(void);

/* Opens the runtime folder, made where it is missing. Returns a descriptor to close. */
int aq_open_runtime(struct aq_error *err);

#endif
