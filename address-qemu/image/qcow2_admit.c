/* SPDX-License-Identifier: MIT */
#include "image/qcow2.h"

#include <fcntl.h>
#include <stdio.h>

/* The byte that QEMU holds a shared lock on while it may write to an image: its lock base plus the bit of the
   write permission (block/file-posix.c, docs: `file.locking`). */
#define QEMU_WRITE_LOCK_BYTE 101

bool aq_qcow2_in_use(int fd)
{
    struct flock probe = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = QEMU_WRITE_LOCK_BYTE, .l_len = 1};
    return fcntl(fd, F_OFD_GETLK, &probe) == 0 && probe.l_type != F_UNLCK;
}

int aq_qcow2_admit(int fd, const char *where, struct aq_qcow2_info *info, struct aq_error *err)
{
    aq_autosnapshots struct aq_qcow2_snapshots snapshots = {0};
    if (aq_qcow2_in_use(fd))
        return aq_fail(err, AQ_E_IMAGE_IN_USE,
                       "%s is open for writing in another program; stop that VM first", where);
    if (aq_qcow2_read(fd, where, info, err) < 0 || aq_qcow2_judge(info, NULL, where, err) < 0 ||
        aq_qcow2_read_snapshots(fd, info, where, &snapshots, err) < 0)
        return -1;
    return aq_qcow2_check_tables(fd, info, where, err);
}
