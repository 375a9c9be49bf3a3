/* SPDX-License-Identifier: MIT */
#include "guest/server/grow.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/blkpg.h>
#include <linux/btrfs.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "guest/server/partition.h"

enum { SLACK = 4 << 20 };

/* Not in the kernel's exported headers: fs/ext4/ext4.h, fs/xfs/libxfs/xfs_fs.h. */
#define EXT4_IOC_RESIZE_FS _IOW('f', 16, uint64_t)
struct xfs_geometry {
    uint32_t blocksize, rtextsize, agblocks, agcount, logblocks, sectsize, inodesize, imaxpct;
    uint64_t datablocks, rtblocks, rtextents, logstart;
    unsigned char uuid[16];
    uint32_t sunit, swidth;
    int32_t version;
    uint32_t flags, logsectsize, rtsectsize, dirblocksize;
};
struct xfs_growth {
    uint64_t newblocks;
    uint32_t imaxpct;
};
#define XFS_IOC_FSGEOMETRY_V1 _IOR('X', 100, struct xfs_geometry)
#define XFS_IOC_FSGROWFSDATA _IOW('X', 110, struct xfs_growth)

/* The block device that the file system is on. */
struct device {
    dev_t number;
    char node[64];  /* "/dev/vda2" */
    char disk[64];  /* "/dev/vda"; "" when it is a whole disk itself */
    unsigned index; /* of the partition, from 1 */
};

static int say(int status, const char *what)
{
    if (errno != 0)
        fprintf(stderr, "%s: %s\n", what, strerror(errno));
    else
        fprintf(stderr, "%s\n", what);
    return status;
}

/* Reads the first line of a file of sysfs, without its end. */
static bool read_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "re");
    bool read = file != NULL && fgets(line, size, file) != NULL;
    if (file != NULL)
        fclose(file);
    if (read)
        line[strcspn(line, "\n")] = '\0';
    return read;
}

/* A file system of several devices has a number of its own, which is no device's: then the mount says. */
static dev_t device_of(const char *root)
{
    struct stat file;
    struct mntent entry;
    char text[4096];
    if (stat(root, &file) < 0)
        return 0;
    if (major(file.st_dev) != 0)
        return file.st_dev;
    dev_t found = 0;
    FILE *mounts = setmntent("/proc/self/mounts", "re");
    while (mounts != NULL && getmntent_r(mounts, &entry, text, sizeof text) != NULL)
        if (strcmp(entry.mnt_dir, root) == 0 && stat(entry.mnt_fsname, &file) == 0 && S_ISBLK(file.st_mode))
            found = file.st_rdev;
    if (mounts != NULL)
        endmntent(mounts);
    return found;
}

/* The last part of a path, as a node. */
static void name_node(const char *path, char node[64])
{
    const char *slash = strrchr(path, '/');
    snprintf(node, 64, "/dev/%.58s", slash != NULL ? slash + 1 : path);
}

static int find_device(const char *root, struct device *device)
{
    char link[64], path[4096], file[4200], line[32];
    errno = 0;
    device->number = device_of(root);
    if (device->number == 0)
        return say(AQ_GROW_IMPOSSIBLE, "the root file system is on no block device");
    snprintf(link, sizeof link, "/sys/dev/block/%u:%u", major(device->number), minor(device->number));
    if (realpath(link, path) == NULL)
        return say(AQ_GROW_FAILED, "the root file system's device is not in /sys");
    name_node(path, device->node);
    snprintf(file, sizeof file, "%s/dm", path);
    if (access(file, F_OK) == 0) {
        errno = 0;
        return say(AQ_GROW_IMPOSSIBLE,
                   "the root file system is on a volume of the device mapper (LVM or encrypted): "
                   "grow that with its own tools");
    }
    errno = 0;
    snprintf(file, sizeof file, "%s/partition", path);
    if (!read_line(file, line, sizeof line)) {
        errno = 0;
        return AQ_GROW_DONE; /* a whole disk */
    }
    device->index = (unsigned)strtoul(line, NULL, 10);
    *strrchr(path, '/') = '\0';
    name_node(path, device->disk);
    return AQ_GROW_DONE;
}

/* The kernel takes the new length of a partition in use when it is told so. */
static bool tell_kernel(int disk, unsigned index, const struct aq_partition_growth *growth,
                        unsigned sector_size)
{
    struct blkpg_partition partition = {
        .start = (long long)(growth->start * sector_size),
        .length = (long long)(growth->new_length * sector_size),
        .pno = (int)index,
    };
    struct blkpg_ioctl_arg argument = {
        .op = BLKPG_RESIZE_PARTITION, .datalen = sizeof partition, .data = &partition};
    return ioctl(disk, BLKPG, &argument) == 0;
}

/* Is there room on the disk that a partition which does not grow cannot have? A table at the disk's end, and
   what rounding leaves, are none. */
static bool is_hemmed_in(const struct aq_partition_growth *growth, uint64_t sectors, unsigned sector_size)
{
    errno = 0;
    return (sectors - growth->start - growth->new_length) * sector_size > SLACK;
}

static int grow_partition(const struct device *device)
{
    struct aq_partition_growth growth;
    const char *why;
    uint64_t bytes;
    int sector_size;
    int disk = open(device->disk, O_RDWR | O_CLOEXEC | O_SYNC);
    if (disk < 0 || ioctl(disk, BLKGETSIZE64, &bytes) < 0 || ioctl(disk, BLKSSZGET, &sector_size) < 0)
        return say(AQ_GROW_FAILED, device->disk);
    int grown = aq_partition_grow(disk, bytes / (unsigned)sector_size, (unsigned)sector_size, device->index,
                                  &growth, &why);
    int status = AQ_GROW_DONE;
    if (grown < 0)
        status = say(errno == ENOTSUP ? AQ_GROW_IMPOSSIBLE : AQ_GROW_FAILED, why);
    else if (grown == 0 && is_hemmed_in(&growth, bytes / (unsigned)sector_size, (unsigned)sector_size))
        status = say(AQ_GROW_IMPOSSIBLE,
                     "another partition lies between the root file system's and the end of the "
                     "disk, so it has no room to grow");
    else if (!tell_kernel(disk, device->index, &growth, (unsigned)sector_size))
        status = say(AQ_GROW_FAILED, "the kernel does not take the partition's new size");
    else
        printf("partition %s %llu %llu\n", device->node,
               (unsigned long long)(growth.old_length * (unsigned)sector_size),
               (unsigned long long)(growth.new_length * (unsigned)sector_size));
    close(disk);
    return status;
}

static bool grow_ext4(int root, const struct statfs *before, uint64_t bytes)
{
    uint64_t blocks = bytes / (uint64_t)before->f_bsize;
    return ioctl(root, EXT4_IOC_RESIZE_FS, &blocks) == 0;
}

static bool grow_xfs(int root, uint64_t bytes)
{
    struct xfs_geometry geometry;
    if (ioctl(root, XFS_IOC_FSGEOMETRY_V1, &geometry) < 0)
        return false;
    struct xfs_growth growth = {bytes / geometry.blocksize, geometry.imaxpct};
    return growth.newblocks <= geometry.datablocks || ioctl(root, XFS_IOC_FSGROWFSDATA, &growth) == 0;
}

static bool grow_btrfs(int root)
{
    struct btrfs_ioctl_vol_args args = {.name = "max"};
    return ioctl(root, BTRFS_IOC_RESIZE, &args) == 0;
}

static int grow_file_system(const char *path, const struct device *device)
{
    struct statfs before, after;
    uint64_t bytes;
    int node = open(device->node, O_RDONLY | O_CLOEXEC);
    int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (node < 0 || root < 0 || ioctl(node, BLKGETSIZE64, &bytes) < 0 || fstatfs(root, &before) < 0)
        return say(AQ_GROW_FAILED, device->node);
    const char *kind = before.f_type == EXT4_SUPER_MAGIC    ? "ext4"
                       : before.f_type == XFS_SUPER_MAGIC   ? "xfs"
                       : before.f_type == BTRFS_SUPER_MAGIC ? "btrfs"
                                                            : NULL;
    errno = 0;
    if (kind == NULL)
        return say(AQ_GROW_IMPOSSIBLE,
                   "the root file system is of a kind that does not grow while it is in use");
    bool grown = strcmp(kind, "ext4") == 0  ? grow_ext4(root, &before, bytes)
                 : strcmp(kind, "xfs") == 0 ? grow_xfs(root, bytes)
                                            : grow_btrfs(root);
    if (!grown || fstatfs(root, &after) < 0)
        return say(AQ_GROW_FAILED, "the root file system cannot grow");
    printf("filesystem %s %llu %llu\n", kind,
           (unsigned long long)before.f_blocks * (unsigned long long)before.f_bsize,
           (unsigned long long)after.f_blocks * (unsigned long long)after.f_bsize);
    close(node);
    close(root);
    return AQ_GROW_DONE;
}

int aq_guest_grow(const char *root)
{
    struct device device = {0};
    int status = find_device(root, &device);
    if (status == AQ_GROW_DONE && device.disk[0] != '\0')
        status = grow_partition(&device);
    return status == AQ_GROW_DONE ? grow_file_system(root, &device) : status;
}
