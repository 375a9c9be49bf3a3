/* SPDX-License-Identifier: MIT */
/*
 * A log that does not grow without bound: what a guest says may be endless, a disk is not. When it is full
 * its older half goes. Whoever reads it holds a shared lock meanwhile (fcntl(2), F_OFD_SETLKW), so that the
 * contents do not move under them; a reader that never ends costs the log, not the disk.
 */
#ifndef AQ_COMPANION_BOUNDED_H
#define AQ_COMPANION_BOUNDED_H

#include <stddef.h>
#include <sys/types.h>

/* Zero-initialise, with fd -1: then what is written to it is lost. */
struct aq_bounded {
    int fd; /* open for reading and writing, not for appending */
    off_t size;
    size_t limit;
};

/* Adds to its end. What the host's disk does not take is lost: the guest goes on. */
void aq_bounded_write(struct aq_bounded *log, const void *data, size_t length);

#endif
