/* SPDX-License-Identifier: MIT */
/* What `network=` and a script's header may say: to which network a VM's card leads. */
#ifndef AQ_SPEC_NETWORK_NAME_H
#define AQ_SPEC_NETWORK_NAME_H

#include "util/error.h"

/* The network as records have it: "user" and "none" in any case, or the name of a private one, as it is. NULL
   with NOT_SUPPORTED for what other tools call a network and what would need root here, or VALUE_INVALID. */
const char *aq_network_name(const char *text, struct aq_error *err);

#endif
