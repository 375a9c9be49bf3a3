/* SPDX-License-Identifier: MIT */
/* The micro kind: a root file system unpacked from a handful of packages, with busybox for all the rest. No
   package's scripts run, so it takes seconds. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/build_apt.h"
#include "image/build_initrd.h"
#include "image/build_tree.h"
#include "image/build_unpack.h"
#include "util/files.h"

#define KERNEL_TREE "kernel"

static const char *const own_packages[] = {"busybox-static", "dropbear-bin", "e2fsprogs",
                                           "linux-image-cloud-amd64", "qemu-guest-agent"};

/* What those packages want of a full Debian and busybox or this file does instead. */
#define PROVIDED                                                                                             \
    "kmod (= 99), initramfs-tools (= 99), linux-initramfs-tool, linux-base (= 999), debconf (= 99), "        \
    "debconf-2.0, "                                                                                          \
    "init-system-helpers (= 99), lsb-base (= 99), sysvinit-utils (= 99)"

/* What a guest of this size has no use for. */
static const char *const left_out[] = {
    "--exclude=./usr/share/doc",
    "--exclude=./usr/share/man",
    "--exclude=./usr/share/info",
    "--exclude=./usr/share/locale",
    "--exclude=./usr/share/lintian",
    "--exclude=./usr/share/bash-completion",
    "--exclude=./usr/share/initramfs-tools",
    "--exclude=./usr/lib/*/gconv",
    "--exclude=./usr/lib/udev",
    "--exclude=./usr/lib/systemd",
    "--exclude=./lib/udev",
    "--exclude=./lib/systemd",
    "--exclude=./etc/init.d/*",
    NULL,
};

/* Modules that are loaded after the root file system is there. */
static const char *const late_modules[] = {"virtio_net",  "virtio_rng", "button", "evdev",
                                           "virtio_scsi", "sr_mod",     "isofs"};

static const char *const merged[] = {"bin", "lib", "lib64", "sbin"};

/* Debian's merged /usr, made before packages are unpacked over it. */
static int make_merged_usr(int tree, struct aq_error *err)
{
    for (size_t i = 0; i < sizeof merged / sizeof *merged; i++) {
        aq_autofree char *target = aq_format("usr/%s", merged[i]);
        if (aq_tree_mkdir(tree, target, 0755, err) < 0 || aq_tree_link(tree, merged[i], target, err) < 0)
            return -1;
    }
    return 0;
}

static bool is_kernel(const char *path)
{
    return strncmp(strrchr(path, '/') + 1, "linux-image-", strlen("linux-image-")) == 0;
}

/* The kernel's package goes to a place of its own: a few of its modules are wanted, of a hundred megabytes.
 */
static int unpack_all(const struct aq_build_job *job, const struct aq_strings *files, struct aq_error *err)
{
    aq_autoclose int kernel_tree = aq_tree_folder(job->work, KERNEL_TREE, err);
    if (kernel_tree < 0 || make_merged_usr(job->root, err) < 0)
        return -1;
    aq_job_say(job, "unpacking %zu packages", files->count);
    for (size_t i = 0; i < files->count; i++) {
        const char *file = files->items[i];
        bool kernel = is_kernel(file);
        if (aq_build_unpack(job, file, kernel ? KERNEL_TREE : AQ_JOB_ROOT, kernel ? NULL : left_out, err) < 0)
            return -1;
    }
    return 0;
}

static int get_packages(const struct aq_build_job *job, struct aq_error *err)
{
    aq_autostrings struct aq_strings packages = {0};
    aq_autostrings struct aq_strings files = {0};
    aq_autoapt struct aq_apt apt = AQ_APT_NONE;
    for (size_t i = 0; i < sizeof own_packages / sizeof *own_packages; i++)
        aq_strings_add(&packages, own_packages[i]);
    for (size_t i = 0; job->build->packages != NULL && i < job->build->packages->count; i++)
        aq_strings_add(&packages, job->build->packages->items[i]);
    if (aq_apt_open(job, &apt, err) < 0 || aq_apt_get(job, &apt, PROVIDED, &packages, &files, err) < 0)
        return -1;
    return unpack_all(job, &files, err); /* the cache stays ours until they are unpacked */
}

/* Has the tree this program already, from a package or from us? */
static bool has_program(int root, const char *name)
{
    aq_autofree char *bin = aq_format("usr/bin/%s", name);
    aq_autofree char *sbin = aq_format("usr/sbin/%s", name);
    struct stat file;
    return fstatat(root, bin, &file, AT_SYMLINK_NOFOLLOW) == 0 ||
           fstatat(root, sbin, &file, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Links the programs that busybox says it has (lines such as "sbin/init") and nothing else in the tree is. */
static int link_busybox(const struct aq_build_job *job, struct aq_error *err)
{
    struct aq_process_result result = {0};
    aq_autofree char *busybox = aq_path_at(job->root, "usr/bin/busybox");
    const char *const argv[] = {busybox, "--list-full", NULL};
    if (aq_job_run(job, argv, 0, &result, err) < 0)
        return -1;
    int done = 0;
    char *rest = result.output.data;
    for (char *line = strtok_r(result.output.data, "\n", &rest); line != NULL && done == 0;
         line = strtok_r(NULL, "\n", &rest)) {
        const char *slash = strrchr(line, '/');
        if (slash == NULL || has_program(job->root, slash + 1))
            continue;
        aq_autofree char *path = aq_format("%s%s", strncmp(line, "usr/", 4) == 0 ? "" : "usr/", line);
        done = aq_tree_link(job->root, path, "/usr/bin/busybox", err);
    }
    aq_process_result_free(&result);
    return done;
}

static int put_modules(const struct aq_build_job *job, const struct aq_modules *modules, struct aq_error *err)
{
    aq_automoduleset struct aq_module_set set = {0};
    aq_autobuffer struct aq_buffer dependencies = {0};
    for (size_t i = 0; i < sizeof late_modules / sizeof *late_modules; i++)
        if (aq_module_set_add(job, modules, late_modules[i], &set, err) < 0)
            return -1;
    for (size_t i = 0; i < set.count; i++) {
        const struct aq_module *module = &set.modules[i];
        aq_autofree char *path = aq_format("usr/lib/modules/%s/%s", modules->version, module->path);
        if (aq_tree_put(job->root, path, module->data.data, module->data.length, 0644, err) < 0)
            return -1;
    }
    aq_module_set_dependencies(&set, &dependencies);
    aq_autofree char *path = aq_format("usr/lib/modules/%s/modules.dep", modules->version);
    return aq_tree_put(job->root, path, aq_buffer_text(&dependencies), dependencies.length, 0644, err);
}

static int put_kernel(const struct aq_build_job *job, struct aq_error *err)
{
    aq_automodules struct aq_modules modules = {0};
    if (aq_modules_find(job, KERNEL_TREE, &modules, err) < 0 || put_modules(job, &modules, err) < 0 ||
        aq_build_initrd(job, &modules, err) < 0)
        return -1;
    aq_autofree char *kernel = aq_format(KERNEL_TREE "/boot/vmlinuz-%s", modules.version);
    if (renameat(job->work, kernel, job->work, AQ_JOB_KERNEL) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot take the kernel out of its package");
    return 0;
}

static int make_folders(int root, struct aq_error *err)
{
    static const struct {
        const char *path;
        mode_t mode;
    } folders[] = {
        {"dev", 0755},          {"proc", 0755},          {"sys", 0755},      {"run", 0755},
        {"mnt", 0755},          {"tmp", 01777},          {"root", 0700},     {"root/.ssh", 0700},
        {"home", 0755},         {"var/log", 0755},       {"var/tmp", 01777}, {"var/lib", 0755},
        {"etc/dropbear", 0700}, {"usr/local/bin", 0755},
    };
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (aq_tree_mkdir(root, folders[i].path, folders[i].mode, err) < 0)
            return -1;
    return aq_tree_link(root, "var/run", "/run", err);
}

int aq_build_micro(struct aq_build_job *job, struct aq_error *err)
{
    if (get_packages(job, err) < 0 || make_folders(job->root, err) < 0 ||
        aq_tree_overlay(job->root, "micro", err) < 0 || link_busybox(job, err) < 0)
        return -1;
    if (job->build->helper && aq_tree_overlay(job->root, "micro-helper", err) < 0)
        return -1;
    if (fchmodat(job->root, "etc/shadow", 0600, 0) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot hide the image's passwords");
    return put_kernel(job, err);
}
