/* SPDX-License-Identifier: MIT */
/* What the guest wrote to its serial console: the guest's own words, so made harmless before anybody's
 * terminal sees them. */
#ifndef AQ_VM_CONSOLE_H
#define AQ_VM_CONSOLE_H

#include "vm/vm.h"

/* The last lines (of the last 256 KiB), since the latest start, without escape sequences and other control
   characters. Nothing when it was never started. */
int aq_console_tail(const struct aq_vm *vm, unsigned lines, struct aq_buffer *text, struct aq_error *err);

#endif
