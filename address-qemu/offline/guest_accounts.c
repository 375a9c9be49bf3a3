/* SPDX-License-Identifier: MIT */
#include "offline/guest_accounts.h"

#include <string.h>

/* A decimal number of at most 32 bits that ends at `end`; (uid_t)-1 is nobody's. */
static bool parse_id(const char *text, const char *end, uint32_t *id)
{
    uint64_t number = 0;
    if (text == end || end - text > 10)
        return false;
    for (; text < end; text++) {
        if (*text < '0' || *text > '9')
            return false;
        number = number * 10 + (uint64_t)(*text - '0');
    }
    *id = (uint32_t)number;
    return number < UINT32_MAX;
}

/* The end of the field that starts at `at`: a colon or the line's end. */
static const char *field_end(const char *at, const char *line_end)
{
    const char *colon = memchr(at, ':', (size_t)(line_end - at));
    return colon != NULL ? colon : line_end;
}

static bool line_names(const char *line, const char *line_end, const char *name, uint32_t *id)
{
    const char *end = field_end(line, line_end);
    if ((size_t)(end - line) != strlen(name) || memcmp(line, name, strlen(name)) != 0 || end == line_end)
        return false;
    end = field_end(end + 1, line_end); /* the password */
    return end < line_end && parse_id(end + 1, field_end(end + 1, line_end), id);
}

bool aq_guest_account(const char *text, size_t length, const char *name, uint32_t *id)
{
    if (parse_id(name, name + strlen(name), id))
        return true;
    for (const char *line = text, *end = text + length; line < end;) {
        const char *line_end = memchr(line, '\n', (size_t)(end - line));
        if (line_end == NULL)
            line_end = end;
        if (line_names(line, line_end, name, id))
            return true;
        line = line_end + 1;
    }
    return false;
}
