/* SPDX-License-Identifier: MIT */
#include "gateway/fault.h"

static const struct {
    const char *name, *text;
} faults[] = {
#define X(fault, name, text) [AQ_FAULT_##fault] = {name, text},
    AQ_FAULTS(X)
#undef X
};

const char *aq_fault_name(enum aq_fault fault)
{
    return faults[fault].name;
}

const char *aq_fault_text(enum aq_fault fault)
{
    return faults[fault].text;
}
