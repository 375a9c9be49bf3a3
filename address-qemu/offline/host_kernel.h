/* SPDX-License-Identifier: MIT */
/*
 * What libguestfs needs of the host, looked at before it is started, because what it says itself when it
 * fails is of little help: a kernel in /boot that this user may read, with its modules, and supermin, which
 * makes the appliance of them; or a fixed appliance in the place of all that (LIBGUESTFS_PATH).
 */
#ifndef AQ_OFFLINE_HOST_KERNEL_H
#define AQ_OFFLINE_HOST_KERNEL_H

#include "util/error.h"

/* What is amiss, and the command that mends it. */
struct aq_appliance_need {
    char detail[256]; /* "" when nothing is */
    char fix[256];
};

/* Looks; `boot` and `modules` are "/boot" and "/lib/modules" but in tests. */
void aq_appliance_needs(const char *boot, const char *modules, struct aq_appliance_need *need);

/* The same as an error: APPLIANCE_UNUSABLE, or LIBRARY_MISSING where libguestfs is not installed at all. */
int aq_appliance_check(struct aq_error *err);

#endif
