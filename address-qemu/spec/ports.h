/* SPDX-License-Identifier: MIT */
/* Ports of a guest that are to be reached from the host, as people write them: "8080", "18080:8080",
   "0.0.0.0:18080:8080", "8080/udp", and several of them with commas between. */
#ifndef AQ_SPEC_PORTS_H
#define AQ_SPEC_PORTS_H

#include <stdint.h>

#include "util/error.h"

struct aq_ingress {
    char protocol[4]; /* "tcp" or "udp" */
    char address[16]; /* IPv4 of the host */
    uint16_t host;    /* 0: a free one */
    uint16_t guest;
};

/* Parses a list of at most `max`; `bind` is the address where none is written (NULL: 127.0.0.1). Returns how
   many, or -1 with VALUE_INVALID quoting the part that is wrong, or one that is said twice. */
int aq_ingress_parse(const char *text, const char *bind, struct aq_ingress *ports, unsigned max,
                     struct aq_error *err);

#endif
