/* SPDX-License-Identifier: MIT */
#include "util/stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "util/files.h"
#include "util/names.h"
#include "util/random.h"
#include "util/wait.h"

#define TEMPORARY_SUFFIX ".tmp"
#define LOCK_RETRY_MS 5

static int fail_at(int parent, const char *what, const char *name, int errnum, struct aq_error *err)
{
    aq_autofree char *path = aq_path_at(parent, name);
    return aq_fail_errno(err, AQ_E_IO, errnum, "%s %s", what, path);
}

/* Does the name still lead to the open folder? It may have been renamed or removed before it could be locked.
 */
static bool still_there(int parent, const char *name, int fd)
{
    struct stat named, opened;
    return fstatat(parent, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &opened) == 0 &&
           named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

static int open_folder(int parent, const char *name)
{
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void temporary_name(const char *name, char *text, size_t size)
{
    char random[11];
    snprintf(text, size, ".%s.%s" TEMPORARY_SUFFIX, name, aq_random_name(random, sizeof random));
}

/* Makes, opens and locks it. 0 when a sweep was faster than the lock: then it is gone and the next try makes
 * another. */
static int make_locked(int parent, struct aq_stage *stage, struct aq_error *err)
{
    if (mkdirat(parent, stage->name, 0700) < 0)
        return errno == EEXIST ? 0 : fail_at(parent, "cannot make", stage->name, errno, err);
    aq_autoclose int fd = open_folder(parent, stage->name);
    if (fd < 0)
        return errno == ENOENT ? 0 : fail_at(parent, "cannot open", stage->name, errno, err);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 || !still_there(parent, stage->name, fd))
        return 0;
    stage->folder = aq_steal_fd(&fd);
    return 1;
}

int aq_stage_open(int parent, const char *name, struct aq_stage *stage, struct aq_error *err)
{
    *stage = (struct aq_stage)AQ_STAGE_NONE;
    if (!aq_folder_name_valid(name))
        return aq_fail(err, AQ_E_VALUE_INVALID, "%.80s is not a name: [A-Za-z0-9][A-Za-z0-9._-]{0,62}", name);
    stage->parent = fcntl(parent, F_DUPFD_CLOEXEC, 3);
    if (stage->parent < 0)
        return fail_at(parent, "cannot open", ".", errno, err);
    int made;
    do {
        temporary_name(name, stage->name, sizeof stage->name);
        made = make_locked(stage->parent, stage, err);
    } while (made == 0);
    return made < 0 ? -1 : 0;
}

int aq_stage_adopt(int from, const char *from_name, int folder, int parent, const char *name,
                   struct aq_stage *stage, struct aq_error *err)
{
    aq_autoclose int owned = folder;
    *stage = (struct aq_stage)AQ_STAGE_NONE;
    aq_autoclose int below = fcntl(parent, F_DUPFD_CLOEXEC, 3);
    if (below < 0)
        return fail_at(parent, "cannot open", ".", errno, err);
    temporary_name(name, stage->name, sizeof stage->name);
    if (renameat2(from, from_name, below, stage->name, RENAME_NOREPLACE) < 0)
        return fail_at(from, "cannot take", from_name, errno, err);
    stage->parent = aq_steal_fd(&below);
    stage->folder = aq_steal_fd(&owned);
    return 0;
}

int aq_stage_publish(struct aq_stage *stage, const char *name, bool durable, struct aq_error *err)
{
    if (durable && fsync(stage->folder) < 0)
        return fail_at(stage->parent, "cannot sync", stage->name, errno, err);
    if (renameat2(stage->parent, stage->name, stage->parent, name, RENAME_NOREPLACE) < 0)
        return errno == EEXIST ? 0 : fail_at(stage->parent, "cannot make", name, errno, err);
    /* What has failed must not be there: whoever tries again would find the name taken. */
    bool synced = !durable || fsync(stage->parent) == 0;
    if (!synced) {
        fail_at(stage->parent, "cannot sync", name, errno, err);
        if (renameat2(stage->parent, name, stage->parent, stage->name, RENAME_NOREPLACE) == 0)
            return -1;
    }
    stage->published = true;
    snprintf(stage->name, sizeof stage->name, "%s", name);
    return synced ? 1 : -1;
}

int aq_stage_exchange(struct aq_stage *stage, const char *name, struct aq_error *err)
{
    if (fsync(stage->folder) < 0)
        return fail_at(stage->parent, "cannot sync", stage->name, errno, err);
    if (renameat2(stage->parent, stage->name, stage->parent, name, RENAME_EXCHANGE) < 0)
        return fail_at(stage->parent, "cannot replace", name, errno, err);
    bool synced = fsync(stage->parent) == 0;
    if (!synced) {
        fail_at(stage->parent, "cannot sync", name, errno, err);
        if (renameat2(stage->parent, stage->name, stage->parent, name, RENAME_EXCHANGE) == 0)
            return -1;
    }
    stage->published = true;
    int removed = aq_remove_tree_at(stage->parent, stage->name, err);
    snprintf(stage->name, sizeof stage->name, "%s", name);
    return synced ? removed : -1;
}

void aq_stage_close(struct aq_stage *stage)
{
    struct aq_error ignored = {0}; /* a sweep takes what cannot be removed now */
    if (stage->folder >= 0 && !stage->published)
        aq_remove_tree_at(stage->parent, stage->name, &ignored);
    if (stage->folder >= 0)
        close(stage->folder);
    if (stage->parent >= 0)
        close(stage->parent);
    *stage = (struct aq_stage)AQ_STAGE_NONE;
}

static bool is_temporary(const char *name)
{
    size_t length = strlen(name), suffix = strlen(TEMPORARY_SUFFIX);
    return name[0] == '.' && length > suffix && strcmp(name + length - suffix, TEMPORARY_SUFFIX) == 0;
}

static void sweep_one(int parent, const char *name, void (*before)(void *data, int folder), void *data)
{
    struct aq_error ignored = {0};
    aq_autoclose int fd = open_folder(parent, name);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || !still_there(parent, name, fd))
        return;
    if (before != NULL)
        before(data, fd);
    aq_remove_tree_at(parent, name, &ignored);
}

void aq_stage_sweep(int parent)
{
    aq_stage_sweep_with(parent, NULL, NULL);
}

void aq_stage_sweep_with(int parent, void (*before)(void *data, int folder), void *data)
{
    DIR *entries = aq_open_entries(parent);
    if (entries == NULL)
        return;
    const struct dirent *entry;
    while ((entry = readdir(entries)) != NULL)
        if (is_temporary(entry->d_name))
            sweep_one(parent, entry->d_name, before, data);
    closedir(entries);
}

/* One try: an aq_lock_result, -1, or -2 when the folder was exchanged meanwhile and the next try is due at
 * once. */
static int try_lock(int parent, const char *name, enum aq_lock kind, int *fd, struct aq_error *err)
{
    aq_autoclose int folder = open_folder(parent, name);
    if (folder < 0)
        return errno == ENOENT ? AQ_LOCK_ABSENT : fail_at(parent, "cannot open", name, errno, err);
    if (flock(folder, (kind == AQ_LOCK_SHARED ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? AQ_LOCK_BUSY : fail_at(parent, "cannot lock", name, errno, err);
    if (!still_there(parent, name, folder))
        return -2;
    *fd = aq_steal_fd(&folder);
    return AQ_LOCK_HELD;
}

int aq_folder_lock(int parent, const char *name, enum aq_lock kind, int wait_ms, int *fd,
                   struct aq_error *err)
{
    aq_deadline deadline = aq_after_ms(wait_ms);
    for (;;) {
        int result = try_lock(parent, name, kind, fd, err);
        if (result == -2)
            continue;
        if (result != AQ_LOCK_BUSY || aq_ms_left(deadline) == 0)
            return result;
        if (aq_sleep_until(aq_after_ms(LOCK_RETRY_MS), err) < 0)
            return -1;
    }
}

int aq_folder_remove(int parent, const char *name, struct aq_error *err)
{
    char away[sizeof(((struct aq_stage *)NULL)->name)];
    temporary_name(name, away, sizeof away);
    if (renameat2(parent, name, parent, away, RENAME_NOREPLACE) < 0)
        return fail_at(parent, "cannot remove", name, errno, err);
    if (fsync(parent) < 0)
        return fail_at(parent, "cannot sync", name, errno, err);
    return aq_remove_tree_at(parent, away, err);
}

int aq_folder_list(int parent, struct aq_strings *names, struct aq_error *err)
{
    DIR *entries = aq_open_entries(parent);
    if (entries == NULL)
        return fail_at(parent, "cannot list", ".", errno, err);
    const struct dirent *entry;
    while ((entry = readdir(entries)) != NULL)
        if (aq_folder_name_valid(entry->d_name) && (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN))
            aq_strings_add(names, entry->d_name);
    closedir(entries);
    aq_strings_sort(names);
    return 0;
}
