/* SPDX-License-Identifier: MIT */
#include "vm/bound.h"

#include <string.h>

#include "qemu/machine.h"
#include "qemu/qmp.h"
#include "vm/record.h"
#include "vm/snapshot.h"

#define TYPE_SUFFIX "-machine"

enum { QMP_MS = 20000 };

/* The type of the machine as an object of QEMU: "pc-q35-7.2-machine". */
int aq_vm_machine_type(int run_folder, char *machine, size_t size, struct aq_error *err)
{
    json_t *answer = NULL;
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(run_folder, aq_after_ms(QMP_MS), err);
    if (qmp == NULL ||
        aq_qmp_command(qmp, "qom-get", json_pack("{s:s, s:s}", "path", "/machine", "property", "type"),
                       aq_after_ms(QMP_MS), &answer, err) < 0)
        return -1;
    const char *type = json_is_string(answer) ? json_string_value(answer) : "";
    size_t length = strlen(type), suffix = strlen(TYPE_SUFFIX);
    bool known =
        length > suffix && length - suffix < size && strcmp(type + length - suffix, TYPE_SUFFIX) == 0;
    if (known)
        snprintf(machine, size, "%.*s", (int)(length - suffix), type);
    json_decref(answer);
    return known ? 0 : aq_fail(err, AQ_E_QMP_FAILED, "QEMU does not say what type of machine it is");
}

int aq_vm_bind(struct aq_vm_hold *hold, struct aq_error *err)
{
    struct aq_bound bound = {0};
    if (aq_vm_machine_type(hold->run_folder, bound.machine, sizeof bound.machine, err) < 0)
        return -1;
    snprintf(bound.accel, sizeof bound.accel, "%s", aq_accel_name(hold->run.accel));
    snprintf(bound.cpu, sizeof bound.cpu, "%s", aq_machine_cpu_model(hold->run.accel));
    if (strcmp(bound.machine, hold->vm.bound.machine) == 0 &&
        strcmp(bound.accel, hold->vm.bound.accel) == 0 && strcmp(bound.cpu, hold->vm.bound.cpu) == 0)
        return 0;
    hold->vm.bound = bound;
    return aq_vm_write(&hold->vm, hold->lock, err);
}

bool aq_vm_is_bound(const struct aq_vm *vm, bool goes_on)
{
    if (vm->bound.machine[0] == '\0' || goes_on)
        return vm->bound.machine[0] != '\0';
    struct aq_error unread = {0};
    aq_autosnapshots struct aq_qcow2_snapshots snapshots = {0};
    if (aq_vm_snapshots(vm, &snapshots, &unread) < 0)
        return true;
    for (size_t i = 0; i < snapshots.count; i++)
        if (snapshots.items[i].vm_state_size != 0)
            return true;
    return false;
}
