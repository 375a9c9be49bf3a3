/* SPDX-License-Identifier: MIT */
#include "image/build_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/embedded.h"
#include "util/files.h"

static int fail_tree(int dir, const char *name, int errnum, struct aq_error *err)
{
    aq_autofree char *path = aq_path_at(dir, name);
    return aq_fail_errno(err, AQ_E_IO, errnum, "cannot make %s", path);
}

/* One level: an existing folder is opened, a missing one made. */
static int enter_folder(int dir, const char *name, struct aq_error *err)
{
    bool made = mkdirat(dir, name, 0755) == 0;
    if (!made && errno != EEXIST)
        return fail_tree(dir, name, errno, err);
    aq_autoclose int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || (made && fchmod(fd, 0755) < 0))
        return fail_tree(dir, name, errno, err);
    return aq_steal_fd(&fd);
}

int aq_tree_folder(int root, const char *path, struct aq_error *err)
{
    aq_autoclose int folder = fcntl(root, F_DUPFD_CLOEXEC, 3);
    if (folder < 0)
        return fail_tree(root, path, errno, err);
    aq_autofree char *parts = aq_strdup(path);
    char *rest = parts;
    for (char *part = strtok_r(parts, "/", &rest); part != NULL; part = strtok_r(NULL, "/", &rest)) {
        int next = enter_folder(folder, part, err);
        if (next < 0)
            return -1;
        close(folder);
        folder = next;
    }
    return aq_steal_fd(&folder);
}

int aq_tree_mkdir(int root, const char *path, mode_t mode, struct aq_error *err)
{
    aq_autoclose int fd = aq_tree_folder(root, path, err);
    if (fd < 0)
        return -1;
    return fchmod(fd, mode) == 0 ? 0 : fail_tree(root, path, errno, err);
}

/* The folder that `path` is in, made where missing; *name is its last part. */
static int open_parent(int root, const char *path, const char **name, struct aq_error *err)
{
    const char *slash = strrchr(path, '/');
    *name = slash != NULL ? slash + 1 : path;
    aq_autofree char *parent = aq_strndup(path, slash != NULL ? (size_t)(slash - path) : 0);
    return aq_tree_folder(root, parent, err);
}

/* A new empty file with that mode, whatever had the name before. */
static int create_file(int root, const char *path, mode_t mode, struct aq_error *err)
{
    const char *name;
    aq_autoclose int parent = open_parent(root, path, &name, err);
    if (parent < 0)
        return -1;
    unlinkat(parent, name, 0);
    aq_autoclose int fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || fchmod(fd, mode) < 0)
        return fail_tree(root, path, errno, err);
    return aq_steal_fd(&fd);
}

int aq_tree_put(int root, const char *path, const void *data, size_t length, mode_t mode,
                struct aq_error *err)
{
    aq_autoclose int fd = create_file(root, path, mode, err);
    return fd < 0 ? -1 : aq_write_all(fd, data, length, err);
}

int aq_tree_copy(int root, const char *path, const char *from, mode_t mode, struct aq_error *err)
{
    aq_autoclose int source = aq_open_input(from, err);
    if (source < 0)
        return -1;
    aq_autoclose int fd = create_file(root, path, mode, err);
    return fd < 0 ? -1 : aq_copy_contents(source, fd, err);
}

int aq_tree_link(int root, const char *path, const char *target, struct aq_error *err)
{
    const char *name;
    aq_autoclose int parent = open_parent(root, path, &name, err);
    if (parent < 0)
        return -1;
    unlinkat(parent, name, 0);
    return symlinkat(target, parent, name) == 0 ? 0 : fail_tree(root, path, errno, err);
}

static int make_links(int root, const struct aq_embedded_file *list, struct aq_error *err)
{
    aq_autofree char *text = aq_strndup((const char *)list->data, list->length);
    char *rest = text;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        char *space = strchr(line, ' ');
        if (line[0] == '#' || space == NULL)
            continue;
        *space = '\0';
        if (aq_tree_link(root, line, space + 1, err) < 0)
            return -1;
    }
    return 0;
}

int aq_tree_overlay(int root, const char *overlay, struct aq_error *err)
{
    size_t length = strlen(overlay);
    for (const struct aq_embedded_file *file = aq_build_files; file->path != NULL; file++) {
        if (strncmp(file->path, overlay, length) != 0 || file->path[length] != '/')
            continue;
        bool script = file->length > 2 && memcmp(file->data, "#!", 2) == 0;
        if (aq_tree_put(root, file->path + length + 1, file->data, file->length, script ? 0755 : 0644, err) <
            0)
            return -1;
    }
    aq_autofree char *links = aq_format("%s.links", overlay);
    const struct aq_embedded_file *list = aq_embedded_find(aq_build_files, links);
    return list != NULL ? make_links(root, list, err) : 0;
}
