/* SPDX-License-Identifier: MIT */
/* `rexx-guest --grow`, and the same in libguestfs's appliance: the root file system, and the partition it is
 * on, get all the room that their disk has. */
#ifndef AQ_GUEST_SERVER_GROW_H
#define AQ_GUEST_SERVER_GROW_H

/* Exit statuses. */
enum {
    AQ_GROW_DONE = 0, /* or there was nothing to be gained */
    AQ_GROW_FAILED = 1,
    AQ_GROW_IMPOSSIBLE = 3, /* here it cannot be done in this way */
};

/* `root` is where it is mounted: "/" in a guest. Prints a line for each that was looked at: "partition
   /dev/vda2 OLD NEW", "filesystem ext4 OLD NEW", in bytes. Returns an exit status, with the reason on
   standard error. No tool of the guest is needed: the kernel does it. */
int aq_guest_grow(const char *root);

#endif
