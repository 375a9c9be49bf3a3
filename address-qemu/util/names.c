/* SPDX-License-Identifier: MIT */
#include "util/names.h"

#include <string.h>

static bool valid(const char *name, size_t max)
{
    static const char letters_and_digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = strspn(name, letters_and_digits);
    return length >= 1 && length <= max && name[length] == '\0' && strchr("._-", name[0]) == NULL;
}

bool aq_name_valid(const char *name)
{
    return valid(name, AQ_NAME_MAX);
}

bool aq_folder_name_valid(const char *name)
{
    return valid(name, AQ_FOLDER_NAME_MAX);
}
