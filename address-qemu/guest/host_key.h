/* SPDX-License-Identifier: MIT */
/* SSH host keys for clones, made here by libcrypto: a guest has not got the random numbers yet to make its
 * own, and would take a second for it. */
#ifndef AQ_GUEST_HOST_KEY_H
#define AQ_GUEST_HOST_KEY_H

#include "util/error.h"
#include "util/memory.h"

/* Makes a new key of the kind that the file at `path` in a guest holds, by its name: Ed25519, ECDSA (NIST
   P-256) or RSA (3072 bits); OpenSSH's or Dropbear's. `file` gets what the file is to hold, which is secret;
   `line` the public key as "TYPE BASE64". 1 made; 0 it is of a kind that is not known here; -1
   LIBRARY_MISSING, FAILED. */
int aq_host_key_make(const char *path, struct aq_buffer *file, struct aq_buffer *line, struct aq_error *err);

/* Is the file at that path one that OpenSSH keeps the public half beside, in "PATH.pub"? */
bool aq_host_key_has_public_file(const char *path);

#endif
