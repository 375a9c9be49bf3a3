/* SPDX-License-Identifier: MIT */
/* What the process that parses a hostile file system may still do. */
#ifndef AQ_OFFLINE_EXT4_SANDBOX_H
#define AQ_OFFLINE_EXT4_SANDBOX_H

/* From here on: reading and writing what is open, memory (of limited size), the clock, and ending. Anything
   else ends the process at once. After `cpu_seconds` of processor time, fewer where it was limited before, it
   is ended by SIGXCPU. 0, or -1 with errno. */
int aq_sandbox_enter(unsigned long cpu_seconds);

#endif
