/* SPDX-License-Identifier: MIT */
/* What verbs say of a spec that was carried out, or is to be. */
#ifndef AQ_VERBS_MODIFY_FIELDS_H
#define AQ_VERBS_MODIFY_FIELDS_H

#include "command/verb.h"
#include "modify/modify.h"

/* LAYER, CACHED, BUILT, FAILED_LAYER, EXIT_CODE, RELABEL and the table STEPS. */
void aq_set_modify_fields(aq_result *result, const struct aq_modify *modify);

/* The steps as a listing. */
void aq_say_modify_steps(aq_result *result, const struct aq_modify *modify);

#endif
