/* SPDX-License-Identifier: MIT */
/* A REXX script of this host that runs on another machine, through SSH, as it would here. */
#ifndef AQ_GUEST_REMOTE_H
#define AQ_GUEST_REMOTE_H

#include "guest/channel.h"

/* Runs it: its output as it comes, standard input of ours for its own, SIGINT handed on. 0 whatever its exit
   code is. The static rexx-guest is sent first, into the user's cache folder there, unless this version is
   there or an installed `rexx` of it. VALUE_INVALID for what is no destination; what guest/ssh_link.h has;
   what aq_channel_put and aq_channel_exec fail with. */
int aq_remote_run(const struct aq_remote_script *script,
                  void (*output)(void *data, enum aq_stream stream, const char *bytes, size_t length),
                  void *data, struct aq_guest_exit *exit, struct aq_error *err);

/* Reads [USER@]HOST[:PORT], also ssh://…; an IPv6 address with a port is in brackets. `user` is NULL and
   `port` 0 when they are not named. free() both texts. */
int aq_remote_destination(const char *text, char **user, char **host, uint16_t *port, struct aq_error *err);

#endif
