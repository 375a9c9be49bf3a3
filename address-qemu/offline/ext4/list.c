/* SPDX-License-Identifier: MIT */
#include "offline/ext4/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "offline/ext4/entries.h"
#include "offline/ext4/inode.h"
#include "offline/list_format.h"

#define DEPTH_MAX 256
#define PATH_LIMIT 65536

/* Where a link leads: in the inode itself when it is short. */
static int read_target(struct aq_writer *writer, ext2_ino_t number, struct ext2_inode *inode,
                       char target[4097])
{
    ext2_file_t file;
    unsigned got = 0;
    if (ext2fs_is_fast_symlink(inode)) {
        size_t length =
            EXT2_I_SIZE(inode) < sizeof inode->i_block ? EXT2_I_SIZE(inode) : sizeof inode->i_block;
        memcpy(target, inode->i_block, length);
        target[length] = '\0';
        return 0;
    }
    errcode_t failure = ext2fs_file_open2(writer->fs, number, inode, 0, &file);
    if (failure == 0) {
        failure = ext2fs_file_read(file, target, 4096, &got);
        ext2fs_file_close(file);
    }
    target[got] = '\0';
    return failure == 0 ? 0 : aq_writer_complain(writer, failure, "a link cannot be read");
}

/* The extra field: nanoseconds above two bits by which seconds go on after 2038 (the kernel's
 * fs/ext4/ext4.h). */
static long long nanoseconds(uint32_t seconds, uint32_t extra)
{
    return ((long long)(int32_t)seconds + ((long long)(extra & 3) << 32)) * 1000000000 + (extra >> 2);
}

static int print_one(struct aq_writer *writer, ext2_ino_t number, struct ext2_inode *inode, const char *path)
{
    char target[4097] = "";
    struct ext2_inode_large whole = {0};
    bool has_extra =
        EXT2_INODE_SIZE(writer->fs->super) > EXT2_GOOD_OLD_INODE_SIZE &&
        ext2fs_read_inode_full(writer->fs, number, (struct ext2_inode *)&whole, sizeof whole) == 0;
    if (LINUX_S_ISLNK(inode->i_mode) && read_target(writer, number, inode, target) < 0)
        return -1;
    printf(AQ_LIST_FORMAT, (unsigned)inode->i_mode, (unsigned)inode_uid(*inode), (unsigned)inode_gid(*inode),
           (unsigned long long)(LINUX_S_ISDIR(inode->i_mode) ? 0 : EXT2_I_SIZE(inode)),
           nanoseconds(inode->i_mtime, has_extra ? whole.i_mtime_extra : 0),
           nanoseconds(inode->i_ctime, has_extra ? whole.i_ctime_extra : 0));
    printf("%s", path);
    putchar('\0');
    printf("%s", target);
    putchar('\0');
    return 0;
}

static int walk(struct aq_writer *writer, ext2_ino_t folder, char *path, size_t length, int depth)
{
    struct aq_entries entries = {0};
    int done = depth > DEPTH_MAX ? aq_writer_unfit(writer, "its folders are nested too deep")
                                 : aq_entries_read(writer, folder, &entries);
    for (size_t i = 0; done == 0 && i < entries.count; i++) {
        struct ext2_inode inode;
        const struct aq_entry_name *entry = &entries.items[i];
        size_t longer = length + 1 + strlen(entry->name);
        if (longer >= PATH_LIMIT) {
            done = aq_writer_unfit(writer, "a path is too long");
            break;
        }
        path[length] = '/';
        strcpy(path + length + 1, entry->name);
        done = aq_inode_read(writer, entry->number, &inode);
        if (done == 0)
            done = print_one(writer, entry->number, &inode, path);
        if (done == 0 && LINUX_S_ISDIR(inode.i_mode))
            done = walk(writer, entry->number, path, longer, depth + 1);
    }
    aq_entries_free(&entries);
    return done;
}

int aq_writer_list(struct aq_writer *writer)
{
    static char path[PATH_LIMIT];
    return walk(writer, EXT2_ROOT_INO, path, 0, 0);
}
