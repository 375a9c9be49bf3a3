/* SPDX-License-Identifier: MIT */
#include "util/size.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct unit {
    const char *name;
    int64_t factor;
};

/* 300 times 1.5: whole and decimal digits are counted apart, exactly, so that no rounding of doubles shows.
   Returns what follows the number, or NULL when there is none or it is too large. */
static const char *parse_number(const char *text, int64_t factor, int64_t *value)
{
    const char *p = text;
    int64_t whole = 0;
    for (; isdigit((unsigned char)*p); p++)
        if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, *p - '0', &whole))
            return NULL;
    bool digits = p > text;
    if (__builtin_mul_overflow(whole, factor, &whole))
        return NULL;
    if (*p == '.') {
        p++;
        __int128 part = 0;
        __int128 scale = 1;
        for (; isdigit((unsigned char)*p); p++) {
            digits = true;
            if (scale >= 1000000000000) /* finer than a byte of a tebibyte */
                continue;
            part = part * 10 + (*p - '0');
            scale *= 10;
        }
        if (__builtin_add_overflow(whole, (int64_t)(part * factor / scale), &whole))
            return NULL;
    }
    *value = whole;
    return digits ? p : NULL;
}

/* What follows the number decides the factor, so the number is read twice. */
static bool parse_with_unit(const char *text, const struct unit *units, size_t count, int64_t *value)
{
    size_t number = strspn(text, "0123456789.");
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(text + number, units[i].name) == 0)
            return parse_number(text, units[i].factor, value) == text + number;
    return false;
}

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define KIB ((int64_t)1 << 10)
#define MIB ((int64_t)1 << 20)
#define GIB ((int64_t)1 << 30)
#define TIB ((int64_t)1 << 40)

int aq_parse_size(const char *text, uint64_t *bytes, struct aq_error *err)
{
    static const struct unit units[] = {
        {"", MIB},  {"k", KIB},  {"kb", KIB},  {"kib", KIB}, {"m", MIB},  {"mb", MIB},  {"mib", MIB},
        {"g", GIB}, {"gb", GIB}, {"gib", GIB}, {"t", TIB},   {"tb", TIB}, {"tib", TIB},
    };
    int64_t value;
    if (!parse_with_unit(text, units, COUNT(units), &value))
        return aq_fail(
            err, AQ_E_VALUE_INVALID,
            "\"%s\" is not a size: a number with K, M, G or T, such as 512M or 1.5G (a bare number is MiB)",
            text);
    *bytes = (uint64_t)value;
    return 0;
}

/* What a deadline in nanoseconds can hold: 292 years. */
#define LONGEST_MS (INT64_MAX / 1000000)

static int parse_duration(const char *text, int64_t bare, int64_t *milliseconds, struct aq_error *err)
{
    const struct unit units[] = {
        {"", bare},
        {"ms", 1},
        {"s", 1000},
        {"m", INT64_C(60) * 1000},
        {"h", INT64_C(3600) * 1000},
        {"d", INT64_C(86400) * 1000},
    };
    int64_t value;
    if (!parse_with_unit(text, units, COUNT(units), &value) || value > LONGEST_MS)
        return aq_fail(err, AQ_E_VALUE_INVALID,
                       "\"%s\" is not a duration: a number with ms, s, m, h or d, such as 90s or 5m (a bare "
                       "number is %s)",
                       text, bare == 1 ? "milliseconds" : "seconds");
    *milliseconds = value;
    return 0;
}

int aq_parse_duration(const char *text, int64_t *milliseconds, struct aq_error *err)
{
    return parse_duration(text, 1000, milliseconds, err);
}

int aq_parse_duration_ms(const char *text, int64_t *milliseconds, struct aq_error *err)
{
    return parse_duration(text, 1, milliseconds, err);
}

const char *aq_size_text(uint64_t bytes, char text[AQ_SIZE_TEXT])
{
    static const char units[] = "KMGTPE";
    if (bytes < 1024) {
        snprintf(text, AQ_SIZE_TEXT, "%" PRIu64, bytes);
        return text;
    }
    /* Tenths, rounded; 1023.6K is 1M. */
    int unit = 0;
    uint64_t scale = 1024;
    while (unit < 5 && bytes / scale >= 1024) {
        scale *= 1024;
        unit++;
    }
    uint64_t tenths = (uint64_t)(((__int128)bytes * 10 + scale / 2) / scale);
    if (tenths >= 10235 && unit < 5) {
        tenths = 10;
        unit++;
    }
    if (tenths % 10 == 0 || tenths >= 1000)
        snprintf(text, AQ_SIZE_TEXT, "%" PRIu64 "%c", (tenths + 5) / 10, units[unit]);
    else
        snprintf(text, AQ_SIZE_TEXT, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10, tenths % 10, units[unit]);
    return text;
}

const char *aq_duration_text(int64_t milliseconds, char text[AQ_SIZE_TEXT])
{
    int64_t seconds = milliseconds / 1000;
    int64_t minutes = seconds / 60;
    int64_t hours = minutes / 60;
    if (milliseconds < 1000)
        snprintf(text, AQ_SIZE_TEXT, "%" PRId64 "ms", milliseconds);
    else if (minutes == 0)
        snprintf(text, AQ_SIZE_TEXT, "%" PRId64 ".%" PRId64 "s", seconds, milliseconds % 1000 / 100);
    else if (hours == 0)
        snprintf(text, AQ_SIZE_TEXT, "%" PRId64 "m%" PRId64 "s", minutes, seconds % 60);
    else if (hours < 48)
        snprintf(text, AQ_SIZE_TEXT, "%" PRId64 "h%" PRId64 "m", hours, minutes % 60);
    else
        snprintf(text, AQ_SIZE_TEXT, "%" PRId64 "d%" PRId64 "h", hours / 24, hours % 24);
    return text;
}
