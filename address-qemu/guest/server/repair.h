/* SPDX-License-Identifier: MIT */
/*
 * What makes a clone of a frozen guest a machine of its own: random numbers, names and keys, all given by the
 * host in one request (guest/wire.h has its layout), and the clock.
 */
#ifndef AQ_GUEST_SERVER_REPAIR_H
#define AQ_GUEST_SERVER_REPAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does what a REPAIR asks. False with errno and *what. */
bool aq_repair(const unsigned char *request, size_t length, const char **what);

/* Writes what has been repaired through to the disk, in a process of its own that nobody waits for. */
void aq_repair_keep(void);

/* Nanoseconds since the Epoch. */
uint64_t aq_repair_time(void);

/* Moves the clock. False with errno. */
bool aq_repair_clock(int64_t nanoseconds);

#endif
