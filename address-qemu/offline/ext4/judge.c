/* SPDX-License-Identifier: MIT */
#include "offline/ext4/writer.h"

/* The features that ordinary ext4 file systems have and that libext2fs keeps whole when it writes.
   Compression, inline data, encryption, quotas, checksummed verity and the like are not among them. */
#define COMPAT                                                                                               \
    (EXT2_FEATURE_COMPAT_DIR_PREALLOC | EXT3_FEATURE_COMPAT_HAS_JOURNAL | EXT2_FEATURE_COMPAT_EXT_ATTR |     \
     EXT2_FEATURE_COMPAT_RESIZE_INODE | EXT2_FEATURE_COMPAT_DIR_INDEX | EXT4_FEATURE_COMPAT_SPARSE_SUPER2 |  \
     EXT4_FEATURE_COMPAT_ORPHAN_FILE)
#define INCOMPAT                                                                                             \
    (EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_EXTENTS | EXT4_FEATURE_INCOMPAT_64BIT |          \
     EXT4_FEATURE_INCOMPAT_FLEX_BG | EXT4_FEATURE_INCOMPAT_CSUM_SEED)
#define RO_COMPAT                                                                                            \
    (EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE |                               \
     EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_GDT_CSUM | EXT4_FEATURE_RO_COMPAT_DIR_NLINK | \
     EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE | EXT4_FEATURE_RO_COMPAT_METADATA_CSUM)

int aq_writer_judge(struct aq_writer *writer)
{
    const struct ext2_super_block *super = writer->fs->super;
    if ((super->s_feature_incompat & EXT3_FEATURE_INCOMPAT_RECOVER) != 0)
        return aq_writer_unfit(writer, "its journal has to be replayed");
    if ((super->s_state & EXT2_VALID_FS) == 0 || (super->s_state & EXT2_ERROR_FS) != 0)
        return aq_writer_unfit(writer, "it is not marked clean");
    if (super->s_last_orphan != 0 ||
        (super->s_feature_ro_compat & EXT4_FEATURE_RO_COMPAT_ORPHAN_PRESENT) != 0)
        return aq_writer_unfit(writer, "it has orphaned files");
    uint32_t compat = super->s_feature_compat & ~(uint32_t)COMPAT;
    uint32_t incompat = super->s_feature_incompat & ~(uint32_t)INCOMPAT;
    uint32_t ro_compat = super->s_feature_ro_compat & ~(uint32_t)RO_COMPAT;
    if (compat != 0 || incompat != 0 || ro_compat != 0)
        return aq_writer_unfit(writer, "it has features that are not written here (%#x, %#x, %#x)", compat,
                               incompat, ro_compat);
    if (super->s_creator_os != EXT2_OS_LINUX || writer->fs->blocksize > 4096)
        return aq_writer_unfit(writer, "it is not of the usual kind");
    return 0;
}
