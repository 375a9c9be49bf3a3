/* SPDX-License-Identifier: MIT */
/* The debian kind: a minimal Debian by mmdebstrap, with systemd, networking and SSH set up by files of ours.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/build_apt.h"
#include "image/build_initrd.h"
#include "image/build_tree.h"
#include "util/files.h"
#include "util/wait.h"

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

static int run_mmdebstrap(const struct aq_build_job *job, struct aq_error *err)
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

/* What is left of an ordinary user's mmdebstrap in `folder`, which is ours. The trees in it belong to user
   ids that only mmdebstrap can act for; they are emptied through it. This has to be done after an
   interruption too. */
static void remove_shadow_trees(const struct aq_build_job *job, const char *folder)
{
    aq_autostrings struct aq_strings argv = {0};
    struct aq_error ignored = {0};
    DIR *entries = opendir(folder);
    if (entries == NULL)
        return;
    aq_strings_add(&argv, "mmdebstrap");
    aq_strings_add(&argv, "--unshare-helper");
    aq_strings_add(&argv, "rm");
    aq_strings_add(&argv, "-rf");
    size_t words = argv.count;
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries))
        if (entry->d_name[0] != '.')
            aq_strings_format(&argv, "%s/%s", folder, entry->d_name);
    closedir(entries);
    aq_interrupt_hold();
    if (argv.count > words)
        aq_job_run(job, (const char *const *)argv.items, 0, NULL, &ignored);
    aq_interrupt_release();
    ignored = (struct aq_error){0};
    aq_remove_tree_at(AT_FDCWD, folder, &ignored);
}

/* mmdebstrap's tree: in the work folder for root. An ordinary user's one is another user id's, which cannot
   enter the store. */
static int bootstrap(struct aq_build_job *job, struct aq_error *err)
{
    if (job->superuser) {
        aq_autofree char *work = aq_path_at(job->work, ".");
        job->temporary = work;
        int done = run_mmdebstrap(job, err);
        job->temporary = NULL;
        return done;
    }
    const char *place = getenv("TMPDIR");
    aq_autofree char *folder = aq_format("%s/address-qemu.XXXXXX", place != NULL ? place : "/tmp");
    if (mkdtemp(folder) == NULL || chmod(folder, 0711) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make the folder %s", folder);
    job->temporary = folder;
    int done = run_mmdebstrap(job, err);
    job->temporary = NULL;
    remove_shadow_trees(job, folder);
    return done;
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
