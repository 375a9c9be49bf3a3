/* SPDX-License-Identifier: MIT */
#include "offline/agent/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "offline/agent/agent.h"
#include "offline/agent/root.h"
#include "offline/file_kind.h"
#include "offline/guest_accounts.h"

int aq_files_complain(const struct aq_files *files, int errnum, const char *format, ...)
{
    char text[2 * AQ_BUNDLE_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    aq_agent_complain(errnum, "%llu %s: %s", (unsigned long long)files->bundle.next - 1, files->item.path,
                      text);
    return -1;
}

static int find_account(struct aq_files *files, const char *name, const char *file, const char *what,
                        uint32_t *id)
{
    bool user = strcmp(what, "user") == 0;
    char **text = user ? &files->users : &files->groups;
    size_t *length = user ? &files->users_length : &files->groups_length;
    if (*text == NULL)
        *text = aq_root_read(files->root, file, AQ_ACCOUNTS_MAX, length);
    if (aq_guest_account(*text != NULL ? *text : "", *text != NULL ? *length : 0, name, id))
        return 0;
    return aq_files_complain(files, 0, "the image has no %s %s (its %s names none)", what, name, file);
}

int aq_files_owner(struct aq_files *files, const struct stat *was, uid_t *uid, gid_t *gid)
{
    const struct aq_bundle_item *item = &files->item;
    *uid = was != NULL ? was->st_uid : 0;
    *gid = was != NULL ? was->st_gid : 0;
    if (was != NULL && !item->owner_set)
        return 0;
    if (item->owner[0] != '\0' && find_account(files, item->owner, "/etc/passwd", "user", uid) < 0)
        return -1;
    return item->group[0] != '\0' ? find_account(files, item->group, "/etc/group", "group", gid) : 0;
}

int aq_files_own(struct aq_files *files, int fd, const struct stat *was)
{
    uid_t uid;
    gid_t gid;
    if (aq_files_owner(files, was, &uid, &gid) < 0)
        return -1;
    mode_t mode = was != NULL && !files->item.mode_set ? was->st_mode & 07777 : files->item.mode;
    /* The mode last: another owner takes set-user-ID away. */
    return fchown(fd, uid, gid) == 0 && fchmod(fd, mode) == 0
               ? 0
               : aq_files_complain(files, errno, "cannot set owner and mode");
}

static int put_folder(struct aq_files *files)
{
    const char *path = files->item.path, *name;
    struct stat was;
    int there = aq_root_at(files->root, path, O_RDONLY | O_DIRECTORY, 0);
    if (there >= 0) {
        int owned = fstat(there, &was) == 0 ? aq_files_own(files, there, &was) : -1;
        close(there);
        return owned;
    }
    if (errno == ENOTDIR)
        return aq_files_complain(files, 0, "a folder goes there, and something else is");
    int parent = aq_root_parent(files->root, path, true, &name);
    if (parent < 0)
        return aq_files_complain(files, errno, "cannot make the folders above it");
    if (mkdirat(parent, name, 0700) == 0)
        there = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int failure = errno;
    close(parent);
    if (there < 0)
        return aq_files_complain(files, failure == EEXIST ? 0 : failure,
                                 failure == EEXIST ? "it is a link that leads nowhere" : "cannot be made");
    int owned = aq_files_own(files, there, NULL);
    close(there);
    return owned;
}

static int put_link_at(struct aq_files *files, int parent, const char *name)
{
    struct stat was;
    uid_t uid;
    gid_t gid;
    bool there = fstatat(parent, name, &was, AT_SYMLINK_NOFOLLOW) == 0;
    if (aq_files_owner(files, there ? &was : NULL, &uid, &gid) < 0)
        return -1;
    if (there && !S_ISREG(was.st_mode) && !S_ISLNK(was.st_mode))
        return aq_files_complain(files, 0, "a link goes there, and a %s is", aq_file_kind(was.st_mode));
    if (there && unlinkat(parent, name, 0) < 0)
        return aq_files_complain(files, errno, "cannot be replaced");
    if (symlinkat(files->item.target, parent, name) < 0)
        return aq_files_complain(files, errno, "cannot be made");
    return fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW) == 0
               ? 0
               : aq_files_complain(files, errno, "cannot set its owner");
}

static int put_link(struct aq_files *files)
{
    const char *name;
    int parent = aq_root_parent(files->root, files->item.path, true, &name);
    if (parent < 0)
        return aq_files_complain(files, errno, "cannot make the folders above it");
    int put = put_link_at(files, parent, name);
    close(parent);
    return put;
}

/* Removes `name` with all below it that is on `device`; never follows a link. -1 with errno. */
static int remove_tree(int parent, const char *name, dev_t device)
{
    struct stat st;
    if (unlinkat(parent, name, 0) == 0)
        return 0;
    if (errno != EISDIR)
        return -1;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -1;
    DIR *entries = fdopendir(fd);
    int failed = st.st_dev != device ? EXDEV : 0;
    for (const struct dirent *entry; failed == 0 && (entry = readdir(entries)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            remove_tree(fd, entry->d_name, device) < 0)
            failed = errno;
    closedir(entries);
    errno = failed;
    return failed == 0 ? unlinkat(parent, name, AT_REMOVEDIR) : -1;
}

static int delete_at(struct aq_files *files, int parent, const char *name)
{
    struct stat st;
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : aq_files_complain(files, errno, "cannot be looked at");
    int removed = files->item.recursive ? remove_tree(parent, name, st.st_dev)
                                        : unlinkat(parent, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
    return removed == 0 ? 0 : aq_files_complain(files, errno, "cannot be removed");
}

static int delete (struct aq_files *files)
{
    const char *name;
    int parent = aq_root_parent(files->root, files->item.path, false, &name);
    if (parent < 0)
        return errno == ENOENT ? 0 : aq_files_complain(files, errno, "cannot be reached");
    int deleted = delete_at(files, parent, name);
    close(parent);
    return deleted;
}

/* What an item changes there, the next may refer to. */
static void forget_accounts(struct aq_files *files)
{
    free(files->users);
    free(files->groups);
    files->users = files->groups = NULL;
}

/* Was what is there changed as lately as the item wants it? */
static bool is_due(const struct aq_files *files)
{
    const char *name;
    struct stat st;
    if (files->item.since == 0)
        return true;
    int parent = aq_root_parent(files->root, files->item.path, false, &name);
    bool due = parent >= 0 && fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
               st.st_ctime >= (time_t)files->item.since;
    if (parent >= 0)
        close(parent);
    return due;
}

static int carry_out(struct aq_files *files)
{
    if (!is_due(files))
        return 0;
    if (strncmp(files->item.path, "/etc/", 5) == 0)
        forget_accounts(files);
    switch (files->item.kind) {
    case AQ_BUNDLE_FOLDER:
        return put_folder(files);
    case AQ_BUNDLE_FILE:
        return aq_files_put(files);
    case AQ_BUNDLE_APPEND:
        return aq_files_append(files);
    case AQ_BUNDLE_LINK:
        return put_link(files);
    case AQ_BUNDLE_DELETE:
        return delete (files);
    case AQ_BUNDLE_KINDS:
        break;
    }
    return -1;
}

int aq_agent_files(int argc, char **argv)
{
    struct aq_files files = {.root = aq_root_open()};
    int device = argc == 3 ? open(argv[2], O_RDONLY | O_CLOEXEC) : -1;
    if (files.root < 0 || device < 0 || aq_bundle_start(&files.bundle, device) < 0)
        return aq_agent_complain(errno, "cannot read the files to put into the image");
    umask(0);
    int next;
    while ((next = aq_bundle_next(&files.bundle, &files.item)) > 0)
        if (carry_out(&files) < 0)
            return AQ_BUNDLE_FAILED;
    return next == 0 ? AQ_BUNDLE_DONE
                     : aq_agent_complain(errno, "cannot read the files to put into the image");
}
