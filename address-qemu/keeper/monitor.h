/* SPDX-License-Identifier: MIT */
/*
 * The monitor: runs the health check of each VM at its interval, each in a process of its own, so that a
 * guest that hangs delays no other. What there is to check is read from the store when somebody says so, and
 * once a minute.
 */
#ifndef AQ_KEEPER_MONITOR_H
#define AQ_KEEPER_MONITOR_H

/* The keeper's life; the program's exit code. `arguments` as for aq_keeper_become. */
int aq_monitor(char **arguments);

#endif
