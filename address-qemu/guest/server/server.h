/* SPDX-License-Identifier: MIT */
/* The guest's end of the helper's protocol (guest/wire.h): what `rexx-guest --serve` does. */
#ifndef AQ_GUEST_SERVER_SERVER_H
#define AQ_GUEST_SERVER_SERVER_H

/*
 * `rexx-guest --serve [--daemon] [PORT-DEVICE …]`: serves the given ports, or without any every virtio-serial
 * port whose name starts with org.address-qemu.helper., also those that appear later; one process a port.
 * With --daemon it returns at once and serves in the background; if another one serves this guest already it
 * ends quietly. argv[0] is the program, argv[1] "--serve". Returns an exit status.
 */
int aq_guest_serve(int argc, char **argv);

/* Serves one port that is open: returns when it is gone, or (for a socket) when the host has closed it, or
   when the program's file has been replaced and the host has said HELLO, so that the new one can take over.
 */
void aq_guest_serve_port(int fd);

#endif
