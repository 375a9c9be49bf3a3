/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "util/home.h"
#include "vm/lifecycle.h"
#include "vm/orphan.h"

/* A running QEMU was told the name and the disk's path. */
static int check_stopped(const char *name, int vm_folder, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    if (aq_vm_load(name, &vm, err) < 0)
        return -1;
    int running = aq_run_read(&vm, &run, err);
    if (running > 0)
        return aq_fail(err, AQ_E_VM_RUNNING, "the VM %s is running; `stop name=%s` it before it is renamed",
                       name, name);
    return running < 0 ? -1 : aq_orphan_end(&vm, vm_folder, &run, err);
}

int aq_vm_rename(const char *name, const char *new_name, struct aq_error *err)
{
    aq_autoclose int vm_folder = aq_vm_lock(name, AQ_LOCK_EXCLUSIVE, err);
    if (vm_folder < 0 || check_stopped(name, vm_folder, err) < 0)
        return -1;
    aq_autoclose int vms = aq_open_home_dir("vms", err);
    if (vms < 0)
        return -1;
    if (renameat2(vms, name, vms, new_name, RENAME_NOREPLACE) < 0)
        return errno == EEXIST
                   ? aq_fail(err, AQ_E_VM_EXISTS,
                             "there is a VM %s already, so %s keeps its name; choose another", new_name, name)
                   : aq_fail_errno(err, AQ_E_IO, errno, "cannot rename VM %s", name);
    return fsync(vms) == 0 ? 0 : aq_fail_errno(err, AQ_E_IO, errno, "cannot sync the rename of VM %s", name);
}
