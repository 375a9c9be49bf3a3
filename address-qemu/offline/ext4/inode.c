/* SPDX-License-Identifier: MIT */
#include "offline/ext4/inode.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "offline/file_kind.h"
#include "offline/guest_accounts.h"

/* Beyond this a folder's link count needs what dir_nlink says. */
#define FOLDER_LINKS_MAX 60000

/* Files that may not be changed, or whose content is not plain: the kernel knows what to say of them. */
#define ODD_FLAGS                                                                                            \
    (EXT2_IMMUTABLE_FL | EXT2_APPEND_FL | EXT4_ENCRYPT_FL | EXT4_VERITY_FL | EXT4_INLINE_DATA_FL |           \
     EXT4_EA_INODE_FL | EXT4_CASEFOLD_FL | EXT2_COMPR_FL)

int aq_inode_read(const struct aq_writer *writer, ext2_ino_t number, struct ext2_inode *inode)
{
    errcode_t failure = ext2fs_read_inode(writer->fs, number, inode);
    return failure == 0 ? 0 : aq_writer_complain(writer, failure, "cannot read its inode");
}

int aq_inode_follow(struct aq_writer *writer, const char *path, ext2_ino_t *number)
{
    errcode_t failure = ext2fs_namei_follow(writer->fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, number);
    if (failure == 0)
        return 1;
    if (failure == EXT2_ET_FILE_NOT_FOUND)
        return 0;
    /* A loop of links, a file in the place of a folder, damage: the kernel's words are the better ones. */
    return aq_writer_unfit(writer, "%s cannot be followed: %s", path, error_message(failure));
}

int aq_inode_lookup(struct aq_writer *writer, ext2_ino_t folder, const char *name, ext2_ino_t *number)
{
    errcode_t failure = ext2fs_lookup(writer->fs, folder, name, (int)strlen(name), NULL, number);
    if (failure == 0)
        return 1;
    return failure == EXT2_ET_FILE_NOT_FOUND ? 0 : aq_writer_complain(writer, failure, "cannot be looked up");
}

/* A folder that can be written to here. */
static int judge_folder(struct aq_writer *writer, ext2_ino_t folder)
{
    struct ext2_inode inode;
    if (aq_inode_read(writer, folder, &inode) < 0)
        return -1;
    if (!LINUX_S_ISDIR(inode.i_mode))
        return aq_writer_unfit(writer, "a folder was wanted where a %s is", aq_file_kind(inode.i_mode));
    if ((inode.i_flags & ODD_FLAGS) != 0 || inode.i_links_count > FOLDER_LINKS_MAX)
        return aq_writer_unfit(writer, "a folder has flags or a size that are left to the kernel");
    return 0;
}

int aq_inode_make_folder(struct aq_writer *writer, ext2_ino_t folder, const char *name)
{
    if (judge_folder(writer, folder) < 0)
        return -1;
    errcode_t failure = ext2fs_mkdir(writer->fs, folder, 0, name);
    if (failure == EXT2_ET_DIR_NO_SPACE && (failure = ext2fs_expand_dir(writer->fs, folder)) == 0)
        failure = ext2fs_mkdir(writer->fs, folder, 0, name);
    aq_inode_touch(writer, folder);
    return failure == 0 ? 0 : aq_writer_complain(writer, failure, "cannot make the folder %s", name);
}

int aq_inode_enter(struct aq_writer *writer, ext2_ino_t folder, const char *name, ext2_ino_t number, int type)
{
    if (judge_folder(writer, folder) < 0)
        return -1;
    errcode_t failure = ext2fs_link(writer->fs, folder, name, number, type);
    if (failure == EXT2_ET_DIR_NO_SPACE && (failure = ext2fs_expand_dir(writer->fs, folder)) == 0)
        failure = ext2fs_link(writer->fs, folder, name, number, type);
    aq_inode_touch(writer, folder);
    return failure == 0 ? 0 : aq_writer_complain(writer, failure, "cannot be entered into its folder");
}

/* Makes what is missing of the path `folders`. */
static int make_folders(struct aq_writer *writer, char *folders, ext2_ino_t *folder)
{
    *folder = EXT2_ROOT_INO;
    for (char *end = folders; *end != '\0';) {
        char *start = end + 1;
        end = start + strcspn(start, "/");
        char after = *end;
        ext2_ino_t next = 0;
        *end = '\0';
        int found = aq_inode_follow(writer, folders, &next);
        if (found < 0)
            return -1;
        if (found == 0) {
            if (aq_inode_lookup(writer, *folder, start, &next) != 0)
                return aq_writer_complain(writer, 0, "%s is a link that leads nowhere", folders);
            if (aq_inode_make_folder(writer, *folder, start) < 0 ||
                aq_inode_lookup(writer, *folder, start, &next) != 1)
                return -1;
        }
        *folder = next;
        *end = after;
    }
    return 1;
}

int aq_inode_parent(struct aq_writer *writer, bool make, ext2_ino_t *folder, const char **name)
{
    char folders[AQ_BUNDLE_TEXT_MAX + 1];
    const char *path = writer->item.path, *slash = strrchr(path, '/');
    size_t length = (size_t)(slash - path);
    *name = slash + 1;
    *folder = EXT2_ROOT_INO;
    if (length == 0)
        return 1;
    memcpy(folders, path, length);
    folders[length] = '\0';
    int found = aq_inode_follow(writer, folders, folder);
    if (found == 0 && make)
        found = make_folders(writer, folders, folder);
    return found > 0 && judge_folder(writer, *folder) < 0 ? -1 : found;
}

static int free_inode(struct aq_writer *writer, ext2_ino_t number, struct ext2_inode *inode)
{
    ext2_filsys fs = writer->fs;
    errcode_t failure = ext2fs_free_ext_attr(fs, number, (struct ext2_inode_large *)NULL);
    if (failure == 0)
        failure = ext2fs_read_inode(fs, number, inode);
    if (failure == 0 && ext2fs_inode_has_valid_blocks2(fs, inode))
        failure = ext2fs_punch(fs, number, inode, NULL, 0, ~0ULL);
    inode->i_links_count = 0;
    inode->i_dtime = (uint32_t)time(NULL);
    if (failure == 0)
        failure = ext2fs_write_inode(fs, number, inode);
    if (failure != 0)
        return aq_writer_complain(writer, failure, "cannot be removed");
    ext2fs_inode_alloc_stats2(fs, number, -1, LINUX_S_ISDIR(inode->i_mode));
    return 0;
}

static int take_name(struct aq_writer *writer, ext2_ino_t folder, const char *name, ext2_ino_t number)
{
    errcode_t failure = judge_folder(writer, folder) < 0 ? EXT2_ET_BAD_MAGIC
                                                         : ext2fs_unlink(writer->fs, folder, name, number, 0);
    aq_inode_touch(writer, folder);
    if (writer->unfit)
        return -1;
    return failure == 0 ? 0 : aq_writer_complain(writer, failure, "cannot be taken out of its folder");
}

int aq_inode_remove(struct aq_writer *writer, ext2_ino_t folder, const char *name, ext2_ino_t number)
{
    struct ext2_inode inode;
    if (aq_inode_read(writer, number, &inode) < 0)
        return -1;
    if ((inode.i_flags & ODD_FLAGS) != 0)
        return aq_writer_unfit(writer, "it has flags that are left to the kernel");
    if (take_name(writer, folder, name, number) < 0)
        return -1;
    if (inode.i_links_count <= 1)
        return free_inode(writer, number, &inode);
    inode.i_links_count--;
    inode.i_ctime = (uint32_t)time(NULL);
    errcode_t failure = ext2fs_write_inode(writer->fs, number, &inode);
    return failure == 0 ? 0 : aq_writer_complain(writer, failure, "cannot write its inode");
}

int aq_inode_remove_folder(struct aq_writer *writer, ext2_ino_t folder, const char *name, ext2_ino_t number)
{
    struct ext2_inode inode, parent;
    if (aq_inode_read(writer, number, &inode) < 0 || take_name(writer, folder, name, number) < 0 ||
        free_inode(writer, number, &inode) < 0 || aq_inode_read(writer, folder, &parent) < 0)
        return -1;
    if (parent.i_links_count > 2)
        parent.i_links_count--;
    errcode_t failure = ext2fs_write_inode(writer->fs, folder, &parent);
    return failure == 0 ? 0 : aq_writer_complain(writer, failure, "cannot write its folder's inode");
}

/* Nanoseconds above two bits by which seconds go on after 2038 (the kernel's fs/ext4/ext4.h). */
static uint32_t time_extra(const struct timespec *time)
{
    return (uint32_t)time->tv_nsec << 2 | ((uint32_t)((uint64_t)time->tv_sec >> 32) & 3);
}

void aq_inode_touch(struct aq_writer *writer, ext2_ino_t number)
{
    struct ext2_inode_large inode = {0};
    struct timespec now;
    if (ext2fs_read_inode_full(writer->fs, number, (struct ext2_inode *)&inode, sizeof inode) != 0)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    inode.i_mtime = inode.i_ctime = (uint32_t)now.tv_sec;
    if (EXT2_INODE_SIZE(writer->fs->super) > EXT2_GOOD_OLD_INODE_SIZE)
        inode.i_mtime_extra = inode.i_ctime_extra = time_extra(&now);
    ext2fs_write_inode_full(writer->fs, number, (struct ext2_inode *)&inode, sizeof inode);
}

static int account(struct aq_writer *writer, bool user, const char *name, uint32_t *id)
{
    char **text = user ? &writer->users : &writer->groups;
    size_t *length = user ? &writer->users_length : &writer->groups_length;
    const char *file = user ? "/etc/passwd" : "/etc/group";
    if (*text == NULL)
        *text = aq_inode_text(writer, file, AQ_ACCOUNTS_MAX, length);
    if (writer->unfit)
        return -1;
    if (aq_guest_account(*text != NULL ? *text : "", *text != NULL ? *length : 0, name, id))
        return 0;
    return aq_writer_complain(writer, 0, "the image has no %s %s (its %s names none)",
                              user ? "user" : "group", name, file);
}

int aq_inode_own(struct aq_writer *writer, ext2_ino_t number, bool fresh)
{
    const struct aq_bundle_item *item = &writer->item;
    struct ext2_inode inode;
    uint32_t uid, gid;
    if (aq_inode_read(writer, number, &inode) < 0)
        return -1;
    uid = fresh ? 0 : inode_uid(inode);
    gid = fresh ? 0 : inode_gid(inode);
    bool said = fresh || item->owner_set;
    if ((said && item->owner[0] != '\0' && account(writer, true, item->owner, &uid) < 0) ||
        (said && item->group[0] != '\0' && account(writer, false, item->group, &gid) < 0))
        return -1;
    inode.i_uid = (uint16_t)uid;
    ext2fs_set_i_uid_high(inode, uid >> 16);
    inode.i_gid = (uint16_t)gid;
    ext2fs_set_i_gid_high(inode, gid >> 16);
    if ((fresh || item->mode_set) && !LINUX_S_ISLNK(inode.i_mode))
        inode.i_mode = (uint16_t)((inode.i_mode & LINUX_S_IFMT) | item->mode);
    errcode_t failure = ext2fs_write_inode(writer->fs, number, &inode);
    aq_inode_touch(writer, number);
    return failure == 0 ? 0 : aq_writer_complain(writer, failure, "cannot set owner and mode");
}

char *aq_inode_text(struct aq_writer *writer, const char *path, size_t max, size_t *length)
{
    ext2_ino_t number;
    struct ext2_inode inode;
    ext2_file_t file;
    *length = 0;
    if (aq_inode_follow(writer, path, &number) != 1 || ext2fs_read_inode(writer->fs, number, &inode) != 0 ||
        !LINUX_S_ISREG(inode.i_mode) || ext2fs_file_open2(writer->fs, number, &inode, 0, &file) != 0)
        return NULL;
    char *text = malloc(max);
    for (unsigned got = 1; text != NULL && got > 0 && *length < max; *length += got)
        if (ext2fs_file_read(file, text + *length, (unsigned)(max - *length), &got) != 0)
            got = 0;
    ext2fs_file_close(file);
    return text;
}
