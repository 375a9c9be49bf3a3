/* SPDX-License-Identifier: MIT */
/*
 * Builds bootable disk images out of Debian packages. `micro` is busybox, the guest agent, our helper and an
 * SSH server; `debian` is a small Debian with systemd. Either boots under SeaBIOS from a plain virtio disk:
 * no firmware, kernel or initrd of the host's is needed, and no loop device, mount or root to build it.
 */
#ifndef AQ_IMAGE_BUILD_H
#define AQ_IMAGE_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "image/boot.h"
#include "util/error.h"
#include "util/memory.h"

enum aq_build_kind { AQ_BUILD_MICRO, AQ_BUILD_DEBIAN };

/* What to build. Strings are the caller's. */
struct aq_build {
    enum aq_build_kind kind;
    const char *suite;                 /* of Debian, such as "bookworm" */
    const char *mirror;                /* NULL: where this machine's apt has the suite, else deb.debian.org */
    const struct aq_strings *packages; /* more than the kind's own; NULL: none */
    uint64_t size;                     /* of the disk, bytes; 0: the kind's default */
    bool helper;                       /* put our helper in */
    const char *runner_path;           /* the static rexx-guest on this host; these three are for `helper` */
    const char *runner_target;         /* where it goes in the image, absolute */
    const char *runner_link;           /* a link to it in the image, absolute */
    const char *authorized_key;        /* a line for root's authorized_keys; NULL: nobody's key is let in */
    const char *folder_path; /* an existing private folder, on a disk that has room: where it is made */
    const char *cache_path;  /* a private folder for packages, made where missing, kept */
    void (*progress)(void *data, const char *line); /* lines for a human; may be NULL */
    void *progress_data;
};

/* Would it be built? VALUE_INVALID (suite, mirror, packages), LIMIT_EXCEEDED (size), GUEST_RUNNER_MISSING,
   and TOOL_MISSING for what has to be installed first. Nothing is made. */
int aq_build_check(const struct aq_build *build, struct aq_error *err);

/* The disk's size when none is given. */
uint64_t aq_build_default_size(enum aq_build_kind kind);

/* Builds the image as the new file AQ_BASE_DISK (qcow2, standing alone) in the folder, and beside it what it
   boots, AQ_BOOT_KERNEL and AQ_BOOT_INITRD; `boot` (zeroed; aq_boot_free it) says how, but for the pins. On
   failure - also INTERRUPTED, TOOL_FAILED with the tool's last lines, NO_SPACE, LIMIT_EXCEEDED when the disk
   is too small for the contents - nothing of it is left. */
int aq_build_image(const struct aq_build *build, struct aq_boot *boot, struct aq_error *err);

#endif
