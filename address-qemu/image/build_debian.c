/* SPDX-License-Identifier: MIT */
/* The debian kind: a minimal Debian by mmdebstrap, with systemd, networking and SSH set up by files of ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "image/build_apt.h"
#include "image/build_initrd.h"
#include "image/build_tree.h"
#include "util/files.h"

#define TARBALL "root.tar"

/* busybox-static is what the initrd is made of. */
#define OWN_PACKAGES                                                                                         \
    "busybox-static,dbus,iproute2,linux-image-cloud-amd64,openssh-server,qemu-guest-agent,systemd,"          \
    "systemd-resolved,systemd-sysv,udev"

/* What each machine has to have of its own, or what files of ours take the place of. Left out here rather
   than removed later: the inode of a removed file may come again, and fakeroot would take the new file for
   the old. */
static const char *const left_out[] = {
    "--exclude=./dev/*",
    "--exclude=./etc/fstab",
    "--exclude=./etc/hostname",
    "--exclude=./etc/hosts",
    "--exclude=./etc/machine-id",
    "--exclude=./etc/resolv.conf",
    "--exclude=./etc/ssh/ssh_host_*",
    "--exclude=./var/lib/dbus/machine-id",
    "--exclude=./boot/initrd*",
    "--exclude=./var/lib/systemd/random-seed",
};

static void add_packages(const struct aq_build_job *job, struct aq_strings *argv)
{
    aq_autobuffer struct aq_buffer list = {0};
    aq_buffer_add_text(&list, "--include=" OWN_PACKAGES);
    for (size_t i = 0; job->build->packages != NULL && i < job->build->packages->count; i++)
        aq_buffer_format(&list, ",%s", job->build->packages->items[i]);
    aq_strings_add(argv, list.data);
}

/* Each line of a sources.list is an argument. */
static int add_sources(const struct aq_build_job *job, struct aq_strings *argv, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer sources = {0};
    if (aq_apt_sources(job, &sources, err) < 0)
        return -1;
    char *rest = sources.data;
    for (char *line = strtok_r(sources.data, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        aq_strings_add(argv, line);
    return 0;
}

static int bootstrap(const struct aq_build_job *job, struct aq_error *err)
{
    aq_autostrings struct aq_strings argv = {0};
    aq_strings_add(&argv, "mmdebstrap");
    aq_strings_add(&argv, job->superuser ? "--mode=root" : "--mode=unshare");
    aq_strings_add(&argv, "--variant=minbase");
    aq_strings_add(&argv, "--format=tar");
    aq_strings_add(&argv, "--architectures=amd64");
    aq_strings_add(&argv, "--dpkgopt=path-exclude=/usr/share/man/*");
    aq_strings_add(&argv, "--dpkgopt=path-exclude=/usr/share/doc/*");
    aq_strings_add(&argv, "--dpkgopt=path-exclude=/usr/share/info/*");
    aq_strings_add(&argv, "--dpkgopt=path-exclude=/usr/share/locale/*");
    aq_strings_add(&argv, "--dpkgopt=path-include=/usr/share/doc/*/copyright");
    add_packages(job, &argv);
    aq_strings_add(&argv, job->build->suite);
    aq_strings_add(&argv, TARBALL);
    if (add_sources(job, &argv, err) < 0)
        return -1;
    aq_job_say(job, "installing Debian %s (this takes a minute)", job->build->suite);
    return aq_job_run(job, (const char *const *)argv.items, 0, NULL, err);
}

static int unpack(const struct aq_build_job *job, struct aq_error *err)
{
    const char *argv[32] = {"fakeroot",        "-s", AQ_JOB_OWNERS, "--", "tar",      "-x", "-p",
                            "--numeric-owner", "-f", TARBALL,       "-C", AQ_JOB_ROOT};
    size_t count = 12;
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        argv[count++] = left_out[i];
    aq_job_say(job, "unpacking");
    if (aq_job_run(job, job->superuser ? argv + 4 : argv, 0, NULL, err) < 0)
        return -1;
    unlinkat(job->work, TARBALL, 0);
    return 0;
}

static int put_kernel(const struct aq_build_job *job, struct aq_error *err)
{
    aq_automodules struct aq_modules modules = {0};
    if (aq_modules_find(job, AQ_JOB_ROOT, &modules, err) < 0 || aq_build_initrd(job, &modules, err) < 0)
        return -1;
    aq_autofree char *kernel = aq_format(AQ_JOB_ROOT "/boot/vmlinuz-%s", modules.version);
    if (renameat(job->work, kernel, job->work, AQ_JOB_KERNEL) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot take the kernel out of the tree");
    return 0;
}

int aq_build_debian(struct aq_build_job *job, struct aq_error *err)
{
    if (bootstrap(job, err) < 0 || unpack(job, err) < 0 || aq_tree_overlay(job->root, "debian", err) < 0)
        return -1;
    if (job->build->helper && aq_tree_overlay(job->root, "debian-helper", err) < 0)
        return -1;
    return put_kernel(job, err);
}
