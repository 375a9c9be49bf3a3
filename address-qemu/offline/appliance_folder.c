/* SPDX-License-Identifier: MIT */
/*
 * The session's folder is a stage (util/stage.h) of the runtime folder that is never published: its maker
 * holds a lock on it, so a leftover of a dead process is known by nobody holding it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "offline/appliance_session.h"
#include "util/files.h"
#include "util/home.h"
#include "util/libexec.h"

#define NAME "appliance"

/* Of the folder in which libguestfs makes its sockets: nothing else is ever removed by what a link says. */
#define SOCKETS_NAME "libguestfs"
#define QEMU "qemu-system-x86_64"

/* What libguestfs puts there, and then the folder, if it is ours and holds nothing else. */
void aq_appliance_remove_sockets(int folder)
{
    static const char *const files[] = {"guestfsd.sock", "console.sock"};
    char path[PATH_MAX];
    struct stat st;
    ssize_t length = readlinkat(folder, "sockets", path, sizeof path - 1);
    if (length <= 0)
        return;
    path[length] = '\0';
    const char *name = strrchr(path, '/');
    if (name == NULL || strncmp(name + 1, SOCKETS_NAME, strlen(SOCKETS_NAME)) != 0)
        return;
    aq_autoclose int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid())
        return;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlinkat(fd, files[i], 0);
    rmdir(path);
}

/* Leftovers of runtime whose process is gone. */
static void sweep(int runtime)
{
    DIR *entries = aq_open_entries(runtime);
    if (entries == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (strncmp(entry->d_name, "." NAME ".", strlen("." NAME ".")) != 0)
            continue;
        aq_autoclose int fd = openat(runtime, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
            aq_appliance_remove_sockets(fd);
    }
    closedir(entries);
    aq_stage_sweep(runtime);
}

static int make_link(const struct aq_appliance *appliance, const char *target, const char *name,
                     struct aq_error *err)
{
    return symlinkat(target, appliance->folder.folder, name) == 0
               ? 0
               : aq_fail_errno(err, AQ_E_IO, errno, "cannot make %s/%s", appliance->path, name);
}

int aq_appliance_make_folder(struct aq_appliance *appliance, struct aq_error *err)
{
    aq_autoclose int runtime = aq_open_runtime(err);
    if (runtime < 0)
        return -1;
    sweep(runtime);
    aq_autofree char *hv = aq_libexec_path("appliance-hv", AQ_E_APPLIANCE_UNUSABLE, err);
    aq_autofree char *qemu = hv != NULL ? aq_need_program(QEMU, "qemu-system-x86", err) : NULL;
    if (qemu == NULL || aq_stage_open(runtime, NAME, &appliance->folder, err) < 0)
        return -1;
    appliance->path = aq_path_at(runtime, appliance->folder.name);
    aq_autofree char *owner = aq_format("%ld", (long)getpid());
    if (make_link(appliance, hv, "hv", err) < 0 || make_link(appliance, qemu, "program", err) < 0)
        return -1;
    return make_link(appliance, owner, "owner", err);
}
