/* SPDX-License-Identifier: MIT */
#include "util/tree_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/files.h"
#include "util/random.h"

static int open_parent(const char *path, struct aq_tree_place *place, struct aq_error *err)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        place->parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    } else {
        if (lstat(path, &st) == 0)
            return aq_fail(err, AQ_E_FILE_KIND, "%s is there and no folder; it will not be replaced", path);
        aq_autofree char *for_folder = aq_strdup(path);
        aq_autofree char *for_name = aq_strdup(path);
        place->name = aq_strdup(basename(for_name));
        place->parent = open(dirname(for_folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (place->parent >= 0)
        return 0;
    return aq_fail_errno(err, errno == ENOENT ? AQ_E_FILE_NOT_FOUND : AQ_E_IO, errno,
                         "cannot open the folder that %s is to go into", path);
}

int aq_tree_place_open(const char *path, struct aq_tree_place *place, struct aq_error *err)
{
    char part[11];
    place->path = aq_strdup(path);
    if (open_parent(path, place, err) < 0)
        return -1;
    snprintf(place->temporary, sizeof place->temporary, ".address-qemu.%s.tmp",
             aq_random_name(part, sizeof part));
    if (mkdirat(place->parent, place->temporary, 0700) == 0)
        place->folder =
            openat(place->parent, place->temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return place->folder >= 0 ? 0 : aq_fail_errno(err, AQ_E_IO, errno, "cannot write beside %s", path);
}

/* --- into a folder that is there --- */

/* What to do with each entry of a folder on its way into another. */
typedef int (*visit)(int from, int to, const char *name, bool folder, const char *path, struct aq_error *err);

static int open_folder(int at, const char *name)
{
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int walk(int from, int to, const char *path, visit act, struct aq_error *err)
{
    DIR *entries = aq_open_entries(from);
    const struct dirent *entry;
    int result = 0;
    if (entries == NULL)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot list what came");
    while (result == 0 && (entry = readdir(entries)) != NULL) {
        struct stat st;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (fstatat(from, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            result = aq_fail_errno(err, AQ_E_IO, errno, "cannot look at what came");
        else
            result = act(from, to, entry->d_name, S_ISDIR(st.st_mode), path, err);
    }
    closedir(entries);
    return result;
}

static int walk_down(int from, int to, const char *name, const char *path, visit act, struct aq_error *err)
{
    aq_autofree char *below = aq_format("%s/%s", path, name);
    aq_autoclose int inner_from = open_folder(from, name);
    aq_autoclose int inner_to = open_folder(to, name);
    if (inner_from < 0 || inner_to < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot open the folder %s", below);
    return walk(inner_from, inner_to, below, act, err);
}

static int judge(int from, int to, const char *name, bool folder, const char *path, struct aq_error *err)
{
    struct stat st;
    if (fstatat(to, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : aq_fail_errno(err, AQ_E_IO, errno, "cannot look at %s/%s", path, name);
    if (S_ISDIR(st.st_mode) != folder)
        return aq_fail(err, AQ_E_FILE_KIND, "%s/%s is %s and would have to become %s; nothing was copied",
                       path, name, folder ? "no folder" : "a folder", folder ? "one" : "something else");
    return folder ? walk_down(from, to, name, path, judge, err) : 0;
}

static int move(int from, int to, const char *name, bool folder, const char *path, struct aq_error *err)
{
    struct stat st;
    if (folder && fstatat(to, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return walk_down(from, to, name, path, move, err);
    return renameat(from, name, to, name) == 0
               ? 0
               : aq_fail_errno(err, AQ_E_IO, errno, "cannot put %s/%s in its place", path, name);
}

int aq_tree_place_publish(struct aq_tree_place *place, struct aq_error *err)
{
    if (place->name == NULL)
        return walk(place->folder, place->parent, place->path, judge, err) < 0
                   ? -1
                   : walk(place->folder, place->parent, place->path, move, err);
    if (renameat2(place->parent, place->temporary, place->parent, place->name, RENAME_NOREPLACE) < 0)
        return aq_fail_errno(err, errno == EEXIST ? AQ_E_FILE_KIND : AQ_E_IO, errno,
                             "cannot put %s in its place", place->path);
    close(aq_steal_fd(&place->folder));
    return 0;
}

void aq_tree_place_close(struct aq_tree_place *place)
{
    struct aq_error ignored = {0};
    if (place->folder >= 0)
        aq_remove_tree_at(place->parent, place->temporary, &ignored);
    aq_cleanup_close(&place->folder);
    aq_cleanup_close(&place->parent);
    free(place->name);
    free(place->path);
    *place = (struct aq_tree_place)AQ_TREE_PLACE_NONE;
}
