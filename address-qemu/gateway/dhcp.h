/* SPDX-License-Identifier: MIT */
/* The one lease that there is (RFC 2131, 2132). libslirp's own server is left out: it may not read the host's
 * resolv.conf from within the sandbox, and gives leases to whoever asks. */
#ifndef AQ_GATEWAY_DHCP_H
#define AQ_GATEWAY_DHCP_H

#include "gateway/net.h"

/* What the lease tells the guest. Texts may be "". */
struct aq_dhcp {
    struct aq_guest_card card;
    char hostname[64];
    char domain[128]; /* its own, in which it looks for short names too */
};

#define AQ_DHCP_MAX 1024 /* room for an answer's frame */

/* How far the guest has come. */
enum aq_dhcp_step {
    AQ_DHCP_OTHER,
    AQ_DHCP_BEGINS, /* it has just come up, and looks for its address */
    AQ_DHCP_LEASED, /* it is told that it has it */
};

/* Answers a frame whose UDP payload is a DHCP message: the length of the answer's frame, 0 for none. */
size_t aq_dhcp_answer(const struct aq_dhcp *dhcp, const struct aq_packet *packet,
                      unsigned char frame[AQ_DHCP_MAX], enum aq_dhcp_step *step);

#endif
