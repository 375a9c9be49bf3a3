/* SPDX-License-Identifier: MIT */
/*
 * Removing a folder with all that is in it. No link is followed and no other file system entered. However
 * deep the tree, one descriptor is open: the way back up is "..", which has to be the folder that we came
 * from. A folder is read anew after each of its folders has gone; what was removed before is not seen again,
 * so that costs little.
 */
#include "util/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"

/* A folder that we are in, by the name it has in the one above. */
struct level {
    char *name;
    dev_t dev;
    ino_t ino;
};

struct walk {
    struct level *levels;
    size_t depth;
    size_t capacity;
    int fd; /* of the innermost */
};

static void walk_free(struct walk *walk)
{
    for (size_t i = 0; i < walk->depth; i++)
        free(walk->levels[i].name);
    free(walk->levels);
    if (walk->fd >= 0)
        close(walk->fd);
}

static int fail_at(int dir, const char *name, int errnum, struct aq_error *err)
{
    aq_autofree char *path = aq_path_at(dir, name);
    return aq_fail_errno(err, AQ_E_IO, errnum, "cannot remove %s", path);
}

static int enter(struct walk *walk, int dir, const char *name, struct aq_error *err)
{
    aq_autoclose int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat folder;
    if (fd < 0 || fstat(fd, &folder) < 0)
        return fail_at(dir, name, errno, err);
    if (walk->depth > 0 && folder.st_dev != walk->levels[0].dev)
        return fail_at(dir, name, EXDEV, err);
    if (walk->depth == walk->capacity) {
        walk->capacity = walk->capacity != 0 ? walk->capacity * 2 : 16;
        walk->levels = aq_realloc(walk->levels, walk->capacity * sizeof *walk->levels);
    }
    walk->levels[walk->depth++] =
        (struct level){.name = aq_strdup(name), .dev = folder.st_dev, .ino = folder.st_ino};
    if (walk->fd >= 0)
        close(walk->fd);
    walk->fd = aq_steal_fd(&fd);
    return 0;
}

/* Removes what is in the innermost folder up to the first folder in it, whose name is returned; NULL with
 *empty set when nothing is left, or with an error. */
static char *clear_files(const struct walk *walk, bool *empty, struct aq_error *err)
{
    DIR *stream = aq_open_entries(walk->fd);
    if (stream == NULL) {
        fail_at(walk->fd, ".", errno, err);
        return NULL;
    }
    char *folder = NULL;
    const struct dirent *entry;
    while (folder == NULL && err->code == AQ_OK && (entry = readdir(stream)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (unlinkat(walk->fd, name, 0) == 0 || errno == ENOENT)
            continue;
        if (errno == EISDIR)
            folder = aq_strdup(name);
        else
            fail_at(walk->fd, name, errno, err);
    }
    closedir(stream);
    *empty = folder == NULL && err->code == AQ_OK;
    return folder;
}

/* Goes back to the folder above, if it still is where we came from. */
static int leave(struct walk *walk, struct aq_error *err)
{
    const struct level *above = &walk->levels[walk->depth - 2];
    aq_autoclose int fd = openat(walk->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat folder;
    if (fd < 0 || fstat(fd, &folder) < 0)
        return fail_at(walk->fd, "..", errno, err);
    if (folder.st_dev != above->dev || folder.st_ino != above->ino)
        return aq_fail(err, AQ_E_IO, "cannot remove %s: it was moved meanwhile", walk->levels[0].name);
    close(walk->fd);
    walk->fd = aq_steal_fd(&fd);
    return 0;
}

/* The innermost folder is empty: removes it, and is in the one above. */
static int remove_innermost(struct walk *walk, int top, struct aq_error *err)
{
    if (walk->depth > 1 && leave(walk, err) < 0)
        return -1;
    struct level *level = &walk->levels[walk->depth - 1];
    int parent = walk->depth > 1 ? walk->fd : top;
    if (unlinkat(parent, level->name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        return fail_at(parent, level->name, errno, err);
    free(level->name);
    walk->depth--;
    return 0;
}

int aq_remove_tree_at(int dir, const char *name, struct aq_error *err)
{
    if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR)
        return fail_at(dir, name, errno, err);
    aq_cleanup(walk_free) struct walk walk = {.fd = -1};
    if (enter(&walk, dir, name, err) < 0)
        return -1;
    struct aq_error local = {0};
    while (walk.depth > 0) {
        bool empty = false;
        aq_autofree char *folder = clear_files(&walk, &empty, &local);
        int done = -1;
        if (folder != NULL)
            done = enter(&walk, walk.fd, folder, &local);
        else if (empty)
            done = remove_innermost(&walk, dir, &local);
        if (done < 0)
            return aq_fail(err, local.code, "%s", local.text);
    }
    return 0;
}
