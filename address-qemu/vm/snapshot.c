/* SPDX-License-Identifier: MIT */
#include "vm/snapshot.h"

#include <string.h>

#include "qemu/qmp.h"
#include "util/json.h"

int aq_vm_snapshot(const struct aq_vm *vm, const char *snapshot, aq_deadline deadline, struct aq_error *err)
{
    aq_autoclose int run_folder = aq_run_open_folder(vm, err);
    if (run_folder < 0)
        return -1;
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(run_folder, deadline, err);
    if (qmp == NULL)
        return -1;
    json_t *arguments = json_pack("{s:s, s:s}", "device", "disk0", "name", snapshot);
    struct aq_error reason = {0};
    if (aq_qmp_command(qmp, "blockdev-snapshot-internal-sync", arguments, deadline, NULL, &reason) == 0)
        return 0;
    if (strstr(reason.text, "already exists") != NULL)
        return aq_fail(err, AQ_E_SNAPSHOT_EXISTS, "the VM %s has a snapshot %s already; choose another name",
                       vm->name, snapshot);
    return aq_fail(err, reason.code, "%s", reason.text);
}
