/* SPDX-License-Identifier: MIT */
/* Whole messages over a SOCK_SEQPACKET Unix socket, each with a descriptor if need be (unix(7), SCM_RIGHTS).
 */
#ifndef AQ_UTIL_MESSAGE_H
#define AQ_UTIL_MESSAGE_H

#include <stddef.h>
#include <sys/types.h>

/* Sends a message at once or not at all; `passed` is a descriptor that goes with it, -1: none. 0, or -1 with
   errno. */
int aq_message_send(int fd, const void *data, size_t length, int passed);

/* Takes the next message, if one is there. `passed` gets the descriptor that came with it (close it), or -1.
   Its length, 0 at the end of the conversation, or -1 with errno: EAGAIN when none is there, EMSGSIZE for one
   that is longer than `size`. */
ssize_t aq_message_receive(int fd, void *data, size_t size, int *passed);

#endif
