/* SPDX-License-Identifier: MIT */
/* The private host keys of the guest's SSH servers, OpenSSH's and Dropbear's. */
#ifndef AQ_GUEST_SERVER_HOST_KEYS_H
#define AQ_GUEST_SERVER_HOST_KEYS_H

#include <stddef.h>

/* Writes their paths, each with its NUL, to `to`, as many as there is room for: how many, and *length. */
unsigned aq_host_keys_list(char *to, size_t room, size_t *length);

/* Notes which processes have those keys in their memory: while everything stands still, so that what was
   noted is true until it goes on. */
void aq_host_keys_note_servers(void);

/* The keys are others now: what was noted is told to read them again. */
void aq_host_keys_renewed(void);

#endif
