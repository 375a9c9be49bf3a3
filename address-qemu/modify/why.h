/* SPDX-License-Identifier: MIT */
/* Why the steps of a spec have to be done, as far as the layers of earlier builds tell. */
#ifndef AQ_MODIFY_WHY_H
#define AQ_MODIFY_WHY_H

#include "modify/modify.h"

/* Gives each step that has to be done its `reason`. Compared is with what was built before of the same spec
   file; a step like none of that "was not done before". */
int aq_modify_explain(struct aq_modify *modify, struct aq_error *err);

#endif
