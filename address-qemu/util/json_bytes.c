/* SPDX-License-Identifier: MIT */
#include "util/json_bytes.h"

#include <string.h>

#include "util/memory.h"

json_t *aq_json_bytes(const char *text, size_t length, size_t max)
{
    size_t kept = length <= max ? length : max;
    while (kept < length && kept > 0 && ((unsigned char)text[kept] & 0xc0) == 0x80)
        kept--; /* not in the middle of a character */
    aq_autofree char *copy = aq_strndup(kept > 0 ? text : "", kept);
    json_t *valid = memchr(copy, '\0', kept) == NULL ? json_stringn(copy, kept) : NULL;
    if (valid != NULL && kept == length)
        return valid;
    for (size_t i = 0; valid == NULL && i < kept; i++)
        if (copy[i] == '\0' || (unsigned char)copy[i] >= 0x80)
            copy[i] = '?';
    json_decref(valid);
    return json_sprintf("%s%s", copy, kept < length ? "..." : "");
}
