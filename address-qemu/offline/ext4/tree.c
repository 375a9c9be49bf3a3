/* SPDX-License-Identifier: MIT */
/* Folders, links and what is to go, by the same rules as agent/files.c has. */
#include <stdlib.h>
#include <string.h>

#include "offline/ext4/entries.h"
#include "offline/ext4/inode.h"
#include "offline/ext4/put.h"
#include "offline/file_kind.h"

#define DEPTH_MAX 128

static int put_folder(struct aq_writer *writer)
{
    const char *name;
    ext2_ino_t folder, number;
    struct ext2_inode was;
    int found = aq_inode_follow(writer, writer->item.path, &number);
    if (found < 0)
        return -1;
    if (found > 0) {
        if (aq_inode_read(writer, number, &was) < 0)
            return -1;
        return LINUX_S_ISDIR(was.i_mode)
                   ? aq_inode_own(writer, number, false)
                   : aq_writer_complain(writer, 0, "a folder goes there, and something else is");
    }
    if (aq_inode_parent(writer, true, &folder, &name) < 0)
        return -1;
    if (aq_inode_lookup(writer, folder, name, &number) != 0)
        return aq_writer_complain(writer, 0, "it is a link that leads nowhere");
    if (aq_inode_make_folder(writer, folder, name) < 0 || aq_inode_lookup(writer, folder, name, &number) != 1)
        return -1;
    return aq_inode_own(writer, number, true);
}

static int put_link(struct aq_writer *writer)
{
    const char *name;
    ext2_ino_t folder, number;
    struct ext2_inode was;
    if (aq_inode_parent(writer, true, &folder, &name) < 0)
        return -1;
    int found = aq_inode_lookup(writer, folder, name, &number);
    if (found < 0 || (found > 0 && aq_inode_read(writer, number, &was) < 0))
        return -1;
    if (found > 0 && !LINUX_S_ISREG(was.i_mode) && !LINUX_S_ISLNK(was.i_mode))
        return aq_writer_complain(writer, 0, "a link goes there, and a %s is", aq_file_kind(was.i_mode));
    /* What is replaced leaves its owner to the link: that is left to the appliance when it is not root's. */
    if (found > 0 && (inode_uid(was) != 0 || inode_gid(was) != 0))
        return aq_writer_unfit(writer, "a link takes the place of what is not root's");
    if (found > 0 && aq_inode_remove(writer, folder, name, number) < 0)
        return -1;
    errcode_t failure = ext2fs_symlink(writer->fs, folder, 0, name, writer->item.target);
    if (failure == EXT2_ET_DIR_NO_SPACE && (failure = ext2fs_expand_dir(writer->fs, folder)) == 0)
        failure = ext2fs_symlink(writer->fs, folder, 0, name, writer->item.target);
    aq_inode_touch(writer, folder);
    if (failure != 0)
        return aq_writer_complain(writer, failure, "cannot be made");
    return aq_inode_lookup(writer, folder, name, &number) == 1 ? aq_inode_own(writer, number, true) : -1;
}

static int remove_tree(struct aq_writer *writer, ext2_ino_t folder, const char *name, ext2_ino_t number,
                       int depth);

static int remove_entries(struct aq_writer *writer, ext2_ino_t folder, int depth)
{
    struct aq_entries entries = {0};
    int removed = aq_entries_read(writer, folder, &entries);
    for (size_t i = 0; removed == 0 && i < entries.count; i++)
        removed = remove_tree(writer, folder, entries.items[i].name, entries.items[i].number, depth + 1);
    aq_entries_free(&entries);
    return removed;
}

static int remove_tree(struct aq_writer *writer, ext2_ino_t folder, const char *name, ext2_ino_t number,
                       int depth)
{
    struct ext2_inode inode;
    if (depth > DEPTH_MAX)
        return aq_writer_unfit(writer, "its folders are nested too deep");
    if (aq_inode_read(writer, number, &inode) < 0)
        return -1;
    if (!LINUX_S_ISDIR(inode.i_mode))
        return aq_inode_remove(writer, folder, name, number);
    return remove_entries(writer, number, depth) < 0 ? -1
                                                     : aq_inode_remove_folder(writer, folder, name, number);
}

static int delete (struct aq_writer *writer)
{
    const char *name;
    ext2_ino_t folder, number;
    struct ext2_inode was;
    int found = aq_inode_parent(writer, false, &folder, &name);
    if (found > 0)
        found = aq_inode_lookup(writer, folder, name, &number);
    if (found <= 0)
        return found;
    if (aq_inode_read(writer, number, &was) < 0)
        return -1;
    if (LINUX_S_ISDIR(was.i_mode) && !writer->item.recursive) {
        struct aq_entries entries = {0};
        int listed = aq_entries_read(writer, number, &entries);
        bool empty = entries.count == 0;
        aq_entries_free(&entries);
        if (listed < 0)
            return -1;
        if (!empty)
            return aq_writer_complain(writer, 0, "cannot be removed: Directory not empty");
    }
    return remove_tree(writer, folder, name, number, 0);
}

/* What an item changes there, the next may refer to. */
static void forget_accounts(struct aq_writer *writer)
{
    free(writer->users);
    free(writer->groups);
    writer->users = writer->groups = NULL;
}

/* Was what is there changed as lately as the item wants it? 1, 0, -1. */
static int is_due(struct aq_writer *writer)
{
    const char *name;
    ext2_ino_t folder, number;
    struct ext2_inode inode;
    if (writer->item.since == 0)
        return 1;
    int found = aq_inode_parent(writer, false, &folder, &name);
    if (found > 0)
        found = aq_inode_lookup(writer, folder, name, &number);
    if (found > 0 && aq_inode_read(writer, number, &inode) < 0)
        return -1;
    return found > 0 ? inode.i_ctime >= writer->item.since : found;
}

int aq_writer_carry_out(struct aq_writer *writer)
{
    int due = is_due(writer);
    if (due <= 0)
        return due;
    if (strncmp(writer->item.path, "/etc/", 5) == 0)
        forget_accounts(writer);
    switch (writer->item.kind) {
    case AQ_BUNDLE_FOLDER:
        return put_folder(writer);
    case AQ_BUNDLE_FILE:
        return aq_writer_put(writer);
    case AQ_BUNDLE_APPEND:
        return aq_writer_append(writer);
    case AQ_BUNDLE_LINK:
        return put_link(writer);
    case AQ_BUNDLE_DELETE:
        return delete (writer);
    case AQ_BUNDLE_KINDS:
        break;
    }
    return -1;
}
