/* SPDX-License-Identifier: MIT */
/* Users and groups as an image's own /etc/passwd and /etc/group have them. Plain C: the appliance's agent has
 * it too. */
#ifndef AQ_OFFLINE_GUEST_ACCOUNTS_H
#define AQ_OFFLINE_GUEST_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is read of either file at most: a guest may say anything. */
#define AQ_ACCOUNTS_MAX ((size_t)4 << 20)

/* The number of a user or group: what `name` says if it is decimal, else the third field of the line in
   `text` (passwd(5), group(5)) that begins with it. False when there is none. */
bool aq_guest_account(const char *text, size_t length, const char *name, uint32_t *id);

#endif
