/* SPDX-License-Identifier: MIT */
/*
 * Host keys that an SSH server may show: pinned before it is spoken to. In memory a pin is "TYPE KEY", such
 * as "ssh-ed25519 AAAA…"; on disk they are a known_hosts file as ssh reads it (sshd(8)), whose one host is an
 * alias that stands for the VM at whatever port it is reached.
 */
#ifndef AQ_GUEST_SSH_PINS_H
#define AQ_GUEST_SSH_PINS_H

#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"
#include "util/memory.h"

#define AQ_SSH_PINS_MAX 16
#define AQ_SSH_FINGERPRINT 51 /* "SHA256:" and 43 characters of base64, and a NUL */

/* Takes the host keys that stand in `text`, one on a line: as a .pub file has them, with a host's names in
   front as known_hosts has them, or amid noise, which is passed over. What is no key that libssh can use is
   passed over as well. Returns how many were new; -1 LIBRARY_MISSING, LIMIT_EXCEEDED. */
int aq_ssh_pins_add(struct aq_strings *pins, const char *text, size_t length, struct aq_error *err);

/* Writes them as a known_hosts file into the folder, in place of what is there; reads them back. A file that
   is not there holds none. */
int aq_ssh_pins_write(int folder, const char *name, const char *alias, const struct aq_strings *pins,
                      struct aq_error *err);
int aq_ssh_pins_read(int folder, const char *name, struct aq_strings *pins, struct aq_error *err);

/* Writes the first such file into a folder that is in the making, unsynced: what a crash takes of it can be
   read from the guest again. */
int aq_ssh_pins_make(int folder, const char *name, const char *alias, const struct aq_strings *pins,
                     struct aq_error *err);

/* The type of a pin, such as "ssh-ed25519". free() it. */
char *aq_ssh_pin_type(const char *pin);

/* Its fingerprint, as `ssh-keygen -l` shows it. "" for what is no key. */
const char *aq_ssh_pin_fingerprint(const char *pin, char text[AQ_SSH_FINGERPRINT]);

/* Is it such a fingerprint? */
bool aq_ssh_is_fingerprint(const char *text);

/* The algorithms that show a key of one of these types, as SSH's negotiation wants them. free() it. */
char *aq_ssh_pins_algorithms(const struct aq_strings *pins);

#endif
