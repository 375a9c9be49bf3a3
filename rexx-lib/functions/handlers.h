/* SPDX-License-Identifier: MIT */
/* The handlers behind the names of functions/list.h, each called aq_fn_<handler>. */
#ifndef AQ_FUNCTIONS_HANDLERS_H
#define AQ_FUNCTIONS_HANDLERS_H

#include "functions/invocation.h"
#include "functions/list.h"

#define AQ_DECLARE_HANDLER(handler, ...) aq_handler aq_fn_##handler;
AQ_FUNCTION_LIST(AQ_DECLARE_HANDLER)
AQ_HELPER_LIST(AQ_DECLARE_HANDLER)
#undef AQ_DECLARE_HANDLER

/* For functions that set a stem besides: the nth argument names it, if it is there. 0, or -1 after the
 * refusal. */
int aq_set_stem_argument(struct aq_invocation *call, ULONG n, const json_t *value);

#endif
