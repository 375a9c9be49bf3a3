/* SPDX-License-Identifier: MIT */
/*
 * The kernel that a base brings along. What create_base builds boots by firmware and boot loader from any
 * machine; beside the disk it keeps the same kernel and initrd as files, which QEMU can start by itself.
 * That is the faster way, and the same boot, as long as the disk's boot area is what was built: so it is
 * looked at before each boot, and a disk whose boot area was written to boots by what is on it.
 */
#ifndef AQ_IMAGE_BOOT_H
#define AQ_IMAGE_BOOT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "image/pin.h"
#include "util/cleanup.h"
#include "util/error.h"

/* Their names in the base's folder. */
#define AQ_BOOT_KERNEL "kernel"
#define AQ_BOOT_INITRD "initrd"

/* Zero-initialise, aq_boot_free at the end. */
struct aq_boot {
    char *append; /* the kernel's command line, as the boot loader gives it; NULL: there is no kernel */
    uint64_t start, end; /* of the boot loader's partition, in bytes */
    struct aq_pin kernel, initrd;
};

void aq_boot_free(struct aq_boot *boot);
#define aq_autoboot aq_cleanup(aq_boot_free)

/* Makes the two files in the open folder read-only, syncs and pins them. FILE_NOT_FOUND, IO. */
int aq_boot_take_files(int folder, struct aq_boot *boot, struct aq_error *err);

/* Are the two files in that folder what was pinned? */
bool aq_boot_has_files(const struct aq_boot *boot, const char *folder);

/* As a mapping of a record, and back; false when it is not one. No mapping is no kernel. */
json_t *aq_boot_to_json(const struct aq_boot *boot);
bool aq_boot_from_json(const json_t *json, struct aq_boot *boot);

/* Does the overlay leave the boot area of the disk below it as it is? Nothing of the boot partition is
   written in it, and before that nothing but the disk's signature and the table's entries for other
   partitions, as growing a partition does. `built` is the disk as it was built. What cannot be read is not as
   it was. */
bool aq_boot_area_kept(const struct aq_boot *boot, const char *overlay, const char *built);

#endif
