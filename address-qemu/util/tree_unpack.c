/* SPDX-License-Identifier: MIT */
#include "util/tree_unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/files.h"
#include "util/tar.h"

enum {
    FILE_MODE = 0755,   /* the bits that a file may have here */
    FOLDER_MODE = 0700, /* those that a folder has in any case */
    FOLDER_BYTES_MAX = 64 << 20,
    OVERHEAD_PER_ENTRY = 2048, /* bytes of an archive besides the contents of its files */
};

struct aq_tree_unpack {
    int root; /* not owned */
    bool all_links;
    uint64_t limit;
    uint64_t entries;
    uint64_t arrived; /* bytes of the archive */
    struct aq_tree_counts *counts;
    struct aq_tar_reader reader;
    int parent;                   /* the folder of the latest entry; -1: none */
    struct aq_buffer parent_path; /* its path */
    int file;                     /* that is being written; -1: none */
    mode_t file_mode;
    int64_t file_mtime;
    struct aq_strings folders; /* "MODE PATH": given at the end, when nothing more is to go into them */
    size_t folder_bytes;       /* of those */
};

static int fail(int errnum, const char *what, const char *path, struct aq_error *err)
{
    return aq_fail_errno(err, AQ_E_IO, errnum, "cannot make the %s %s", what, path);
}

static int refuse(struct aq_error *err, const char *path, const char *why)
{
    return aq_fail(err, AQ_E_GUEST_REFUSED, "the archive has %.200s, %s", path, why);
}

/* One step down, made where it is missing. */
static int step_down(int folder, const char *name, const char *path, struct aq_error *err)
{
    int next = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0 && errno == ENOENT) {
        if (mkdirat(folder, name, FOLDER_MODE) < 0)
            return fail(errno, "folder of", path, err);
        next = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    if (next < 0 && (errno == ELOOP || errno == ENOTDIR))
        return refuse(err, path, "but above it is something else than a folder");
    return next >= 0 ? next : fail(errno, "folder of", path, err);
}

/* Walks to the folder `length` bytes of the path long; a descriptor to close. */
static int walk(const struct aq_tree_unpack *unpack, const char *path, size_t length, struct aq_error *err)
{
    aq_autofree char *steps = aq_strndup(path, length);
    aq_autoclose int folder = fcntl(unpack->root, F_DUPFD_CLOEXEC, 0);
    unsigned depth = 0;
    char *rest = NULL;
    for (const char *step = strtok_r(steps, "/", &rest); step != NULL; step = strtok_r(NULL, "/", &rest)) {
        if (++depth > AQ_TREE_DEPTH_MAX)
            return refuse(err, path, "which is too deep");
        int next = step_down(folder, step, path, err);
        if (next < 0)
            return -1;
        close(folder);
        folder = next;
    }
    return aq_steal_fd(&folder);
}

/* The folder that the path's last part is in (which stays open for the next), and that part. */
static int open_parent(struct aq_tree_unpack *unpack, const char *path, const char **name,
                       struct aq_error *err)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash != NULL ? (size_t)(slash - path) : 0;
    *name = slash != NULL ? slash + 1 : path;
    if (unpack->parent >= 0 && unpack->parent_path.length == length &&
        memcmp(aq_buffer_text(&unpack->parent_path), path, length) == 0)
        return unpack->parent;
    int parent = walk(unpack, path, length, err);
    if (parent < 0)
        return -1;
    aq_cleanup_close(&unpack->parent);
    unpack->parent = parent;
    aq_buffer_clear(&unpack->parent_path);
    aq_buffer_add(&unpack->parent_path, path, length);
    return parent;
}

/* What an earlier entry of the same path has made goes; but a folder stays, and what would take its place is
   refused. */
static int make_room(int parent, const char *name, const char *path, struct aq_error *err)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return 0;
    return errno == EISDIR || errno == EPERM ? refuse(err, path, "but a folder has that name already")
                                             : fail(errno, "file", path, err);
}

static int make_folder(struct aq_tree_unpack *unpack, const struct aq_tar_entry *entry, struct aq_error *err)
{
    const char *name;
    int parent = entry->path[0] == '\0' ? unpack->root : open_parent(unpack, entry->path, &name, err);
    if (parent < 0)
        return -1;
    if (entry->path[0] != '\0') {
        int folder = step_down(parent, name, entry->path, err);
        if (folder < 0)
            return -1;
        close(folder);
    }
    unpack->folder_bytes += strlen(entry->path);
    if (unpack->folder_bytes > FOLDER_BYTES_MAX)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "the folder in the guest has too many folders in it");
    unpack->counts->folders++;
    aq_strings_format(&unpack->folders, "%04o %s", (unsigned)((entry->mode & FILE_MODE) | FOLDER_MODE),
                      entry->path);
    return 0;
}

static int make_file(struct aq_tree_unpack *unpack, const struct aq_tar_entry *entry, struct aq_error *err)
{
    const char *name;
    if (entry->size > unpack->limit - unpack->counts->bytes)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "the folder in the guest is larger than %llu bytes",
                       (unsigned long long)unpack->limit);
    int parent = open_parent(unpack, entry->path, &name, err);
    if (parent < 0 || make_room(parent, name, entry->path, err) < 0)
        return -1;
    unpack->file = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (unpack->file < 0)
        return fail(errno, "file", entry->path, err);
    unpack->file_mode = entry->mode & FILE_MODE;
    unpack->file_mtime = entry->mtime;
    unpack->counts->files++;
    unpack->counts->bytes += entry->size;
    return 0;
}

static bool climbs(const char *path)
{
    for (const char *at = path; (at = strstr(at, "..")) != NULL; at += 2)
        if ((at == path || at[-1] == '/') && (at[2] == '\0' || at[2] == '/'))
            return true;
    return false;
}

/* Does it stay within the folder whatever else is in it? Only ".." at its beginning are counted on: a later
   one would undo a step through another link. */
static bool stays_inside(const char *path, const char *target)
{
    unsigned depth = 0;
    for (const char *c = path; *c != '\0'; c++)
        depth += *c == '/';
    while (strncmp(target, "../", 3) == 0 || strcmp(target, "..") == 0) {
        if (depth-- == 0)
            return false;
        target += target[2] == '/' ? 3 : 2;
    }
    return target[0] != '/' && !climbs(target);
}

static int make_link(struct aq_tree_unpack *unpack, const struct aq_tar_entry *entry, struct aq_error *err)
{
    const char *name;
    if (!unpack->all_links && !stays_inside(entry->path, entry->target)) {
        aq_tree_skip(unpack->counts, entry->path, "a link that leads out of the folder");
        return 0;
    }
    int parent = open_parent(unpack, entry->path, &name, err);
    if (parent < 0 || make_room(parent, name, entry->path, err) < 0)
        return -1;
    if (symlinkat(entry->target, parent, name) < 0)
        return errno == ENOENT ? refuse(err, entry->path, "a link that leads to nothing")
                               : fail(errno, "link", entry->path, err);
    unpack->counts->links++;
    return 0;
}

/* Another name of a file that has been made already. */
static int make_hard_link(struct aq_tree_unpack *unpack, const struct aq_tar_entry *entry,
                          struct aq_error *err)
{
    struct stat st;
    const char *target = entry->target, *name;
    while (strncmp(target, "./", 2) == 0)
        target += 2;
    const char *slash = strrchr(target, '/');
    if (target[0] == '/' || climbs(target))
        return refuse(err, entry->path, "a hard link to something outside of it");
    aq_autoclose int from = walk(unpack, target, slash != NULL ? (size_t)(slash - target) : 0, err);
    const char *from_name = slash != NULL ? slash + 1 : target;
    if (from < 0)
        return -1;
    if (fstatat(from, from_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
        return refuse(err, entry->path, "a hard link to what is no file of it");
    int parent = open_parent(unpack, entry->path, &name, err);
    if (parent < 0)
        return -1;
    struct stat there;
    if (fstatat(parent, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && there.st_ino == st.st_ino)
        return 0; /* to itself */
    if (make_room(parent, name, entry->path, err) < 0)
        return -1;
    if (linkat(from, from_name, parent, name, 0) < 0)
        return fail(errno, "hard link", entry->path, err);
    unpack->counts->files++;
    return 0;
}

/* --- events of the archive --- */

static int take_entry(void *data, const struct aq_tar_entry *entry, struct aq_error *err)
{
    struct aq_tree_unpack *unpack = data;
    if (++unpack->entries > AQ_TREE_ENTRIES_MAX)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "the folder in the guest has more than %d entries",
                       AQ_TREE_ENTRIES_MAX);
    if (entry->path[0] == '\0' && entry->kind != AQ_TAR_FOLDER)
        return refuse(err, "something without a name", "which cannot be");
    switch (entry->kind) {
    case AQ_TAR_FOLDER:
        return make_folder(unpack, entry, err);
    case AQ_TAR_FILE:
        return make_file(unpack, entry, err);
    case AQ_TAR_LINK:
        return make_link(unpack, entry, err);
    case AQ_TAR_HARD_LINK:
        return make_hard_link(unpack, entry, err);
    case AQ_TAR_OTHER:
        aq_tree_skip(unpack->counts, entry->path, "a device, fifo or socket");
        break;
    }
    return 0;
}

static int take_contents(void *data, const void *bytes, size_t length, struct aq_error *err)
{
    const struct aq_tree_unpack *unpack = data;
    return aq_write_all(unpack->file, bytes, length, err);
}

static int end_file(void *data, struct aq_error *err)
{
    struct aq_tree_unpack *unpack = data;
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = unpack->file_mtime}};
    int done = fchmod(unpack->file, unpack->file_mode);
    futimens(unpack->file, times); /* one that cannot be is not worth a word */
    close(aq_steal_fd(&unpack->file));
    return done == 0 ? 0 : fail(errno, "file", "of the archive readable", err);
}

/* --- its life --- */

struct aq_tree_unpack *aq_tree_unpack_open(int folder, bool all_links, uint64_t limit,
                                           struct aq_tree_counts *counts)
{
    struct aq_tree_unpack *unpack = aq_alloc(sizeof *unpack);
    *unpack = (struct aq_tree_unpack){
        .root = folder, .all_links = all_links, .limit = limit, .counts = counts, .parent = -1, .file = -1};
    unpack->reader.events = (struct aq_tar_events){unpack, take_entry, take_contents, end_file};
    return unpack;
}

int aq_tree_unpack_write(struct aq_tree_unpack *unpack, const void *bytes, size_t length,
                         struct aq_error *err)
{
    unpack->arrived += length;
    if (unpack->arrived > unpack->counts->bytes &&
        unpack->arrived - unpack->counts->bytes > (uint64_t)AQ_TREE_ENTRIES_MAX * OVERHEAD_PER_ENTRY)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "the guest sends far more than the files of a folder");
    return aq_tar_read(&unpack->reader, bytes, length, err);
}

int aq_tree_unpack_finish(struct aq_tree_unpack *unpack, struct aq_error *err)
{
    if (aq_tar_read_end(&unpack->reader, err) < 0)
        return -1;
    for (size_t i = unpack->folders.count; i > 0; i--) {
        const char *path = strchr(unpack->folders.items[i - 1], ' ') + 1;
        aq_autoclose int folder = walk(unpack, path, strlen(path), err);
        if (folder < 0)
            return -1;
        if (fchmod(folder, (mode_t)strtoul(unpack->folders.items[i - 1], NULL, 8)) < 0)
            return fail(errno, "folder", path, err);
    }
    if (syncfs(unpack->root) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot write what came to the disk");
    return 0;
}

void aq_tree_unpack_close(struct aq_tree_unpack *unpack)
{
    if (unpack == NULL)
        return;
    aq_tar_reader_free(&unpack->reader);
    aq_cleanup_close(&unpack->parent);
    aq_cleanup_close(&unpack->file);
    aq_buffer_free(&unpack->parent_path);
    aq_strings_free(&unpack->folders);
    free(unpack);
}
