/* SPDX-License-Identifier: MIT */
/* Where the static rexx-guest is on the host. */
#ifndef AQ_GUEST_RUNNER_PATH_H
#define AQ_GUEST_RUNNER_PATH_H

#include "util/error.h"

/* The path of rexx-guest: $ADDRESS_QEMU_GUEST_RUNNER, else beside this library (../libexec/address-qemu),
   else where it was to be installed. GUEST_RUNNER_MISSING names the places that were looked at. free() it. */
char *aq_guest_runner_path(struct aq_error *err);

#endif
