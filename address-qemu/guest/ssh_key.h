/* SPDX-License-Identifier: MIT */
/* The key pair that opens the guests of a store: Ed25519, in the files id_ed25519 and id_ed25519.pub. */
#ifndef AQ_GUEST_SSH_KEY_H
#define AQ_GUEST_SSH_KEY_H

#include "util/error.h"

#define AQ_SSH_KEY "id_ed25519"

/* Makes the pair in the folder (which is private) unless it is there: whole or not at all, and any number of
   processes at once find the same one. LIBRARY_MISSING, IO, NO_SPACE. */
int aq_ssh_key_ensure(int folder, struct aq_error *err);

/* The public key of the private one at `path`, "TYPE KEY". NULL with FILE_NOT_FOUND, UNREADABLE or
   SSH_KEY_UNUSABLE. free() it. */
char *aq_ssh_key_public(const char *path, struct aq_error *err);

/* The private key itself, for libssh's functions; ssh_key_free() it. NULL as above: also when it has a
   passphrase, which nobody is asked for, or when others may read it. */
struct ssh_key_struct *aq_ssh_key_load(const char *path, struct aq_error *err);

#endif
