/* SPDX-License-Identifier: MIT */
#include "util/names.h"

#include <string.h>

bool aq_name_valid(const char *name)
{
    static const char letters_and_digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = strspn(name, letters_and_digits);
    return length >= 1 && length <= AQ_NAME_MAX && name[length] == '\0' && strchr("._-", name[0]) == NULL;
}
