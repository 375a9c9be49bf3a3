/* SPDX-License-Identifier: MIT */
/*
 * Sizes and durations as people write them. A number may have decimals ("1.5G"); units are of 1024, in any
 * case, with an optional "B" or "iB" ("512m", "2GB", "2GiB"). Every refusal is VALUE_INVALID and quotes what
 * was given.
 */
#ifndef AQ_UTIL_SIZE_H
#define AQ_UTIL_SIZE_H

#include <stdint.h>

#include "util/error.h"

/* A size in bytes. Units k, m, g, t; a bare number is MiB. More than INT64_MAX bytes is refused. */
int aq_parse_size(const char *text, uint64_t *bytes, struct aq_error *err);

/* A duration in milliseconds. Units ms, s, m, h, d; a bare number is seconds. */
int aq_parse_duration(const char *text, int64_t *milliseconds, struct aq_error *err);

/* The same where a bare number is milliseconds. */
int aq_parse_duration_ms(const char *text, int64_t *milliseconds, struct aq_error *err);

/* Room for what the two below write. */
#define AQ_SIZE_TEXT 32

/* For humans, at most one decimal: "0", "196K", "1.5G". Returns `text`. */
const char *aq_size_text(uint64_t bytes, char text[AQ_SIZE_TEXT]);

/* For humans: "850ms", "4.2s", "3m10s", "2h5m", "3d4h". Returns `text`. */
const char *aq_duration_text(int64_t milliseconds, char text[AQ_SIZE_TEXT]);

#endif
