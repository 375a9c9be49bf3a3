/* SPDX-License-Identifier: MIT */
#include "guest/server/accounts.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_number(const char *text, unsigned *number)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value >= UINT32_MAX)
        return false;
    *number = (unsigned)value;
    return true;
}

/* Finds NAME:x:NUMBER[:NUMBER…] in a file such as /etc/passwd; second may be NULL. */
static bool look_up(const char *file, const char *name, unsigned *first, unsigned *second)
{
    char line[4096];
    bool found = false;
    size_t length = strlen(name);
    FILE *list = fopen(file, "re");
    while (list != NULL && !found && fgets(line, sizeof line, list) != NULL) {
        if (strncmp(line, name, length) != 0 || line[length] != ':')
            continue;
        const char *rest = strchr(line + length + 1, ':');
        found = rest != NULL && (second == NULL ? sscanf(rest, ":%u", first) == 1
                                                : sscanf(rest, ":%u:%u", first, second) == 2);
    }
    if (list != NULL)
        fclose(list);
    return found;
}

static bool find_user(const char *name, bool want_group, uid_t *uid, gid_t *gid)
{
    unsigned user;
    unsigned group;
    if (parse_number(name, &user) && !want_group) {
        *uid = user;
        return true;
    }
    if (!look_up("/etc/passwd", name, &user, &group))
        return false;
    *uid = user;
    if (want_group)
        *gid = group;
    return true;
}

static bool find_group(const char *name, gid_t *gid)
{
    unsigned group;
    if (!parse_number(name, &group) && !look_up("/etc/group", name, &group, NULL))
        return false;
    *gid = group;
    return true;
}

bool aq_accounts_owner(const char *owner, uid_t *uid, gid_t *gid)
{
    char user[256];
    const char *colon = strchr(owner, ':');
    size_t length = colon != NULL ? (size_t)(colon - owner) : strlen(owner);
    *uid = (uid_t)-1;
    *gid = (gid_t)-1;
    if (length >= sizeof user)
        return false;
    memcpy(user, owner, length);
    user[length] = '\0';
    bool own_group = colon != NULL && colon[1] == '\0';
    if (length > 0 && !find_user(user, own_group, uid, gid))
        return false;
    return colon == NULL || own_group || find_group(colon + 1, gid);
}
