/* SPDX-License-Identifier: MIT */
/* Places to mount on: folders and one file, made in the image where they are missing and taken away
 * afterwards, so that an image looks as it did before but for what the command has changed. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "offline/agent/agent.h"
#include "offline/agent/root.h"
#include "offline/agent/step.h"

static void note_made(struct aq_step_setup *setup, const char *path)
{
    if (setup->made_count < AQ_STEP_MADE_MAX)
        setup->made[setup->made_count++] = strdup(path);
}

/* Makes the folder `path` and those above it that are missing. */
static int make_folder(struct aq_step_setup *setup, const char *path)
{
    char part[PATH_MAX];
    if (strlen(path) >= sizeof part)
        return aq_agent_complain(ENAMETOOLONG, "%s", path), -1;
    for (size_t end = 1; path[end - 1] != '\0'; end++) {
        if (path[end] != '/' && path[end] != '\0')
            continue;
        memcpy(part, path, end);
        part[end] = '\0';
        int fd = aq_root_at(setup->root, part, O_PATH | O_DIRECTORY, 0);
        const char *name;
        if (fd < 0 && errno == ENOENT && (fd = aq_root_parent(setup->root, part, false, &name)) >= 0) {
            if (mkdirat(fd, name, 0755) < 0)
                return aq_agent_complain(errno, "cannot make %s in the image", part), -1;
            note_made(setup, part);
        }
        if (fd < 0)
            return aq_agent_complain(errno, "%s of the image is no folder", part), -1;
        close(fd);
    }
    return 0;
}

/* Where the resolver's file really is or would be: a link of one step is followed by hand, since what it
   names may be missing. */
static void resolver_path(int root, char path[PATH_MAX])
{
    char target[PATH_MAX / 2] = "";
    const char *name;
    snprintf(path, PATH_MAX, "%s", AQ_STEP_RESOLVER);
    int etc = aq_root_parent(root, path, false, &name);
    ssize_t length = etc >= 0 ? readlinkat(etc, name, target, sizeof target - 1) : -1;
    if (etc >= 0)
        close(etc);
    if (length <= 0)
        return;
    target[length] = '\0';
    const char *rest = target;
    if (strncmp(rest, "../", 3) == 0)
        rest += 2; /* "../run/…" of /etc */
    snprintf(path, PATH_MAX, "%s%s", rest[0] == '/' ? "" : "/etc/", rest);
}

static int make_resolver(struct aq_step_setup *setup)
{
    char path[PATH_MAX];
    int fd = aq_root_at(setup->root, AQ_STEP_RESOLVER, O_PATH, 0);
    if (fd >= 0) {
        close(fd);
        return 0;
    }
    resolver_path(setup->root, path);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    if (slash != path && make_folder(setup, path) < 0)
        return -1;
    *slash = '/';
    fd = aq_root_at(setup->root, path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (fd < 0)
        return aq_agent_complain(errno, "cannot make %s in the image", path), -1;
    close(fd);
    note_made(setup, path);
    return 0;
}

int aq_step_make_places(struct aq_step_setup *setup)
{
    static const char *const always[] = {"/proc", "/sys", "/dev", "/tmp"};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        if (make_folder(setup, always[i]) < 0)
            return -1;
    if (setup->secret_count > 0 && make_folder(setup, AQ_STEP_SECRETS) < 0)
        return -1;
    for (unsigned i = 0; i < setup->cache_count; i++)
        if (make_folder(setup, setup->caches[i].value) < 0)
            return -1;
    return setup->network ? make_resolver(setup) : 0;
}

void aq_step_remove_places(const struct aq_step_setup *setup)
{
    for (unsigned i = setup->made_count; i-- > 0;) {
        struct stat st;
        const char *name;
        int parent = aq_root_parent(setup->root, setup->made[i], false, &name);
        if (parent < 0)
            continue;
        /* A folder only when it is empty, the file only when it is: what the command put there stays. */
        if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            (S_ISDIR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_size == 0)))
            unlinkat(parent, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
        close(parent);
    }
}
