/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "image/boot.h"
#include "image/build_layout.h"
#include "image/qcow2.h"
#include "util/memory.h"

/* An image that may be read. */
struct image {
    int fd;
    const char *path;
    struct aq_qcow2_info info;
};

static void image_close(struct image *image)
{
    aq_cleanup_close(&image->fd);
}

static bool image_open(const char *path, struct image *image, struct aq_error *err)
{
    image->path = path;
    image->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (image->fd < 0 || aq_qcow2_read(image->fd, path, &image->info, err) < 0)
        return false;
    const char *backing = image->info.backing_file[0] != '\0' ? image->info.backing_file : NULL;
    return aq_qcow2_judge(&image->info, backing, path, err) == 0;
}

static bool is_zero(const uint8_t *data, size_t length)
{
    return length == 0 || (data[0] == 0 && memcmp(data, data + 1, length - 1) == 0);
}

/* The boot code and the boot partition's own entry, not the signature nor the other entries. */
static bool same_boot_sector(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, AQ_BOOT_CODE) == 0 && memcmp(a + AQ_TABLE, b + AQ_TABLE, AQ_TABLE_ENTRY) == 0 &&
           memcmp(a + AQ_TABLE_END, b + AQ_TABLE_END, AQ_SECTOR - AQ_TABLE_END) == 0;
}

/* A piece of what is before the first partition, which was built as one sector and zeros. A boot loader of
   the guest's own puts itself there. */
static bool piece_kept(const struct image *built, uint64_t at, const uint8_t *data, size_t length)
{
    struct aq_error ignored = {0};
    uint8_t sector[AQ_SECTOR];
    if (at > 0)
        return is_zero(data, length);
    return aq_qcow2_read_written(built->fd, &built->info, built->path, 0, sector, sizeof sector, &ignored) ==
               AQ_QCOW2_HERE &&
           same_boot_sector(data, sector) && is_zero(data + sizeof sector, length - sizeof sector);
}

static bool gap_kept(const struct aq_boot *boot, const struct image *overlay, const struct image *built)
{
    struct aq_error ignored = {0};
    uint64_t cluster = UINT64_C(1) << overlay->info.cluster_bits; /* a sector at least */
    aq_autofree uint8_t *data = aq_alloc(cluster);
    for (uint64_t at = 0; at < boot->start; at += cluster) {
        size_t length = (size_t)(cluster < boot->start - at ? cluster : boot->start - at);
        int place =
            aq_qcow2_read_written(overlay->fd, &overlay->info, overlay->path, at, data, length, &ignored);
        if (place != AQ_QCOW2_BELOW && (place != AQ_QCOW2_HERE || !piece_kept(built, at, data, length)))
            return false;
    }
    return true;
}

bool aq_boot_area_kept(const struct aq_boot *boot, const char *overlay, const char *built)
{
    struct aq_error ignored = {0};
    aq_cleanup(image_close) struct image above = {.fd = -1};
    aq_cleanup(image_close) struct image below = {.fd = -1};
    if (!image_open(overlay, &above, &ignored) || !image_open(built, &below, &ignored))
        return false;
    return aq_qcow2_is_below(above.fd, &above.info, overlay, boot->start, boot->end, &ignored) == 1 &&
           gap_kept(boot, &above, &below);
}
