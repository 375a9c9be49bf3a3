/* SPDX-License-Identifier: MIT */
/* Users and groups out of /etc/passwd and /etc/group alone: a static program cannot use NSS. */
#ifndef AQ_GUEST_SERVER_ACCOUNTS_H
#define AQ_GUEST_SERVER_ACCOUNTS_H

#include <stdbool.h>
#include <sys/types.h>

/* Reads "user", "user:group", "user:" (the user's own group), ":group", with names or numbers. What is not
   said stays (uid_t)-1 or (gid_t)-1, as chown() wants it. False when there is no such user or group. */
bool aq_accounts_owner(const char *owner, uid_t *uid, gid_t *gid);

#endif
