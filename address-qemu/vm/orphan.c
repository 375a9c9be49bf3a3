/* SPDX-License-Identifier: MIT */
#include "vm/orphan.h"

#include <fcntl.h>

#include "image/qcow2.h"
#include "qemu/qmp.h"

enum { ORPHAN_ANSWERS_MS = 20000, ORPHAN_FLUSHES_MS = 20000, DYING_MS = 1000, LOOK_EVERY_MS = 20 };

/* Tells whatever listens on the sockets to quit: 1 told, 0 nobody is there, -1 error. */
static int tell_quit(const struct aq_run *run, struct aq_error *err)
{
    struct aq_error reason = {0};
    aq_autoclose int folder = aq_run_open_folder(run, &reason);
    if (folder < 0)
        return 0;
    aq_deadline deadline = aq_after_ms(ORPHAN_ANSWERS_MS);
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(folder, deadline, &reason);
    if (qmp == NULL)
        return reason.code == AQ_E_VM_NOT_RUNNING ? 0 : aq_fail(err, reason.code, "%s", reason.text);
    /* Its answer may be lost with the connection; the disk's lock tells whether it went. */
    aq_qmp_command(qmp, "quit", NULL, deadline, NULL, &reason);
    return reason.code == AQ_E_INTERRUPTED ? aq_fail(err, reason.code, "%s", reason.text) : 1;
}

/* QEMU flushes before it lets go, and gives no event for that to anybody but its parent. One that was not
   told may still be on its way out, and is given a moment. */
static int wait_disk_free(const struct aq_vm *vm, int vm_folder, bool told, struct aq_error *err)
{
    const char *name = vm->disk != NULL ? vm->disk : AQ_VM_DISK;
    aq_autoclose int disk = openat(vm_folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    aq_deadline deadline = aq_after_ms(told ? ORPHAN_FLUSHES_MS : DYING_MS);
    while (disk >= 0 && aq_qcow2_in_use(disk)) {
        if (aq_ms_left(deadline) == 0)
            return aq_fail(
                err, AQ_E_VM_RUNNING,
                "the disk of VM %s is in use by a QEMU that is not on record and does not answer; end that "
                "process first (its name is qemu:%s)",
                vm->name, vm->name);
        if (aq_sleep_until(aq_after_ms(LOOK_EVERY_MS), err) < 0)
            return -1;
    }
    return 0;
}

int aq_orphan_end(const struct aq_vm *vm, int vm_folder, const struct aq_run *run, struct aq_error *err)
{
    int told = run->folder[0] == '/' ? tell_quit(run, err) : 0;
    return told < 0 ? -1 : wait_disk_free(vm, vm_folder, told > 0, err);
}

void aq_orphan_quit(const struct aq_run *run)
{
    struct aq_error ignored = {0};
    tell_quit(run, &ignored);
}
