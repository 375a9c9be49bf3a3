/* SPDX-License-Identifier: MIT */
/* Small qcow2 images, made byte by byte: a sound one, from which the hostile ones differ in what they are
 * about. */
#ifndef AQ_TEST_IMAGE_H
#define AQ_TEST_IMAGE_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image/endian.h"
#include "image/qcow2.h"
#include "image/qcow2_format.h"

/* Clusters of 4 KiB: header, refcount table, refcount block, L1, L2, one data cluster. */
#define IMAGE_CLUSTER 4096
#define IMAGE_REFCOUNT_TABLE (1 * IMAGE_CLUSTER)
#define IMAGE_REFCOUNT_BLOCK (2 * IMAGE_CLUSTER)
#define IMAGE_L1 (3 * IMAGE_CLUSTER)
#define IMAGE_L2 (4 * IMAGE_CLUSTER)
#define IMAGE_DATA (5 * IMAGE_CLUSTER)
#define IMAGE_LENGTH (6 * IMAGE_CLUSTER)
#define IMAGE_EXTENSIONS 112
#define IMAGE_NAME 512
#define IMAGE_COPIED (UINT64_C(1) << 63)

struct image {
    uint8_t bytes[IMAGE_LENGTH + 4 * IMAGE_CLUSTER];
    size_t length;
};

static inline struct image image_sound(void)
{
    struct image image = {.length = IMAGE_LENGTH};
    uint8_t *at = image.bytes;
    aq_put_be32(at + QCOW2_AT_MAGIC, QCOW2_MAGIC);
    aq_put_be32(at + QCOW2_AT_VERSION, 3);
    aq_put_be32(at + QCOW2_AT_CLUSTER_BITS, 12);
    aq_put_be64(at + QCOW2_AT_SIZE, 1 << 20);
    aq_put_be32(at + QCOW2_AT_L1_ENTRIES, 1);
    aq_put_be64(at + QCOW2_AT_L1_OFFSET, IMAGE_L1);
    aq_put_be64(at + QCOW2_AT_REFCOUNT_OFFSET, IMAGE_REFCOUNT_TABLE);
    aq_put_be32(at + QCOW2_AT_REFCOUNT_CLUSTERS, 1);
    aq_put_be32(at + QCOW2_AT_REFCOUNT_ORDER, 4);
    aq_put_be32(at + QCOW2_AT_HEADER_LENGTH, IMAGE_EXTENSIONS);
    aq_put_be64(at + IMAGE_REFCOUNT_TABLE, IMAGE_REFCOUNT_BLOCK);
    for (size_t cluster = 0; cluster < IMAGE_LENGTH / IMAGE_CLUSTER; cluster++)
        aq_put_be16(at + IMAGE_REFCOUNT_BLOCK + 2 * cluster, 1);
    aq_put_be64(at + IMAGE_L1, IMAGE_L2 | IMAGE_COPIED);
    aq_put_be64(at + IMAGE_L2, IMAGE_DATA | IMAGE_COPIED);
    return image;
}

static inline void image_name_backing(struct image *image, const char *name)
{
    aq_put_be64(image->bytes + QCOW2_AT_BACKING_OFFSET, IMAGE_NAME);
    aq_put_be32(image->bytes + QCOW2_AT_BACKING_LENGTH, (uint32_t)strlen(name));
    memcpy(image->bytes + IMAGE_NAME, name, strlen(name));
}

/* Adds an extension at `offset` and returns where the next one goes. */
static inline size_t image_extension(struct image *image, size_t offset, uint32_t type, const char *text)
{
    aq_put_be32(image->bytes + offset, type);
    aq_put_be32(image->bytes + offset + 4, (uint32_t)strlen(text));
    memcpy(image->bytes + offset + 8, text, strlen(text));
    return offset + 8 + (strlen(text) + 7) / 8 * 8;
}

/* Puts a snapshot table of one entry behind the image. */
static inline void image_snapshot(struct image *image, const char *id, const char *name)
{
    uint8_t *at = image->bytes + IMAGE_LENGTH;
    aq_put_be32(image->bytes + QCOW2_AT_SNAPSHOT_COUNT, 1);
    aq_put_be64(image->bytes + QCOW2_AT_SNAPSHOTS_OFFSET, IMAGE_LENGTH);
    aq_put_be64(at, IMAGE_L1);
    aq_put_be32(at + 8, 1);
    aq_put_be16(at + 12, (uint16_t)strlen(id));
    aq_put_be16(at + 14, (uint16_t)strlen(name));
    aq_put_be32(at + 16, 1700000000);
    aq_put_be32(at + 20, 5);
    aq_put_be64(at + 24, 99);
    aq_put_be32(at + 32, 7);
    aq_put_be32(at + 36, 16);
    aq_put_be64(at + 40, UINT64_C(5) << 32);
    aq_put_be64(at + 48, 1 << 20);
    memcpy(at + 56, id, strlen(id));
    memcpy(at + 56 + strlen(id), name, strlen(name));
    image->length = IMAGE_LENGTH + IMAGE_CLUSTER;
}

/* The image as an open file of no folder. Close it. */
static inline int image_open(const struct image *image)
{
    int fd = memfd_create("image", MFD_CLOEXEC);
    if (fd < 0 || pwrite(fd, image->bytes, image->length, 0) != (ssize_t)image->length)
        abort();
    return fd;
}

#endif
