/* SPDX-License-Identifier: MIT */
#include "image/build_needs.h"

#include <unistd.h>

#include "util/files.h"

const struct aq_build_need aq_build_needs[] = {
    {"apt-get", .package = "apt"},
    {"dpkg-deb", .package = "dpkg"},
    {"tar", .package = "tar"},
    {"xz", .package = "xz-utils"},
    {"mkfs.vfat", .package = "dosfstools"},
    {"mcopy", .package = "mtools"},
    {"syslinux", .package = "syslinux"},
    {"mkfs.ext4", .package = "e2fsprogs"},
    {"qemu-img", .package = "qemu-utils"},
    {"mmdebstrap", .package = "mmdebstrap", .debian_only = true},
    {"fakeroot", .package = "fakeroot", .user_only = true},
    {"newuidmap", .package = "uidmap", .debian_only = true, .user_only = true},
    {AQ_BOOT_CODE_FILE, .other = AQ_BOOT_CODE_COPY, .package = "syslinux-common"},
    {AQ_DEBIAN_KEYRING, .package = "debian-archive-keyring"},
    {NULL},
};

bool aq_build_needs_this(const struct aq_build_need *need, enum aq_build_kind kind)
{
    return !(need->debian_only && kind != AQ_BUILD_DEBIAN) && !(need->user_only && geteuid() == 0);
}

char *aq_build_need_path(const struct aq_build_need *need)
{
    if (need->name[0] != '/')
        return aq_find_program(need->name);
    if (access(need->name, R_OK) == 0)
        return aq_strdup(need->name);
    return need->other != NULL && access(need->other, R_OK) == 0 ? aq_strdup(need->other) : NULL;
}
