/* SPDX-License-Identifier: MIT */
/* One health check of one VM, and what follows from it. */
#ifndef AQ_KEEPER_CHECK_H
#define AQ_KEEPER_CHECK_H

#include "util/keeper.h"

/* Runs it, notes what it has found (vm/health.h), and does what is due. A VM that is stopped, paused, gone,
   or so busy that nobody comes in is left alone: that says nothing of its health. But one that is down for a
   restart of ours that was cut short is started. */
void aq_check_health(struct aq_keeper *keeper, const char *vm);

#endif
