/* SPDX-License-Identifier: MIT */
/* Files of a bundle, by the same rules as agent/put.c has: a file that takes the place of a file is written
 * into that file, unless it has other names. */
#include "offline/ext4/put.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "offline/ext4/inode.h"
#include "offline/file_kind.h"

#define PIECE (1u << 18)

static bool is_zero(const char *bytes, size_t length)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

/* Writes the item's content at the file's position. Long runs of zeros become holes. */
static errcode_t write_content(struct aq_writer *writer, ext2_file_t file)
{
    static char piece[PIECE];
    ssize_t got;
    while ((got = aq_bundle_read(&writer->bundle, piece, sizeof piece)) > 0) {
        unsigned written = 0;
        errcode_t failure = got == PIECE && is_zero(piece, PIECE)
                                ? ext2fs_file_llseek(file, PIECE, EXT2_SEEK_CUR, NULL)
                                : ext2fs_file_write(file, piece, (unsigned)got, &written);
        if (failure != 0)
            return failure;
    }
    return got < 0 ? EIO : 0;
}

static errcode_t write_at_end(struct aq_writer *writer, ext2_file_t file)
{
    __u64 end = 0;
    errcode_t failure = ext2fs_file_llseek(file, 0, EXT2_SEEK_END, NULL);
    if (failure == 0)
        failure = write_content(writer, file);
    if (failure == 0)
        failure = ext2fs_file_llseek(file, 0, EXT2_SEEK_CUR, &end);
    /* A hole at the end is there by the file's size alone. */
    return failure == 0 ? ext2fs_file_set_size2(file, (ext2_off64_t)end) : failure;
}

static int write_file(struct aq_writer *writer, ext2_ino_t number, bool truncate)
{
    ext2_file_t file;
    errcode_t failure = ext2fs_file_open2(writer->fs, number, NULL, EXT2_FILE_WRITE, &file);
    if (failure != 0)
        return aq_writer_complain(writer, failure, "cannot be opened");
    if (truncate)
        failure = ext2fs_file_set_size2(file, 0);
    if (failure == 0)
        failure = write_at_end(writer, file);
    errcode_t closed = ext2fs_file_close(file);
    failure = failure != 0 ? failure : closed;
    return failure == 0 ? 0 : aq_writer_complain(writer, failure, "cannot be written");
}

/* With extents where the file system has them. */
static errcode_t write_new_inode(ext2_filsys fs, ext2_ino_t number, struct ext2_inode *inode)
{
    ext2_extent_handle_t extents;
    errcode_t failure = 0;
    if (ext2fs_has_feature_extents(fs->super)) {
        failure = ext2fs_extent_open2(fs, number, inode, &extents);
        if (failure == 0)
            ext2fs_extent_free(extents);
    }
    return failure == 0 ? ext2fs_write_new_inode(fs, number, inode) : failure;
}

int aq_writer_make_file(struct aq_writer *writer, ext2_ino_t folder, const char *name, ext2_ino_t *number)
{
    ext2_filsys fs = writer->fs;
    struct ext2_inode inode = {.i_mode = LINUX_S_IFREG | 0600, .i_links_count = 1};
    errcode_t failure = ext2fs_new_inode(fs, folder, inode.i_mode, NULL, number);
    if (failure != 0)
        return aq_writer_complain(writer, failure, "cannot be made");
    inode.i_atime = inode.i_ctime = inode.i_mtime = (uint32_t)time(NULL);
    if (aq_inode_enter(writer, folder, name, *number, EXT2_FT_REG_FILE) < 0)
        return -1;
    ext2fs_inode_alloc_stats2(fs, *number, +1, 0);
    failure = write_new_inode(fs, *number, &inode);
    return failure == 0 ? 0 : aq_writer_complain(writer, failure, "cannot be made");
}

static int put_new(struct aq_writer *writer, ext2_ino_t folder, const char *name)
{
    ext2_ino_t number;
    if (aq_writer_make_file(writer, folder, name, &number) < 0 || write_file(writer, number, false) < 0)
        return -1;
    return aq_inode_own(writer, number, true);
}

/* Attributes that a file has besides its mode are kept by writing into it; but the kernel would take
   capabilities away with the old content, and copy attributes to a file that takes another name's place. */
static bool has_attributes(struct aq_writer *writer, ext2_ino_t number, const char *name)
{
    struct ext2_xattr_handle *attributes;
    void *value = NULL;
    size_t length = 0, count = 0;
    if (ext2fs_xattrs_open(writer->fs, number, &attributes) != 0)
        return true;
    errcode_t failure = ext2fs_xattrs_read(attributes);
    if (failure == 0 && name == NULL)
        failure = ext2fs_xattrs_count(attributes, &count);
    else if (failure == 0 && ext2fs_xattr_get(attributes, name, &value, &length) == 0)
        count = 1;
    ext2fs_free_mem(&value);
    ext2fs_xattrs_close(&attributes);
    return failure != 0 || count > 0;
}

static int replace_linked(struct aq_writer *writer, ext2_ino_t folder, const char *name, ext2_ino_t old,
                          const struct ext2_inode *was)
{
    ext2_ino_t number;
    struct ext2_inode inode;
    if (has_attributes(writer, old, NULL))
        return aq_writer_unfit(writer, "a file with other names has attributes to keep");
    if (aq_inode_remove(writer, folder, name, old) < 0 ||
        aq_writer_make_file(writer, folder, name, &number) < 0 || write_file(writer, number, false) < 0 ||
        aq_inode_read(writer, number, &inode) < 0)
        return -1;
    inode.i_mode = was->i_mode;
    inode.i_uid = was->i_uid;
    inode.i_gid = was->i_gid;
    ext2fs_set_i_uid_high(inode, inode_uid(*was) >> 16);
    ext2fs_set_i_gid_high(inode, inode_gid(*was) >> 16);
    errcode_t failure = ext2fs_write_inode(writer->fs, number, &inode);
    return failure == 0 ? aq_inode_own(writer, number, false)
                        : aq_writer_complain(writer, failure, "cannot be made");
}

/* Files whose flags say that they are not to be changed, or that their content is not plain. */
static int judge_file(struct aq_writer *writer, ext2_ino_t number, const struct ext2_inode *inode)
{
    if ((inode->i_flags & ~(__u32)(EXT4_EXTENTS_FL | EXT4_HUGE_FILE_FL | EXT2_NOATIME_FL | EXT2_NODUMP_FL |
                                   EXT2_SECRM_FL | EXT2_UNRM_FL | EXT2_SYNC_FL)) != 0)
        return aq_writer_unfit(writer, "it has flags that are left to the kernel");
    if (has_attributes(writer, number, "security.capability"))
        return aq_writer_unfit(writer, "it has capabilities");
    return 0;
}

int aq_writer_put(struct aq_writer *writer)
{
    const char *name;
    ext2_ino_t folder, number;
    struct ext2_inode was;
    if (aq_inode_parent(writer, true, &folder, &name) < 0)
        return -1;
    int found = aq_inode_lookup(writer, folder, name, &number);
    if (found <= 0)
        return found < 0 ? -1 : put_new(writer, folder, name);
    if (aq_inode_read(writer, number, &was) < 0)
        return -1;
    if (LINUX_S_ISLNK(was.i_mode))
        return aq_inode_remove(writer, folder, name, number) < 0 ? -1 : put_new(writer, folder, name);
    if (!LINUX_S_ISREG(was.i_mode))
        return aq_writer_complain(writer, 0, "a file goes there, and a %s is", aq_file_kind(was.i_mode));
    if (judge_file(writer, number, &was) < 0)
        return -1;
    if (was.i_links_count > 1)
        return replace_linked(writer, folder, name, number, &was);
    return write_file(writer, number, true) < 0 ? -1 : aq_inode_own(writer, number, false);
}

int aq_writer_append(struct aq_writer *writer)
{
    ext2_ino_t number;
    struct ext2_inode was;
    int found = aq_inode_follow(writer, writer->item.path, &number);
    if (found <= 0)
        return found < 0 ? -1 : aq_writer_put(writer);
    if (aq_inode_read(writer, number, &was) < 0)
        return -1;
    if (!LINUX_S_ISREG(was.i_mode))
        return aq_writer_complain(writer, 0, "a file is to be added to, and a %s is there",
                                  aq_file_kind(was.i_mode));
    if (judge_file(writer, number, &was) < 0 || write_file(writer, number, false) < 0)
        return -1;
    return aq_inode_own(writer, number, false);
}
