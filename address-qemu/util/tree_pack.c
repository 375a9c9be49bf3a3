/* SPDX-License-Identifier: MIT */
#include "util/tree_pack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/tar.h"

/* A folder that is being listed, and how long its path is. */
struct level {
    DIR *entries;
    size_t path_length;
};

struct aq_tree_pack {
    char *root; /* its path, for messages */
    struct aq_tree_counts *counts;
    struct level levels[AQ_TREE_DEPTH_MAX];
    unsigned depth;
    struct aq_buffer path;   /* of the present entry, relative */
    struct aq_buffer header; /* and padding: bytes that are to be given next */
    size_t given;
    int file; /* whose contents come after that; -1: none */
    uint64_t left;
    bool ended;
};

static int fail(const struct aq_tree_pack *pack, int errnum, const char *what, struct aq_error *err)
{
    enum aq_error_code code = errnum == EACCES || errnum == EPERM ? AQ_E_UNREADABLE : AQ_E_IO;
    return aq_fail_errno(err, code, errnum, "cannot %s %s/%s", what, pack->root, aq_buffer_text(&pack->path));
}

static int enter(struct aq_tree_pack *pack, int folder, struct aq_error *err)
{
    if (pack->depth == AQ_TREE_DEPTH_MAX) {
        close(folder);
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "%s has folders in folders more than %d deep", pack->root,
                       AQ_TREE_DEPTH_MAX);
    }
    DIR *entries = fdopendir(folder);
    if (entries == NULL) {
        close(folder);
        return fail(pack, errno, "list", err);
    }
    pack->levels[pack->depth++] = (struct level){entries, pack->path.length};
    return 0;
}

static void add_folder_header(struct aq_tree_pack *pack, const struct stat *st)
{
    const struct aq_tar_entry entry = {.kind = AQ_TAR_FOLDER,
                                       .path = aq_buffer_text(&pack->path),
                                       .mode = st->st_mode & 0777,
                                       .mtime = st->st_mtime};
    aq_tar_add_header(&entry, &pack->header);
    pack->counts->folders++;
}

struct aq_tree_pack *aq_tree_pack_open(const char *path, struct aq_tree_counts *counts, struct aq_error *err)
{
    struct stat st;
    aq_autoclose int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
    if (folder < 0 || fstat(folder, &st) < 0) {
        enum aq_error_code code = errno == ENOENT    ? AQ_E_FILE_NOT_FOUND
                                  : errno == ENOTDIR ? AQ_E_FILE_KIND
                                  : errno == EACCES  ? AQ_E_UNREADABLE
                                                     : AQ_E_IO;
        aq_fail_errno(err, code, errno, "cannot open the folder %s", path);
        return NULL;
    }
    aq_autotreepack struct aq_tree_pack *pack = aq_alloc(sizeof *pack);
    pack->root = aq_strdup(path);
    pack->counts = counts;
    pack->file = -1;
    add_folder_header(pack, &st);
    if (enter(pack, aq_steal_fd(&folder), err) < 0)
        return NULL;
    return aq_steal_ptr(&pack);
}

static int add_link(struct aq_tree_pack *pack, int folder, const char *name, const struct stat *st,
                    struct aq_error *err)
{
    char target[AQ_TAR_PATH_MAX + 1];
    ssize_t length = readlinkat(folder, name, target, sizeof target);
    if (length < 0)
        return fail(pack, errno, "read the link", err);
    if (length == sizeof target) {
        aq_tree_skip(pack->counts, aq_buffer_text(&pack->path), "a link whose target is too long");
        return 0;
    }
    target[length] = '\0';
    const struct aq_tar_entry entry = {.kind = AQ_TAR_LINK,
                                       .path = aq_buffer_text(&pack->path),
                                       .target = target,
                                       .mode = 0777,
                                       .mtime = st->st_mtime};
    aq_tar_add_header(&entry, &pack->header);
    pack->counts->links++;
    return 0;
}

static int add_file(struct aq_tree_pack *pack, int file, const struct stat *st)
{
    const struct aq_tar_entry entry = {.kind = AQ_TAR_FILE,
                                       .path = aq_buffer_text(&pack->path),
                                       .mode = st->st_mode & 0777,
                                       .size = (uint64_t)st->st_size,
                                       .mtime = st->st_mtime};
    aq_tar_add_header(&entry, &pack->header);
    pack->counts->files++;
    pack->counts->bytes += entry.size;
    pack->file = file;
    pack->left = entry.size;
    return 0;
}

/* Judged once more when it is open: between the two somebody may have put something else in its place. */
static int open_entry(struct aq_tree_pack *pack, int folder, const char *name, struct aq_error *err)
{
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : fail(pack, errno, "look at", err);
    if (S_ISLNK(st.st_mode))
        return add_link(pack, folder, name, &st, err);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
        aq_tree_skip(pack->counts, aq_buffer_text(&pack->path), "a device, fifo or socket");
        return 0;
    }
    aq_autoclose int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail(pack, errno, "open", err);
    if (S_ISREG(st.st_mode))
        return add_file(pack, aq_steal_fd(&fd), &st);
    if (!S_ISDIR(st.st_mode))
        return fail(pack, EINVAL, "read", err);
    add_folder_header(pack, &st);
    return enter(pack, aq_steal_fd(&fd), err);
}

/* Goes on to the next entry: puts its header, or the archive's end, into `header`. */
static int next_entry(struct aq_tree_pack *pack, struct aq_error *err)
{
    struct level *level = &pack->levels[pack->depth - 1];
    pack->path.length = level->path_length;
    errno = 0;
    const struct dirent *entry = readdir(level->entries);
    if (entry == NULL && errno != 0)
        return fail(pack, errno, "list", err);
    if (entry == NULL) {
        closedir(level->entries);
        pack->depth--;
        pack->ended = pack->depth == 0;
        if (pack->ended)
            aq_tar_add_end(&pack->header);
        return 0;
    }
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
        return 0;
    if (pack->path.length > 0)
        aq_buffer_add_char(&pack->path, '/');
    aq_buffer_add_text(&pack->path, entry->d_name);
    if (pack->path.length > AQ_TAR_PATH_MAX - 4) {
        aq_tree_skip(pack->counts, aq_buffer_text(&pack->path), "its path is too long");
        return 0;
    }
    return open_entry(pack, dirfd(level->entries), entry->d_name, err);
}

static ssize_t read_contents(struct aq_tree_pack *pack, void *to, size_t room, struct aq_error *err)
{
    ssize_t got = pack->left == 0 ? 0 : read(pack->file, to, room < pack->left ? room : (size_t)pack->left);
    if (got < 0)
        return fail(pack, errno, "read", err);
    if (got == 0 && pack->left > 0)
        return aq_fail(err, AQ_E_TRANSFER_CORRUPT, "%s/%s has become shorter while it was read", pack->root,
                       aq_buffer_text(&pack->path));
    pack->left -= (uint64_t)got;
    return got;
}

/* When a file's contents are over, zeros fill its last block. */
static void end_contents(struct aq_tree_pack *pack)
{
    off_t size = lseek(pack->file, 0, SEEK_CUR);
    size_t padding = aq_tar_padding((uint64_t)size);
    memset(aq_buffer_room(&pack->header, padding), 0, padding);
    pack->header.length += padding;
    close(pack->file);
    pack->file = -1;
}

ssize_t aq_tree_pack_read(struct aq_tree_pack *pack, void *to, size_t room, struct aq_error *err)
{
    for (;;) {
        size_t waiting = pack->header.length - pack->given;
        if (waiting > 0) {
            size_t length = waiting < room ? waiting : room;
            memcpy(to, pack->header.data + pack->given, length);
            pack->given += length;
            return (ssize_t)length;
        }
        aq_buffer_clear(&pack->header);
        pack->given = 0;
        if (pack->file >= 0) {
            ssize_t got = read_contents(pack, to, room, err);
            if (got != 0)
                return got;
            end_contents(pack);
        } else if (pack->ended) {
            return 0;
        } else if (next_entry(pack, err) < 0) {
            return -1;
        }
    }
}

void aq_tree_pack_close(struct aq_tree_pack *pack)
{
    if (pack == NULL)
        return;
    while (pack->depth > 0)
        closedir(pack->levels[--pack->depth].entries);
    aq_cleanup_close(&pack->file);
    aq_buffer_free(&pack->path);
    aq_buffer_free(&pack->header);
    free(pack->root);
    free(pack);
}
