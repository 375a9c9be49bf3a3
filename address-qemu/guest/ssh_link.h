/* SPDX-License-Identifier: MIT */
/*
 * A link: an SSH connection to one server, from looking for it until a command can be run through it. It goes
 * its way in steps that do not wait, so that a channel can be awaited beside others; libssh is used in its
 * non-blocking mode throughout.
 *
 * The host key is judged before anything is said that the far side could use: it has to be a pinned one, or
 * one of the user's known_hosts. There is no way around that; asking which one it is ends with the answer.
 */
#ifndef AQ_GUEST_SSH_LINK_H
#define AQ_GUEST_SSH_LINK_H

#include "guest/ssh_dial.h"
#include "guest/ssh_library.h"
#include "guest/ssh_pins.h"
#include "util/process.h"

/* Where to, as whom, and how the far side is known. Strings are the owner's; zero-initialise. */
struct aq_ssh_target {
    char *name; /* what messages call the far side: "the VM web" */
    struct aq_ssh_address address;
    char *user;
    char *key_file;                       /* the private key */
    struct aq_strings pins;               /* host keys that are accepted */
    char fingerprint[AQ_SSH_FINGERPRINT]; /* of the one that is accepted where there are no pins; "": none */
    struct aq_process_id machine; /* the QEMU that the server is in; pid 0: it is not in one of ours */
    /* Instead of all that: `address.host`, `user` (NULL: as configured) and a port that is not 0 are what a
       user types, who has keys, an agent, known_hosts and a configuration of his own. */
    bool user_files;
};

struct aq_ssh_link;

/* Begins; the target has to live as long as the link. NULL: LIBRARY_MISSING, or the key cannot be used. */
struct aq_ssh_link *aq_ssh_link_open(const struct aq_ssh_target *target, struct aq_error *err);
void aq_ssh_link_close(struct aq_ssh_link *link);

/* Readable when there is something to do for it. */
int aq_ssh_link_fd(const struct aq_ssh_link *link);

bool aq_ssh_link_is_ready(const struct aq_ssh_link *link);

/* Goes on: 1 ready, 0 not yet, -1: what aq_ssh_dial_step says, SSH_PROTOCOL, SSH_HOST_KEY_UNKNOWN,
   SSH_HOST_KEY_CHANGED, SSH_KEY_REFUSED, SSH_CONNECTION_LOST. Ready ones are looked at anew. */
int aq_ssh_link_step(struct aq_ssh_link *link, struct aq_error *err);

/* Why it is not ready, when there is no more time. Returns -1. */
int aq_ssh_link_verdict(const struct aq_ssh_link *link, struct aq_error *err);

/* Asks a server for its host key, "TYPE KEY", whatever is known of it, and for nothing else. NULL with the
   errors above. free() it. */
char *aq_ssh_see_host_key(const struct aq_ssh_target *target, aq_deadline deadline, struct aq_error *err);

/* The host key that the server has shown, "TYPE KEY"; "" as long as it has shown none. */
const char *aq_ssh_link_host_key(const struct aq_ssh_link *link);

/* --- once it is ready --- */

ssh_session aq_ssh_link_session(struct aq_ssh_link *link);

/* Takes and sends what can be taken and sent now; what comes goes to the call backs of libssh's channels. 1:
   there was something, 0: there was not, -1 SSH_CONNECTION_LOST. */
int aq_ssh_link_pump(struct aq_ssh_link *link, struct aq_error *err);

/* Waits for the server, or for `events` on the other descriptor (-1: none). 1 something came, 0 the deadline;
   -1 INTERRUPTED, or SSH_CONNECTION_LOST when nothing has come for long although it was asked for. */
int aq_ssh_link_wait(struct aq_ssh_link *link, int other, short events, aq_deadline deadline,
                     struct aq_error *err);

/* SSH_CONNECTION_LOST in libssh's words; the link is of no use any more. Returns -1. */
int aq_ssh_link_lost(struct aq_ssh_link *link, struct aq_error *err);

#endif
