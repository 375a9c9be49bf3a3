/* SPDX-License-Identifier: MIT */
/*
 * The side channel of a command in the guest: lines of text both ways between the command and the host, apart
 * from its standard streams. CHECKPOINT speaks over it. Who may speak on it is decided by construction: it is
 * a descriptor that the command inherits, or files in a folder that only root can enter.
 *
 * The command finds it by a variable of its environment:
 *   fd:N        a stream socket at descriptor N. Its end is the end of the host's interest.
 *   file:PATH   where only files can be had (the guest agent): PATH.said is appended to by the command, whole
 *               lines at a time; PATH.told is appended to by the host, and looked at again and again.
 * A line ends with a line feed and has at most AQ_SIDE_MAX bytes without it; what is longer is dropped. This
 * header needs nothing but the C library: the guest's programs are built from it too.
 */
#ifndef AQ_GUEST_SIDE_H
#define AQ_GUEST_SIDE_H

#define AQ_SIDE_VARIABLE "ADDRESS_QEMU_SIDE"
#define AQ_SIDE_BY_FD "fd:"
#define AQ_SIDE_BY_FILE "file:"
#define AQ_SIDE_SAID ".said"
#define AQ_SIDE_TOLD ".told"
#define AQ_SIDE_FD 4
#define AQ_SIDE_MAX 4096

#endif
