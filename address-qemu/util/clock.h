/* SPDX-License-Identifier: MIT */
/* Moments for records and reports. For deadlines and measuring see util/wait.h. */
#ifndef AQ_UTIL_CLOCK_H
#define AQ_UTIL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Room for a moment as text, NUL included. */
#define AQ_TIME_TEXT 21

/* "2026-03-01T09:30:00Z" (RFC 3339, UTC, whole seconds). Returns `text`. */
const char *aq_time_text(time_t moment, char text[AQ_TIME_TEXT]);
const char *aq_now_text(char text[AQ_TIME_TEXT]);

/* Milliseconds since a process started, from its start time in clock ticks since boot (struct aq_process_id).
 * ≥ 0. */
int64_t aq_uptime_ms(uint64_t start_time);

/* This boot's identity (37 bytes, NUL included): what was true of a process or a device may not be after
   another. False where the kernel does not tell. */
bool aq_boot_id(char text[37]);

#endif
