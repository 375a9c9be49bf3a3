/* SPDX-License-Identifier: MIT */
/* What has to be installed on this machine to build images: the one list, for refusing a build at once and
   for telling beforehand. */
#ifndef AQ_IMAGE_BUILD_NEEDS_H
#define AQ_IMAGE_BUILD_NEEDS_H

#include <stdbool.h>

#include "image/build.h"

/* Debian's own keys, so that no other key of this machine can vouch for an image's packages. */
#define AQ_DEBIAN_KEYRING "/usr/share/keyrings/debian-archive-keyring.gpg"

/* The boot code of a disk's first sector. Debian has it in syslinux-common, and syslinux has a copy for its
 * own installer. */
#define AQ_BOOT_CODE_FILE "/usr/lib/syslinux/mbr/mbr.bin"
#define AQ_BOOT_CODE_COPY "/usr/lib/SYSLINUX/mbr.bin"

struct aq_build_need {
    const char *name;    /* a program, or the absolute path of a file */
    const char *other;   /* a file that does as well; NULL */
    const char *package; /* of Debian */
    bool debian_only;    /* for that kind */
    bool user_only;      /* for whoever is not root */
};

/* All of them; the last one has no name. */
extern const struct aq_build_need aq_build_needs[];

/* Is it needed by this user, for that kind? */
bool aq_build_needs_this(const struct aq_build_need *need, enum aq_build_kind kind);

/* The path where it is; NULL when it is not installed. free() it. */
char *aq_build_need_path(const struct aq_build_need *need);

#endif
