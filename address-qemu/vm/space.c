/* SPDX-License-Identifier: MIT */
#include "vm/space.h"

#include <errno.h>
#include <sys/statvfs.h>

#include "util/process_usage.h"
#include "util/size.h"

int aq_need_space(const char *path, uint64_t bytes, const char *what, struct aq_error *err)
{
    struct statvfs space;
    char wanted[AQ_SIZE_TEXT], found[AQ_SIZE_TEXT];
    if (statvfs(path, &space) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot look at %s", path);
    uint64_t there = (uint64_t)space.f_bavail * space.f_frsize;
    if (bytes <= there)
        return 0;
    return aq_fail(
        err, AQ_E_NO_SPACE,
        "%s may take %s, and where %s is only %s are free; make room first (`prune` removes layers "
        "that nothing needs, `cleanup` stopped VMs)",
        what, aq_size_text(bytes, wanted), path, aq_size_text(there, found));
}

int aq_vm_need_memory_space(const struct aq_vm_hold *hold, struct aq_error *err)
{
    struct aq_process_usage usage;
    uint64_t bytes = (uint64_t)hold->vm.memory << 20;
    if (aq_process_usage(&hold->run.process, &usage) && usage.rss >= 0 && (uint64_t)usage.rss < bytes)
        bytes = (uint64_t)usage.rss; /* pages that the guest has never touched are not written */
    aq_autofree char *path = aq_vm_disk_path(&hold->vm, err);
    aq_autofree char *what = aq_format("the memory of VM %s", hold->vm.name);
    return path == NULL ? -1 : aq_need_space(path, bytes, what, err);
}
