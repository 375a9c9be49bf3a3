/* SPDX-License-Identifier: MIT */
/* One try to get what a URL names, by libcurl. For download.c. */
#ifndef AQ_UTIL_TRANSFER_H
#define AQ_UTIL_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

/* What the other side says before the first byte. */
struct aq_transfer_start {
    bool resumed;          /* what follows goes on from `from`; otherwise it is all of it from its start */
    uint64_t total;        /* bytes in all; 0: not said */
    const char *validator; /* what names this very version of it: an ETag or a date; "" if there is none */
};

struct aq_transfer {
    const char *url;
    bool allow_file;
    uint64_t from;         /* where to go on; 0: at the start */
    const char *validator; /* of what is there already; "": not known, take what comes */
    int64_t quiet_ms;      /* without a byte, until it is given up */
    int (*begin)(void *data, const struct aq_transfer_start *start, struct aq_error *err);
    int (*take)(void *data, const char *bytes, size_t length, struct aq_error *err);
    void *data;
};

enum aq_transfer_result {
    AQ_TRANSFER_DONE,
    AQ_TRANSFER_FAILED,  /* for good */
    AQ_TRANSFER_BROKEN,  /* another try may help */
    AQ_TRANSFER_NO_RANGE /* it cannot go on from there; one from the start may help */
};

/* `err` is set unless it is DONE. */
enum aq_transfer_result aq_transfer(const struct aq_transfer *transfer, struct aq_error *err);

#endif
