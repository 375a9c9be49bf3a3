/* SPDX-License-Identifier: MIT */
/* Where Regina looks for a script; the current folder also for root, which Regina leaves out. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "script.h"

static const char *const suffixes[] = {"", ".rexx", ".rex", ".cmd", ".rx"};

/* `folder` may be "" for a name that has its own. Without `bare` only with a suffix: in PATH a file that is
   called like a script is most often a program. */
static char *find_in(const char *folder, size_t folder_length, const char *name, bool bare)
{
    bool suffixed = false;
    for (size_t i = 1; i < sizeof suffixes / sizeof *suffixes; i++) {
        size_t length = strlen(name), tail = strlen(suffixes[i]);
        suffixed = suffixed || (length > tail && strcmp(name + length - tail, suffixes[i]) == 0);
    }
    for (size_t i = bare || suffixed ? 0 : 1; i < sizeof suffixes / sizeof *suffixes; i++) {
        char *path = aq_format("%.*s%s%s%s", (int)folder_length, folder, folder_length > 0 ? "/" : "", name,
                               suffixes[i]);
        struct stat status;
        if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode))
            return path;
        free(path);
    }
    return NULL;
}

static char *find_in_list(const char *list, const char *name, bool bare)
{
    while (list != NULL && *list != '\0') {
        size_t length = strcspn(list, ":");
        char *path = length > 0 ? find_in(list, length, name, bare) : NULL;
        if (path != NULL)
            return path;
        list += length + (list[length] == ':');
    }
    return NULL;
}

char *aq_script_find(const char *name)
{
    if (strchr(name, '/') != NULL)
        return find_in("", 0, name, true);
    char *path = find_in_list(getenv("REGINA_MACROS"), name, true);
    if (path == NULL)
        path = find_in(".", 1, name, true);
    if (path == NULL)
        path = find_in_list(getenv("PATH"), name, false);
    return path;
}
