/* SPDX-License-Identifier: MIT */
#include "spec/glob.h"

#include <fnmatch.h>
#include <stdint.h>
#include <string.h>

#include "util/memory.h"

/* Cuts a path at its slashes, in place. */
static void split(char *path, struct aq_strings *parts)
{
    for (char *part = path; part != NULL && *part != '\0';) {
        char *slash = strchr(part, '/');
        if (slash != NULL)
            *slash++ = '\0';
        if (*part != '\0')
            aq_strings_add(parts, part);
        part = slash;
    }
}

/* As a match of `*` in one name, with names for characters: after a mismatch the last `**` takes one more. */
static bool match_parts(const struct aq_strings *glob, const struct aq_strings *path)
{
    size_t at = 0, star = SIZE_MAX, resume = 0;
    for (size_t i = 0; i < path->count;) {
        if (at < glob->count && strcmp(glob->items[at], "**") == 0) {
            star = at++;
            resume = i;
        } else if (at < glob->count && fnmatch(glob->items[at], path->items[i], 0) == 0) {
            at++;
            i++;
        } else if (star != SIZE_MAX) {
            at = star + 1;
            i = ++resume;
        } else {
            return false;
        }
    }
    return at == glob->count; /* `**` at the end is at least one: what is in a folder, not the folder */
}

bool aq_glob_means(const char *glob, const char *path, bool is_folder)
{
    size_t length = strlen(glob);
    if (glob[length - 1] == '/') {
        if (!is_folder)
            return false;
        length--;
    }
    aq_autofree char *plain = aq_strndup(glob, length);
    if (strchr(plain, '/') == NULL) {
        const char *slash = strrchr(path, '/');
        return fnmatch(plain, slash != NULL ? slash + 1 : path, 0) == 0;
    }
    aq_autofree char *whole = aq_strdup(path);
    aq_autostrings struct aq_strings wanted = {0};
    aq_autostrings struct aq_strings found = {0};
    split(plain, &wanted);
    split(whole, &found);
    return match_parts(&wanted, &found);
}
