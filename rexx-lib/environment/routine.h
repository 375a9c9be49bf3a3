/* SPDX-License-Identifier: MIT */
/* Calling a routine of the script that has issued a command, in the middle of it. */
#ifndef AQ_ENVIRONMENT_ROUTINE_H
#define AQ_ENVIRONMENT_ROUTINE_H

#include "address-qemu/address-qemu.h"

/* Calls the routine that the checkpoint names, with stage, current, total, text and VM: a label of the
   script, with the script's own variables, or else an external routine. Its answer is the word that it
   returns; any other, or none, is to continue. Does not return when the routine ends the script. The
   `checkpoint` of aq_callbacks. */
enum aq_checkpoint_answer aq_routine_checkpoint(void *data, const struct aq_checkpoint *checkpoint);

#endif
