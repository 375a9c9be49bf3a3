/* SPDX-License-Identifier: MIT */
/* Where programs are found. */
#include "util/files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"

static bool is_program(const char *path)
{
    struct stat file;
    return stat(path, &file) == 0 && S_ISREG(file.st_mode) && access(path, X_OK) == 0;
}

/* Relative and empty entries of a PATH would run what lies in the current folder; they are passed over. */
static char *find_in(const char *folders, const char *name)
{
    while (*folders != '\0') {
        size_t length = strcspn(folders, ":");
        if (folders[0] == '/') {
            char *path = aq_format("%.*s/%s", (int)length, folders, name);
            if (is_program(path))
                return path;
            free(path);
        }
        folders += length;
        folders += *folders == ':';
    }
    return NULL;
}

char *aq_find_program(const char *name)
{
    if (name[0] == '\0')
        return NULL;
    if (strchr(name, '/') != NULL)
        return is_program(name) ? aq_strdup(name) : NULL;
    const char *path = getenv("PATH");
    char *found = find_in(path != NULL ? path : "/usr/local/bin:/usr/bin:/bin", name);
    return found != NULL ? found : find_in("/usr/local/sbin:/usr/sbin:/sbin", name);
}

char *aq_need_program(const char *name, const char *package, struct aq_error *err)
{
    char *path = aq_find_program(name);
    if (path == NULL)
        aq_fail(err, AQ_E_TOOL_MISSING, "%s is not installed: apt install %s", name, package);
    return path;
}
