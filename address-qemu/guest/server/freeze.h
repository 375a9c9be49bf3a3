/* SPDX-License-Identifier: MIT */
/*
 * Making everything in the guest stand still but the process that calls: for a template, whose clones must
 * not run a program before they have been given an identity and random numbers of their own. It is done with
 * the freezer of control groups, version 2: the caller moves into a group of its own, what is in the root
 * group or in the caller's moves into another, and all groups but the caller's are frozen. Processes and
 * threads of the kernel itself go on.
 */
#ifndef AQ_GUEST_SERVER_FREEZE_H
#define AQ_GUEST_SERVER_FREEZE_H

#include <stdbool.h>
#include <stdint.h>

/* Does beforehand what need not be done while a guest stands still: moving processes takes the kernel tens of
   milliseconds. *why says why the guest cannot be frozen, if so. */
void aq_freeze_prepare(const char **why);

/* Freezes; true when all stands still: from then on the caller comes before everything else. False: nothing
   is frozen, and *why says what cannot be. After `patience_ms` it thaws by itself (see aq_freeze_tick): the
   host may have died meanwhile. */
bool aq_freeze(int64_t patience_ms, const char **why);

/* Lets everything go on. True if it has stood still until now. */
bool aq_thaw(void);

/* When it will thaw by itself, on CLOCK_MONOTONIC in ms; 0: nothing is frozen. */
int64_t aq_freeze_ends_at(void);

/* Thaws if that moment has come. */
void aq_freeze_tick(void);

/* The caller is one among others again: when the host has its answer. */
void aq_freeze_over(void);

#endif
