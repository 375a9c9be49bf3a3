/* SPDX-License-Identifier: MIT */
/* Names of bases, VMs and snapshots. They become names of folders, so one strict pattern says what they may
 * be. */
#ifndef AQ_UTIL_NAMES_H
#define AQ_UTIL_NAMES_H

#include <stdbool.h>

/* The longest name, in bytes. */
#define AQ_NAME_MAX 63

/* The longest name of a folder that the store publishes: a name, or a layer's id. */
#define AQ_FOLDER_NAME_MAX 64

/* [A-Za-z0-9][A-Za-z0-9._-]{0,62} */
bool aq_name_valid(const char *name);

/* The same pattern with up to AQ_FOLDER_NAME_MAX bytes. */
bool aq_folder_name_valid(const char *name);

#endif
