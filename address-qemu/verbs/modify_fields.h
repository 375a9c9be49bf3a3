/* SPDX-License-Identifier: MIT */
/* What verbs say of a spec that was carried out, or is to be. */
#ifndef AQ_VERBS_MODIFY_FIELDS_H
#define AQ_VERBS_MODIFY_FIELDS_H

#include "command/verb.h"
#include "modify/modify.h"

/* What verbs that read a spec are told. */
#define AQ_MODIFY_PARAMS                                                                                     \
    {"spec",           AQ_TYPE_PATH,       .source = AQ_SOURCE_SCRIPT,                                       \
     .required = true, .positional = true, .meaning = "the YAML file that says what is changed"},            \
        {"base", AQ_TYPE_TEXT,                                                                               \
         .meaning = "a base, or sha256: and a layer's id, to use instead of the spec's base_checkpoint"},    \
    {                                                                                                        \
        "allow_source", AQ_TYPE_PATH,                                                                        \
            .repeatable = true, .meaning = "a folder besides the spec's own that sources may come from"      \
    }

/* What those say. `folders` is zero-initialised, and has to live as long as what comes back. */
struct aq_modify_request aq_modify_request_of(const struct aq_call *call, struct aq_strings *folders);

/* LAYER, CACHED, BUILT, FAILED_LAYER, EXIT_CODE, RELABEL and the table STEPS. */
void aq_set_modify_fields(aq_result *result, const struct aq_modify *modify);

/* What would be done, and why: LAYER, BASE, CACHED, PENDING, the table STEPS, and a listing. */
int aq_set_modify_plan(aq_result *result, struct aq_modify *modify, struct aq_error *err);

#endif
