/* SPDX-License-Identifier: MIT */
#include "image/build.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "image/base.h"
#include "image/build_disk.h"
#include "image/build_needs.h"
#include "image/build_tree.h"
#include "util/cleanup.h"
#include "util/files.h"
#include "util/size.h"

#define MIB ((uint64_t)1 << 20)
#define WORK "build" /* below the folder */

uint64_t aq_build_default_size(enum aq_build_kind kind)
{
    return (kind == AQ_BUILD_MICRO ? 1024 : 8192) * MIB;
}

static uint64_t smallest_size(enum aq_build_kind kind)
{
    return (kind == AQ_BUILD_MICRO ? 64 : 1024) * MIB;
}

/* Debian's rule for names of packages (Policy, 5.6.1); so nothing can pass for an option. */
static bool is_package_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    return name[0] != '\0' && strchr(letters, name[0]) != NULL && strlen(name) <= 128 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+-.") == strlen(name);
}

static bool is_suite_name(const char *name)
{
    size_t length = strlen(name);
    return length >= 2 && length <= 32 && name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

/* It becomes part of a line of sources.list. */
static bool is_mirror(const char *uri)
{
    bool known =
        strncmp(uri, "http://", 7) == 0 || strncmp(uri, "https://", 8) == 0 || strncmp(uri, "file:/", 6) == 0;
    for (const char *c = uri; *c != '\0'; c++)
        if (*c <= ' ' || *c >= 0x7f || strchr("[]#\"'\\$", *c) != NULL)
            return false;
    return known && strlen(uri) < 500;
}

static int check_names(const struct aq_build *build, struct aq_error *err)
{
    if (!is_suite_name(build->suite))
        return aq_fail(err, AQ_E_VALUE_INVALID, "suite=%s is no name of a Debian suite, such as bookworm",
                       build->suite);
    if (build->mirror != NULL && !is_mirror(build->mirror))
        return aq_fail(err, AQ_E_VALUE_INVALID,
                       "mirror=%s is no address of an archive (http://, https:// or file:/)", build->mirror);
    for (size_t i = 0; build->packages != NULL && i < build->packages->count; i++)
        if (!is_package_name(build->packages->items[i]))
            return aq_fail(err, AQ_E_VALUE_INVALID, "\"%s\" in packages= is no name of a Debian package",
                           build->packages->items[i]);
    return 0;
}

static int check_size(const struct aq_build *build, struct aq_error *err)
{
    char size[AQ_SIZE_TEXT];
    char least[AQ_SIZE_TEXT];
    if (build->size == 0 || (build->size >= smallest_size(build->kind) && build->size <= AQ_DISK_SIZE_MAX))
        return 0;
    return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "size=%s is not possible: from %s to 2T",
                   aq_size_text(build->size, size), aq_size_text(smallest_size(build->kind), least));
}

static int check_needs(enum aq_build_kind kind, struct aq_error *err)
{
    for (const struct aq_build_need *need = aq_build_needs; need->name != NULL; need++) {
        if (!aq_build_needs_this(need, kind))
            continue;
        aq_autofree char *path = aq_build_need_path(need);
        if (path == NULL)
            return aq_fail(err, AQ_E_TOOL_MISSING, "%s is not installed: apt install %s", need->name,
                           need->package);
    }
    return 0;
}

int aq_build_check(const struct aq_build *build, struct aq_error *err)
{
    if (check_names(build, err) < 0 || check_size(build, err) < 0)
        return -1;
    if (build->helper && access(build->runner_path, R_OK) < 0)
        return aq_fail_errno(err, AQ_E_GUEST_RUNNER_MISSING, errno,
                             "cannot read %s, which goes into the image", build->runner_path);
    return check_needs(build->kind, err);
}

static int put_helper(const struct aq_build_job *job, struct aq_error *err)
{
    const struct aq_build *build = job->build;
    if (!build->helper)
        return 0;
    if (aq_tree_copy(job->root, build->runner_target + 1, build->runner_path, 0755, err) < 0)
        return -1;
    return aq_tree_link(job->root, build->runner_link + 1, build->runner_target, err);
}

static int put_authorized_key(const struct aq_build_job *job, struct aq_error *err)
{
    if (job->build->authorized_key == NULL)
        return 0;
    aq_autofree char *line = aq_format("%s\n", job->build->authorized_key);
    if (aq_tree_mkdir(job->root, "root/.ssh", 0700, err) < 0)
        return -1;
    return aq_tree_put(job->root, "root/.ssh/authorized_keys", line, strlen(line), 0600, err);
}

/* What it boots, beside the disk. */
static int keep_boot(const struct aq_build_job *job, int folder, const struct aq_disk_layout *layout,
                     struct aq_boot *boot, struct aq_error *err)
{
    if (renameat(job->work, AQ_JOB_KERNEL, folder, AQ_BOOT_KERNEL) < 0 ||
        renameat(job->work, AQ_JOB_INITRD, folder, AQ_BOOT_INITRD) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot keep the image's kernel");
    boot->append = aq_build_append();
    boot->start = (uint64_t)layout->boot_start * AQ_SECTOR;
    boot->end = boot->start + (uint64_t)layout->boot_size * AQ_SECTOR;
    return 0;
}

static int build_in(struct aq_build_job *job, int folder, struct aq_boot *boot, struct aq_error *err)
{
    const struct aq_build *build = job->build;
    if (aq_write_new_file_at(job->work, AQ_JOB_OWNERS, "", 0, 0600, err) < 0)
        return -1;
    aq_autoclose int root = aq_tree_folder(job->work, AQ_JOB_ROOT, err);
    if (root < 0)
        return -1;
    job->root = root;
    if ((build->kind == AQ_BUILD_MICRO ? aq_build_micro : aq_build_debian)(job, err) < 0 ||
        put_helper(job, err) < 0 || put_authorized_key(job, err) < 0)
        return -1;
    struct aq_disk_layout layout;
    uint64_t size = build->size != 0 ? build->size : aq_build_default_size(build->kind);
    aq_autofree char *disk = aq_format("%s/" AQ_BASE_DISK, build->folder_path);
    return aq_build_disk(job, size, disk, &layout, err) < 0 ? -1 : keep_boot(job, folder, &layout, boot, err);
}

int aq_build_image(const struct aq_build *build, struct aq_boot *boot, struct aq_error *err)
{
    static const char *const made[] = {AQ_BASE_DISK, AQ_BOOT_KERNEL, AQ_BOOT_INITRD};
    if (aq_build_check(build, err) < 0)
        return -1;
    aq_autoclose int folder = aq_open_private_dir(build->folder_path, err);
    if (folder < 0)
        return -1;
    aq_autoclose int work = aq_open_private_dir_at(folder, WORK, err);
    if (work < 0)
        return -1;
    struct aq_build_job job = {.build = build, .work = work, .superuser = geteuid() == 0};
    int done = build_in(&job, folder, boot, err);
    /* After a failure the first error stays. */
    if (aq_remove_tree_at(folder, WORK, err) < 0)
        done = -1;
    for (size_t i = 0; done < 0 && i < sizeof made / sizeof *made; i++)
        unlinkat(folder, made[i], 0);
    return done;
}
