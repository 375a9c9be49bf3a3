/* SPDX-License-Identifier: MIT */
/* Is an address one of the host's own? The routing table is asked when the question comes up: addresses come
 * and go while a VM runs. */
#ifndef AQ_GATEWAY_OWN_H
#define AQ_GATEWAY_OWN_H

#include <stdbool.h>

#include "util/ip.h"

/* True also when it cannot be found out, and for a broadcast address. Answers are kept for two seconds. */
bool aq_is_own(const struct aq_ip *address);

#endif
