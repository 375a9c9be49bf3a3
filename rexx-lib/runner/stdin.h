/* SPDX-License-Identifier: MIT */
/* A script on standard input that something else follows, behind a line that says so. */
#ifndef AQ_RUNNER_STDIN_H
#define AQ_RUNNER_STDIN_H

#include "util/memory.h"

/* Reads standard input up to the line that consists of the mark, and not a byte beyond its end: what follows
 * is the script's own, and of any program that it starts. 0; 1 if that line never came; -1 with errno. */
int aq_stdin_read_until(const char *mark, struct aq_buffer *to);

#endif
