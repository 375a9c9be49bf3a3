/* SPDX-License-Identifier: MIT */
#include "image/build_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/build_needs.h"
#include "util/cleanup.h"
#include "util/embedded.h"
#include "util/files.h"
#include "util/random.h"
#include "util/size.h"

#define APPEND "APPEND "

static int read_boot_code(uint8_t code[AQ_BOOT_CODE], struct aq_error *err)
{
    static const char *const paths[] = {AQ_BOOT_CODE_FILE, AQ_BOOT_CODE_COPY};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        aq_autoclose int fd = open(paths[i], O_RDONLY | O_CLOEXEC);
        memset(code, 0, AQ_BOOT_CODE);
        if (fd >= 0 && read(fd, code, AQ_BOOT_CODE) > 0)
            return 0;
    }
    return aq_fail_errno(err, AQ_E_IO, errno, "cannot read the boot code %s", paths[0]);
}

static int fail_disk(const struct aq_build_job *job, struct aq_error *err)
{
    int errnum = errno;
    aq_autofree char *path = aq_path_at(job->work, AQ_JOB_DISK);
    return aq_fail_errno(err, AQ_E_IO, errnum, "cannot write %s", path);
}

/* The disk as a file of holes, with its first sector. */
static int make_partitions(const struct aq_build_job *job, const struct aq_disk_layout *layout,
                           struct aq_error *err)
{
    uint8_t code[AQ_BOOT_CODE];
    uint32_t signature;
    if (read_boot_code(code, err) < 0)
        return -1;
    aq_random_bytes(&signature, sizeof signature);
    uint8_t sector[AQ_SECTOR];
    aq_disk_first_sector(layout, code, signature, sector);

    aq_autoclose int disk = openat(job->work, AQ_JOB_DISK, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (disk < 0 || ftruncate(disk, (off_t)(layout->disk * AQ_SECTOR)) < 0)
        return fail_disk(job, err);
    return aq_write_all(disk, sector, sizeof sector, err);
}

char *aq_build_append(void)
{
    const struct aq_embedded_file *config = aq_embedded_find(aq_build_files, AQ_JOB_SYSLINUX);
    aq_autofree char *text = aq_strndup((const char *)config->data, config->length);
    const char *append = strstr(text, APPEND);
    append = append != NULL ? append + strlen(APPEND) : "";
    return aq_strndup(append, strcspn(append, "\n"));
}

static int make_boot_partition(const struct aq_build_job *job, const struct aq_disk_layout *layout,
                               struct aq_error *err)
{
    const struct aq_embedded_file *config = aq_embedded_find(aq_build_files, AQ_JOB_SYSLINUX);
    if (aq_write_new_file_at(job->work, AQ_JOB_SYSLINUX, config->data, config->length, 0600, err) < 0)
        return -1;
    aq_autofree char *sector = aq_format("%u", layout->boot_start);
    aq_autofree char *offset = aq_format("%u", layout->boot_start * AQ_SECTOR);
    aq_autofree char *blocks = aq_format("%u", layout->boot_size / 2);
    aq_autofree char *image = aq_format("%s@@%s", AQ_JOB_DISK, offset);
    /* The hidden sectors are what syslinux's boot sector finds its partition by. */
    if (aq_job_tool(job, err, "mkfs.vfat", "-F", "16", "-h", sector, "-n", "BOOT", "--offset", sector,
                    AQ_JOB_DISK, blocks) < 0)
        return -1;
    if (aq_job_tool(job, err, "mcopy", "-i", image, AQ_JOB_KERNEL, AQ_JOB_INITRD, AQ_JOB_SYSLINUX, "::") < 0)
        return -1;
    return aq_job_tool(job, err, "syslinux", "--install", "--offset", offset, AQ_JOB_DISK);
}

/* The tree as a file system. An ordinary user's files pass as root's, or as whoever's they were noted down,
   through fakeroot. Nothing is left for the guest to initialise in the background: that would be written into
   each clone. */
static int make_root_partition(const struct aq_build_job *job, const struct aq_disk_layout *layout,
                               struct aq_error *err)
{
    aq_autofree char *mkfs = aq_need_program("mkfs.ext4", "e2fsprogs", err);
    if (mkfs == NULL)
        return -1;
    aq_autofree char *options = aq_format("offset=%llu,root_owner=0:0,lazy_itable_init=0,lazy_journal_init=1",
                                          (unsigned long long)layout->root_start * AQ_SECTOR);
    aq_autofree char *blocks = aq_format("%uk", layout->root_size / 2);
    const char *const argv[] = {"fakeroot", "-i",   AQ_JOB_OWNERS, "--",        mkfs,   "-q",   "-F",
                                "-b",       "4096", "-m",          "1",         "-L",   "root", "-E",
                                options,    "-d",   AQ_JOB_ROOT,   AQ_JOB_DISK, blocks, NULL};
    struct aq_error failure = {0};
    if (aq_job_run(job, job->superuser ? argv + 4 : argv, 0, NULL, &failure) == 0)
        return 0;
    char size[AQ_SIZE_TEXT];
    if (failure.code == AQ_E_TOOL_FAILED && strstr(failure.text, "Could not allocate") != NULL)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED,
                       "what goes on the disk does not fit into %s: give a larger size=",
                       aq_size_text(layout->disk * AQ_SECTOR, size));
    return aq_fail(err, failure.code, "%s", failure.text);
}

static int file_size(const struct aq_build_job *job, const char *name, uint64_t *size, struct aq_error *err)
{
    struct stat file;
    if (fstatat(job->work, name, &file, AT_SYMLINK_NOFOLLOW) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot look at the image's %s", name);
    *size = (uint64_t)file.st_size;
    return 0;
}

int aq_build_disk(const struct aq_build_job *job, uint64_t size, const char *output,
                  struct aq_disk_layout *layout, struct aq_error *err)
{
    uint64_t kernel = 0;
    uint64_t initrd = 0;
    aq_job_say(job, "making the disk");
    if (file_size(job, AQ_JOB_KERNEL, &kernel, err) < 0 || file_size(job, AQ_JOB_INITRD, &initrd, err) < 0 ||
        aq_disk_layout(size, kernel + initrd, layout, err) < 0)
        return -1;
    if (make_partitions(job, layout, err) < 0 || make_boot_partition(job, layout, err) < 0 ||
        make_root_partition(job, layout, err) < 0)
        return -1;
    return aq_job_tool(job, err, "qemu-img", "convert", "-f", "raw", "-O", "qcow2", AQ_JOB_DISK, output);
}
