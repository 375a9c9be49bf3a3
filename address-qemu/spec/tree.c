/* SPDX-License-Identifier: MIT */
/* A folder of the host with all that is in it. Links are kept as links, and never followed. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "spec/glob.h"
#include "spec/items.h"
#include "spec/source.h"
#include "util/files.h"
#include "util/wait.h"

/* Folders in folders: as deep as nobody means. */
#define DEEPEST 128

struct walk {
    const struct aq_spec *spec;
    struct aq_step *step;
    const struct aq_entry *entry;
    struct aq_error *err;
};

static int fail_in(const struct walk *walk, const char *path, enum aq_error_code code, const char *reason)
{
    return aq_spec_fail(walk->spec, walk->entry->from_place, code, walk->err, "%s/%s %s", walk->entry->from,
                        path, reason);
}

static int fail_errno_in(const struct walk *walk, const char *path, int errnum)
{
    aq_fail_errno(walk->err, errnum == EACCES ? AQ_E_UNREADABLE : AQ_E_IO, errnum, "cannot read %s/%s",
                  walk->entry->from, path);
    return aq_spec_context(walk->spec, walk->entry->from_place, walk->err);
}

static bool is_excluded(const struct walk *walk, const char *path, bool is_folder)
{
    for (size_t i = 0; i < walk->entry->exclude.count; i++)
        if (aq_glob_means(walk->entry->exclude.items[i], path, is_folder))
            return true;
    return false;
}

/* An item for `path`, which is relative to the folder ("" for itself). */
static struct aq_item *add(const struct walk *walk, enum aq_item_kind kind, const char *path)
{
    const char *below = walk->entry->path[1] == '\0' ? "" : walk->entry->path; /* "/" itself */
    char *guest = path[0] != '\0' ? aq_format("%s/%s", below, path) : aq_strdup(walk->entry->path);
    return aq_item_add(walk->spec, walk->step, walk->entry, kind, guest, walk->err);
}

/* What a folder's mode is when that of files is given: whoever may read may search. */
static mode_t folder_mode(const struct aq_entry *entry, mode_t found)
{
    if (entry->mode < 0)
        return found & 0777;
    mode_t mode = (mode_t)entry->mode & 0777;
    return mode | (mode & 0444) >> 2;
}

static int add_folder(const struct walk *walk, const char *path, const struct stat *found)
{
    struct aq_item *item = add(walk, AQ_ITEM_FOLDER, path);
    if (item == NULL)
        return -1;
    item->mode = folder_mode(walk->entry, found->st_mode);
    item->mode_set = false; /* a folder that is there is not opened or closed because files go into it */
    item->owner_set = false;
    return 0;
}

static int add_file(const struct walk *walk, int folder, const char *name, const char *path)
{
    struct stat found;
    aq_autoclose int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &found) < 0)
        return fail_errno_in(walk, path, errno);
    if (!S_ISREG(found.st_mode))
        return fail_in(walk, path, AQ_E_SOURCE_CHANGED, "was a file and is none any more");
    struct aq_item *item = add(walk, AQ_ITEM_FILE, path);
    if (item == NULL)
        return -1;
    item->source = aq_strdup(path);
    item->mode = walk->entry->mode >= 0 ? (mode_t)walk->entry->mode : found.st_mode & 0777;
    item->mode_set = true;
    return aq_item_digest(walk->step, item, fd, item->path, walk->err) < 0
               ? aq_spec_context(walk->spec, walk->entry->from_place, walk->err)
               : 0;
}

static int add_link(const struct walk *walk, int folder, const char *name, const char *path)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(folder, name, target, sizeof target);
    if (length < 0)
        return fail_errno_in(walk, path, errno);
    if (length == 0 || length == sizeof target)
        return fail_in(walk, path, AQ_E_FILE_LINK, "is a link whose target is empty or too long");
    struct aq_item *item = add(walk, AQ_ITEM_LINK, path);
    if (item == NULL)
        return -1;
    item->target = aq_strndup(target, (size_t)length);
    return 0;
}

static int walk_folder(const struct walk *walk, int folder, const char *path, unsigned depth);

static int walk_entry(const struct walk *walk, int folder, const char *name, const char *path, unsigned depth)
{
    struct stat found;
    if (fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_errno_in(walk, path, errno);
    if (is_excluded(walk, path, S_ISDIR(found.st_mode)))
        return 0;
    if (S_ISLNK(found.st_mode))
        return add_link(walk, folder, name, path);
    if (S_ISREG(found.st_mode))
        return add_file(walk, folder, name, path);
    if (!S_ISDIR(found.st_mode))
        return fail_in(walk, path, AQ_E_FILE_KIND,
                       "is a fifo, a socket or a device, which no image gets; leave it out with \"exclude\"");
    aq_autoclose int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inner < 0)
        return fail_errno_in(walk, path, errno);
    return add_folder(walk, path, &found) < 0 ? -1 : walk_folder(walk, inner, path, depth + 1);
}

static int list(const struct walk *walk, int folder, const char *path, struct aq_strings *names)
{
    DIR *entries = aq_open_entries(folder);
    if (entries == NULL)
        return fail_errno_in(walk, path, errno);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            aq_strings_add(names, entry->d_name);
    closedir(entries);
    aq_strings_sort(names);
    return 0;
}

static int walk_folder(const struct walk *walk, int folder, const char *path, unsigned depth)
{
    aq_autostrings struct aq_strings names = {0};
    if (depth > DEEPEST)
        return fail_in(walk, path, AQ_E_LIMIT_EXCEEDED, "is more than 128 folders deep");
    if (aq_must_end())
        return aq_fail(walk->err, AQ_E_INTERRUPTED, "interrupted while reading %s", walk->entry->from);
    if (list(walk, folder, path, &names) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        aq_autofree char *below =
            path[0] != '\0' ? aq_format("%s/%s", path, names.items[i]) : aq_strdup(names.items[i]);
        if (walk_entry(walk, folder, names.items[i], below, depth) < 0)
            return -1;
    }
    return 0;
}

int aq_tree_add(const struct aq_spec *spec, struct aq_step *step, const struct aq_entry *entry,
                struct aq_error *err)
{
    const struct walk walk = {spec, step, entry, err};
    struct stat found;
    aq_autoclose int folder =
        aq_source_open(spec, entry->from_place, entry->from, O_RDONLY | O_DIRECTORY, err);
    if (folder < 0)
        return -1;
    if (fstat(folder, &found) < 0)
        return fail_errno_in(&walk, "", errno);
    if (entry->path[1] != '\0' && add_folder(&walk, "", &found) < 0)
        return -1;
    return walk_folder(&walk, folder, "", 1);
}
