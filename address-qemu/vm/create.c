/* SPDX-License-Identifier: MIT */
/*
 * VMs on a disk of the user's own: in place, so that the VM writes to that very file, or as an overlay, so
 * that the file must stay as it is. The file is judged as strictly as a base, and locked while the VM is
 * made, so that of two at once one sees the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "image/qcow2.h"
#include "util/files.h"
#include "util/home.h"
#include "vm/file_users.h"
#include "vm/make.h"

enum { MEMORY_MIB = 2048, CPUS = 2 };

/* A file of the store belongs to what it is part of. */
static int check_not_ours(const char *path, struct aq_error *err)
{
    aq_autofree char *home = aq_home_path(err);
    struct aq_error ignored = {0};
    aq_autofree char *resolved = home != NULL ? aq_absolute_path(home, &ignored) : NULL;
    if (home == NULL)
        return -1;
    size_t length = resolved != NULL ? strlen(resolved) : 0;
    if (length == 0 || strncmp(path, resolved, length) != 0 || path[length] != '/')
        return 0;
    return aq_fail(err, AQ_E_IMAGE_IN_USE, "%s is a file of the store; `clone` what it belongs to instead",
                   path);
}

/* What stands on the file needs it as it is; what writes to it does not leave it so. */
static int check_users(const char *path, bool overlay, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    if (aq_file_writers(path, &names, err) < 0 || (!overlay && aq_file_readers(path, &names, err) < 0))
        return -1;
    if (names.count == 0)
        return 0;
    return aq_fail(err, AQ_E_IMAGE_IN_USE, "%s is the disk of the %s%s: %s", path, names.items[0],
                   names.count > 1 ? " and others" : "",
                   overlay ? "`clone vm=` that instead" : "say overlay=true, or `clone` that instead");
}

/* Opens, locks and judges it: its descriptor, whose closing lets go. */
static int examine(const char *image, char **path, struct aq_qcow2_info *info, struct aq_pin *pin,
                   struct aq_error *err)
{
    aq_autoclose int fd = aq_open_input(image, err);
    if (fd < 0 || (*path = aq_absolute_path(image, err)) == NULL)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return aq_fail(err, AQ_E_IMAGE_IN_USE, "another process is making a VM of %s right now", *path);
    if (aq_pin_take(fd, *path, pin, err) < 0 || aq_qcow2_admit(fd, *path, info, err) < 0)
        return -1;
    return aq_steal_fd(&fd);
}

static int check_writable(const char *path, struct aq_error *err)
{
    if (access(path, W_OK) == 0)
        return 0;
    return aq_fail_errno(err, AQ_E_UNREADABLE, errno,
                         "%s cannot be written to, which a VM on it has to; say overlay=true, or change that",
                         path);
}

int aq_vm_create(const struct aq_clone_request *request, struct aq_vm *vm, struct aq_error *err)
{
    struct aq_qcow2_info info = {0};
    struct aq_pin pin = {0};
    aq_autofree char *path = NULL;
    aq_autoclose int fd = examine(request->image, &path, &info, &pin, err);
    if (fd < 0 || check_not_ours(path, err) < 0 || check_users(path, request->overlay, err) < 0 ||
        (!request->overlay && check_writable(path, err) < 0))
        return -1;
    vm->memory = MEMORY_MIB;
    vm->cpus = CPUS;
    vm->disk_size = info.virtual_size;
    if (request->overlay)
        vm->parent = aq_parent_make(AQ_PARENT_FILE, path, &pin);
    else
        vm->disk = aq_strdup(path);
    struct aq_clone_request wanted = *request;
    if (!request->overlay && wanted.disk_size >= info.virtual_size)
        wanted.disk_size = 0; /* made larger when the VM is there */
    if (aq_vm_fill(&wanted, vm, err) < 0)
        return -1;
    return aq_vm_make(&wanted, vm, err);
}
