/* SPDX-License-Identifier: MIT */
/* Names of bases, VMs and snapshots. They become names of folders, so one strict pattern says what they may
 * be. */
#ifndef AQ_UTIL_NAMES_H
#define AQ_UTIL_NAMES_H

#include <stdbool.h>

/* The longest name, in bytes. */
#define AQ_NAME_MAX 63

/* [A-Za-z0-9][A-Za-z0-9._-]{0,62} */
bool aq_name_valid(const char *name);

#endif
