/* SPDX-License-Identifier: MIT */
/*
 * The process that carries a bundle out on a clean ext4 without an appliance: libext2fs, over an overlay that
 * qemu-storage-daemon exports (nbd_io.h).
 *
 *     ext4-writer write PARTITION QEMU-STORAGE-DAEMON [ARG …] <BUNDLE
 *     ext4-writer list PARTITION QEMU-STORAGE-DAEMON [ARG …]
 *     ext4-writer find 0 QEMU-STORAGE-DAEMON [ARG …]
 *
 * in an empty folder of its own. The file system is hostile: what parses it is a process that can read the
 * bundle, speak to the daemon, say what is wrong, and nothing else (sandbox.h). Nothing here is journaled, so
 * it works on an overlay that is thrown away unless all went well, and everything that can be checked is
 * checked afterwards (check.h).
 *
 * Whatever is not an everyday file system, or an everyday thing in it, is left to the appliance, whose kernel
 * knows all of them: AQ_BUNDLE_UNFIT (bundle_format.h), with the reason on standard error.
 */
#ifndef AQ_OFFLINE_EXT4_WRITER_H
#define AQ_OFFLINE_EXT4_WRITER_H

#include <ext2fs.h>
#include <stdbool.h>

#include "offline/bundle_read.h"

struct aq_writer {
    ext2_filsys fs;
    struct aq_bundle_reader bundle;
    struct aq_bundle_item item;
    char *users, *groups; /* the image's passwd and group, once they were needed */
    size_t users_length, groups_length;
    bool unfit; /* the latest failure is one that the appliance may not have */
};

/* Says what is wrong with the present item; returns -1. `failure` may be 0. */
int aq_writer_complain(const struct aq_writer *writer, errcode_t failure, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same where the appliance is to try. */
int aq_writer_unfit(struct aq_writer *writer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Is this a file system that is known well enough? 0, or -1 after saying why not. */
int aq_writer_judge(struct aq_writer *writer);

/* Carries out the present item. */
int aq_writer_carry_out(struct aq_writer *writer);

/* Asks for SELinux labels at the next boot where the image uses them. */
int aq_writer_relabel(struct aq_writer *writer);

#endif
