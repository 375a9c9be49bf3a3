/* SPDX-License-Identifier: MIT */
/* The router that a guest of IPv6 looks for (RFC 4861; RFC 8106 for the nameserver). libslirp's own would
 * read the host's resolv.conf each time. */
#ifndef AQ_GATEWAY_ADVERT_H
#define AQ_GATEWAY_ADVERT_H

#include "gateway/net.h"

enum { AQ_ADVERT_EVERY_MS = 600000 }; /* well within the time that it holds for */

/* A router advertisement to all nodes on that card. `frame` has room for AQ_BUILD_MAX bytes. */
size_t aq_advert_build(const struct aq_guest_card *card, unsigned char *frame);

#endif
