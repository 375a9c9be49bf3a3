/* SPDX-License-Identifier: MIT */
#include "vm/monitoring.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "util/files.h"
#include "util/libexec.h"
#include "vm/health.h"

#define WANTED "wanted" /* a file in the keeper's folder */

enum { ENDS_MS = 180000 }; /* a guest that is being restarted has its time to power off */

/* A VM that is gone, or whose record says nothing, has no check. */
static bool has_check(const char *vm)
{
    struct aq_error ignored = {0};
    aq_autohealthcheck struct aq_health_check check = {0};
    aq_autoclose int folder = aq_vm_open(vm, &ignored);
    return folder >= 0 && aq_health_check_read(folder, vm, &check, &ignored) > 0 && check.enabled;
}

static int count_checks(unsigned *count, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    *count = 0;
    if (aq_vm_list(&names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++)
        *count += has_check(names.items[i]);
    return 0;
}

static bool is_wanted(int folder)
{
    return faccessat(folder, WANTED, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool aq_monitoring_has_work(int keeper_folder)
{
    struct aq_error ignored = {0};
    unsigned count = 0;
    return is_wanted(keeper_folder) && (count_checks(&count, &ignored) < 0 || count > 0);
}

int aq_monitoring_find(struct aq_monitoring *monitoring, struct aq_error *err)
{
    *monitoring = (struct aq_monitoring){0};
    aq_autoclose int folder = aq_keeper_folder(AQ_MONITOR, err);
    if (folder < 0 || count_checks(&monitoring->checks, err) < 0)
        return -1;
    int alive = aq_keeper_find(AQ_MONITOR, &monitoring->keeper, err);
    monitoring->alive = alive > 0;
    monitoring->wanted = is_wanted(folder);
    return alive < 0 ? -1 : 0;
}

static int need(struct aq_error *err)
{
    aq_autofree char *program = aq_libexec_path(AQ_MONITOR_PROGRAM, AQ_E_KEEPER_MISSING, err);
    return program != NULL ? aq_keeper_need(AQ_MONITOR, program, err) : -1;
}

int aq_monitoring_start(struct aq_monitoring *monitoring, struct aq_error *err)
{
    aq_autoclose int folder = aq_keeper_folder(AQ_MONITOR, err);
    if (folder < 0 || aq_replace_file_at(folder, WANTED, "", 0, err) < 0 ||
        aq_monitoring_find(monitoring, err) < 0)
        return -1;
    if (monitoring->checks > 0 && need(err) < 0)
        return -1;
    return aq_monitoring_find(monitoring, err);
}

int aq_monitoring_stop(struct aq_monitoring *monitoring, struct aq_error *err)
{
    if (aq_monitoring_find(monitoring, err) < 0)
        return -1;
    aq_autoclose int folder = aq_keeper_folder(AQ_MONITOR, err);
    if (folder < 0)
        return -1;
    if (unlinkat(folder, WANTED, 0) < 0 && errno != ENOENT)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot note that monitoring is not wanted any more");
    return aq_keeper_end(AQ_MONITOR, aq_after_ms(ENDS_MS), err) < 0 ? -1 : 0;
}

int aq_monitoring_look(struct aq_error *err)
{
    struct aq_monitoring monitoring;
    if (aq_monitoring_find(&monitoring, err) < 0)
        return -1;
    if (!monitoring.wanted)
        return 0;
    if (monitoring.checks > 0)
        return need(err) < 0 ? -1 : 0;
    return aq_keeper_nudge(AQ_MONITOR, err) < 0 ? -1 : 0;
}
