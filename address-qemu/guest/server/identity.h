/* SPDX-License-Identifier: MIT */
/* Which rexx-guest this is. */
#ifndef AQ_GUEST_SERVER_IDENTITY_H
#define AQ_GUEST_SERVER_IDENTITY_H

#include <stdbool.h>

/* Remembers the program's file as it is now; call it first. */
void aq_identity_init(void);

/* The GNU build-id of the running program in hex (at most 64 digits); "" if it was linked without one. */
const char *aq_identity_build_id(void);

/* The program's file (at most 255 bytes); "" if not known. */
const char *aq_identity_path(void);

/* Has the program's file been replaced by another since? */
bool aq_identity_replaced(void);

#endif
