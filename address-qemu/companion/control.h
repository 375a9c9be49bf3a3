/* SPDX-License-Identifier: MIT */
/*
 * How the companion is told what to do, and asked: messages over a SOCK_SEQPACKET socket, each a line of
 * words, some with a descriptor. To each there are any number of answers that begin with "row ", then one
 * that is "ok" or "ok …", or "error CODE text". By the connection that it is started with, and by a socket in
 * the VM's runtime folder:
 *
 *     card MAC ADDRESS              the guest's card, on the cable that comes with it
 *     lease HOSTNAME DOMAIN         what the lease tells the guest; "-": nothing
 *     console                       QEMU's end of the serial console comes with it
 *     console-log, console-socket, drop-log, control-socket     these come with it
 *     nameservers ADDRESS[#PORT] …  the host's
 *     hosts NAME ADDRESS …          names that are known, for the rules that have them; the last word on it
 *     peer NAME ADDRESS             another VM of its private network; the cable to it comes with it
 *     rules LIST                    what may be reached, as spec/egress.h has it
 *     forward PROTOCOL ADDRESS HOST-PORT GUEST-PORT      the bound (and listening) socket comes with it
 *     unforward PROTOCOL ADDRESS HOST-PORT               it may be closed already
 *     start                         enter the sandbox and serve; answers what the sandbox has come to
 *     state                         rows of words and numbers about all this
 *     drops                         rows: fault protocol address port count first-ms-ago last-ms-ago name,
 *                                   and what the fault means
 *     names                         rows: name address, as the rules' names have turned out to be
 *     ask PORT                      does something in the guest listen there? A row: open, closed, silent
 *     network                       has the guest its address and a route? A row: open, silent, or (when it
 *                                   does not answer, but was given its address) leased MILLISECONDS
 *
 * Before "start" it trusts whoever speaks; after it, too: the socket is in a folder of the VM's owner alone.
 */
#ifndef AQ_COMPANION_CONTROL_H
#define AQ_COMPANION_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/polls.h"

#define AQ_CONTROL_CLIENTS 8
#define AQ_CONTROL_MESSAGE_MAX 32768 /* as many rules as there may be */

struct aq_companion;

struct aq_control {
    int listener;
    int listener_place;
    int clients[AQ_CONTROL_CLIENTS]; /* -1: free. The first is the one that it is started by */
    int places[AQ_CONTROL_CLIENTS];
};

void aq_control_open(struct aq_control *control, int start);
void aq_control_fill(struct aq_control *control, struct aq_polls *polls);
void aq_control_serve(struct aq_companion *companion, const struct aq_polls *polls);

/* One answer. A client that does not take it is dropped. */
void aq_control_reply(int client, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
