/* SPDX-License-Identifier: MIT */
/* A header block as it is in an archive, for util/tar_write.c and tar_read.c. (Source: IEEE Std 1003.1, pax.)
 */
#ifndef AQ_UTIL_TAR_FORMAT_H
#define AQ_UTIL_TAR_FORMAT_H

struct aq_tar_block {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char target[100];
    char magic[6]; /* "ustar" and a NUL; GNU's has a blank there */
    char version[2];
    char uname[32];
    char gname[32];
    char major[8];
    char minor[8];
    char prefix[155];
    char unused[12];
};

_Static_assert(sizeof(struct aq_tar_block) == 512, "a tar header is a block");

#define AQ_TAR_TYPE_FILE '0'
#define AQ_TAR_TYPE_OLD_FILE '\0'
#define AQ_TAR_TYPE_HARD_LINK '1'
#define AQ_TAR_TYPE_LINK '2'
#define AQ_TAR_TYPE_FOLDER '5'
#define AQ_TAR_TYPE_CONTIGUOUS '7'
#define AQ_TAR_TYPE_EXTENDED 'x' /* of the entry that follows */
#define AQ_TAR_TYPE_GLOBAL 'g'
#define AQ_TAR_TYPE_GNU_PATH 'L'
#define AQ_TAR_TYPE_GNU_TARGET 'K'

#endif
