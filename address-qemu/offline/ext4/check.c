/* SPDX-License-Identifier: MIT */
#include "offline/ext4/check.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct check {
    ext2_filsys fs;
    ext2fs_block_bitmap blocks; /* in use by what was seen */
    ext2fs_block_bitmap shared; /* of attributes, which several inodes may have */
    uint16_t *links;            /* names seen of each inode, by its number */
    uint16_t *wanted;           /* what it says itself */
    bool *folders;
    const char *wrong;
};

static void claim(struct check *check, blk64_t block)
{
    if (block < check->fs->super->s_first_data_block || block >= ext2fs_blocks_count(check->fs->super))
        check->wrong = "a file has a block that is not there";
    else if (ext2fs_test_block_bitmap2(check->blocks, block))
        check->wrong = "a block belongs to two things";
    else
        ext2fs_mark_block_bitmap2(check->blocks, block);
}

static int claim_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t number, blk64_t reference, int offset,
                       void *data)
{
    struct check *check = data;
    (void)fs, (void)number, (void)reference, (void)offset;
    claim(check, *block);
    return check->wrong == NULL ? 0 : BLOCK_ABORT;
}

static void claim_attributes(struct check *check, const struct ext2_inode *inode)
{
    blk64_t block = ext2fs_file_acl_block(check->fs, inode);
    if (block == 0)
        return;
    if (block < ext2fs_blocks_count(check->fs->super) && ext2fs_test_block_bitmap2(check->shared, block))
        return;
    claim(check, block);
    if (check->wrong == NULL)
        ext2fs_mark_block_bitmap2(check->shared, block);
}

static void check_inode(struct check *check, ext2_ino_t number, struct ext2_inode *inode)
{
    ext2_filsys fs = check->fs;
    bool used = inode->i_links_count > 0 || number == EXT2_BAD_INO || number == fs->super->s_journal_inum ||
                (number < EXT2_FIRST_INODE(fs->super) && inode->i_mode != 0);
    bool marked = ext2fs_test_inode_bitmap2(fs->inode_map, number) != 0;
    if (number >= EXT2_FIRST_INODE(fs->super) && used != marked)
        check->wrong = "the map of inodes does not say which are in use";
    if (!used)
        return;
    check->wanted[number] = inode->i_links_count;
    check->folders[number] = LINUX_S_ISDIR(inode->i_mode);
    claim_attributes(check, inode);
    if (check->wrong == NULL && (number == EXT2_BAD_INO || ext2fs_inode_has_valid_blocks2(fs, inode)) &&
        ext2fs_block_iterate3(fs, number, BLOCK_FLAG_READ_ONLY, NULL, claim_block, check) != 0)
        check->wrong = "the blocks of a file cannot be followed";
}

static void check_inodes(struct check *check)
{
    ext2_inode_scan scan;
    ext2_ino_t number = 0;
    struct ext2_inode inode;
    if (ext2fs_open_inode_scan(check->fs, 0, &scan) != 0) {
        check->wrong = "the inodes cannot be read";
        return;
    }
    do {
        if (ext2fs_get_next_inode(scan, &number, &inode) != 0)
            check->wrong = "an inode cannot be read, or its checksum is wrong";
        else if (number != 0)
            check_inode(check, number, &inode);
    } while (check->wrong == NULL && number != 0);
    ext2fs_close_inode_scan(scan);
}

static int count_entry(ext2_ino_t folder, int which, struct ext2_dir_entry *entry, int offset, int block_size,
                       char *block, void *data)
{
    struct check *check = data;
    (void)folder, (void)which, (void)offset, (void)block_size, (void)block;
    if (entry->inode == 0)
        return 0;
    if (entry->inode > check->fs->super->s_inodes_count || check->wanted[entry->inode] == 0) {
        check->wrong = "a folder names an inode that is not in use";
        return DIRENT_ABORT;
    }
    check->links[entry->inode]++;
    return 0;
}

static void check_names(struct check *check)
{
    ext2_ino_t count = check->fs->super->s_inodes_count;
    for (ext2_ino_t number = EXT2_ROOT_INO; number <= count && check->wrong == NULL; number++)
        if (check->folders[number] &&
            ext2fs_dir_iterate2(check->fs, number, 0, NULL, count_entry, check) != 0)
            check->wrong = "a folder cannot be read, or its checksum is wrong";
    for (ext2_ino_t number = EXT2_FIRST_INODE(check->fs->super); number <= count && check->wrong == NULL;
         number++) {
        /* A folder of very many folders counts no more than that it is one. */
        bool many = check->folders[number] && check->wanted[number] == 1;
        if (!many && check->wanted[number] != check->links[number])
            check->wrong = "an inode has more or fewer names than it says";
    }
}

static void check_maps(struct check *check)
{
    ext2_filsys fs = check->fs;
    blk64_t unused = 0;
    for (dgrp_t group = 0; group < fs->group_desc_count; group++) {
        ext2fs_reserve_super_and_bgd(fs, group, check->blocks);
        ext2fs_mark_block_bitmap2(check->blocks, ext2fs_block_bitmap_loc(fs, group));
        ext2fs_mark_block_bitmap2(check->blocks, ext2fs_inode_bitmap_loc(fs, group));
        for (unsigned i = 0; i < fs->inode_blocks_per_group; i++)
            ext2fs_mark_block_bitmap2(check->blocks, ext2fs_inode_table_loc(fs, group) + i);
    }
    for (dgrp_t group = 0; group < fs->group_desc_count; group++)
        unused += ext2fs_bg_free_blocks_count(fs, group);
    if (ext2fs_compare_block_bitmap(check->blocks, fs->block_map) != 0)
        check->wrong = "the map of blocks does not say which are in use";
    else if (unused != ext2fs_free_blocks_count(fs->super))
        check->wrong = "the groups and the superblock differ about what is free";
}

const char *aq_ext4_check(ext2_filsys fs)
{
    size_t count = (size_t)fs->super->s_inodes_count + 1;
    struct check check = {
        .fs = fs,
        .links = calloc(count, sizeof *check.links),
        .wanted = calloc(count, sizeof *check.wanted),
        .folders = calloc(count, sizeof *check.folders),
    };
    if (check.links == NULL || check.wanted == NULL || check.folders == NULL ||
        ext2fs_allocate_block_bitmap(fs, "seen", &check.blocks) != 0 ||
        ext2fs_allocate_block_bitmap(fs, "shared", &check.shared) != 0)
        check.wrong = "there is not enough memory to check it";
    if (check.wrong == NULL)
        check_inodes(&check);
    if (check.wrong == NULL)
        check_maps(&check);
    if (check.wrong == NULL)
        check_names(&check);
    if (check.blocks != NULL)
        ext2fs_free_block_bitmap(check.blocks);
    if (check.shared != NULL)
        ext2fs_free_block_bitmap(check.shared);
    free(check.links);
    free(check.wanted);
    free(check.folders);
    return check.wrong;
}
