/* SPDX-License-Identifier: MIT */
/* The rules' one list, for reading and for judging. */
#ifndef AQ_POLICY_RULES_H
#define AQ_POLICY_RULES_H

#include "policy/policy.h"

enum aq_policy_kind { AQ_POLICY_COUNT, AQ_POLICY_SIZE, AQ_POLICY_SOURCES, AQ_POLICY_PATTERNS };

struct aq_policy_rule_of {
    const char *name;
    enum aq_policy_kind kind;
    uint64_t strict; /* the limit under `strict` where none is written; 0: none */
};

extern const struct aq_policy_rule_of aq_policy_rules[AQ_POLICY_RULES];

#endif
