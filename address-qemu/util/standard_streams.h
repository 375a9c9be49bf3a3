/* SPDX-License-Identifier: MIT */
/* Standard input, output and error of a program that was started with one of them closed (>&-). */
#ifndef AQ_UTIL_STANDARD_STREAMS_H
#define AQ_UTIL_STANDARD_STREAMS_H

/* Takes the descriptors 0 to 2 where they are free, so that nothing else ever gets their numbers: what a
   script SAYs would go into a monitor's socket, or a disk. Reading and writing fail as before (EBADF), here
   and in children. */
void aq_standard_streams_take(void);

#endif
