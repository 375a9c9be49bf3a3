/* SPDX-License-Identifier: MIT */
#include "vm/iso.h"

#include <stdlib.h>
#include <string.h>

#include "qemu/drive.h"
#include "util/files.h"
#include "util/json.h"
#include "vm/hold.h"
#include "vm/record.h"

enum { QMP_MS = 20000, GIVE_MS = 10000 };

static bool has_disc(const struct aq_vm *vm)
{
    return vm->iso != NULL && vm->iso[0] != '\0';
}

/* The file's absolute path, as QEMU can have it; NULL. */
static char *judge(const char *path, struct aq_error *err)
{
    aq_autoclose int fd = aq_open_input(path, err);
    if (fd < 0)
        return NULL;
    char *absolute = aq_absolute_path(path, err);
    aq_autojson json_t *text = json_string(absolute != NULL ? absolute : "");
    if (text != NULL)
        return absolute;
    aq_fail(err, AQ_E_VALUE_INVALID, "the path %s is not UTF-8, which QEMU needs", absolute);
    free(absolute);
    return NULL;
}

int aq_vm_check_iso(const struct aq_vm *vm, struct aq_error *err)
{
    if (!has_disc(vm))
        return 0;
    aq_autoclose int fd = aq_open_input(vm->iso, err);
    return fd >= 0 ? 0
                   : aq_error_context(err, "the ISO of VM %s (put it back, or `detach_iso name=%s`)",
                                      vm->name, vm->name);
}

static int hold_for_change(const char *name, struct aq_vm_hold *hold, struct aq_error *err)
{
    if (aq_vm_hold(name, hold, err) < 0)
        return -1;
    if (hold->running || !aq_vm_is_saved(&hold->vm))
        return 0;
    return aq_fail(
        err, AQ_E_VM_SAVED,
        "the VM %s has a state that was saved at %s, to which its drive belongs as it is; `restore_state` it "
        "first",
        name, hold->vm.saved);
}

/* Notes what is in the drive from now on. */
static int note(struct aq_vm_hold *hold, const char *iso, struct aq_error *err)
{
    free(hold->vm.iso);
    hold->vm.iso = aq_strdup(iso);
    return aq_vm_write(&hold->vm, hold->lock, err);
}

static void hand_over(struct aq_vm_hold *hold, struct aq_vm *vm, struct aq_run *run)
{
    *vm = hold->vm;
    *run = hold->running ? hold->run : (struct aq_run){0};
    hold->vm = (struct aq_vm){0};
}

/* What QEMU has in the drive although the record does not say so - a process died in between - is taken out.
 */
static int insert(const struct aq_vm_hold *hold, struct aq_qmp *qmp, const char *path, struct aq_error *err)
{
    if (aq_drive_eject(qmp, true, aq_after_ms(QMP_MS), err) < 0 ||
        aq_drive_insert(qmp, path, aq_after_ms(QMP_MS), err) < 0)
        return aq_error_context(err, "VM %s", hold->vm.name);
    return 0;
}

static int attach(struct aq_vm_hold *hold, const char *path, struct aq_error *err)
{
    struct aq_error ignored = {0};
    if (!hold->running)
        return note(hold, path, err);
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(hold->run_folder, aq_after_ms(QMP_MS), err);
    if (qmp == NULL || insert(hold, qmp, path, err) < 0)
        return -1;
    if (note(hold, path, err) == 0)
        return 0;
    aq_interrupt_hold();
    aq_drive_eject(qmp, true, aq_after_ms(QMP_MS), &ignored);
    aq_interrupt_release();
    return -1;
}

int aq_vm_attach_iso(const char *name, const char *path, struct aq_vm *vm, struct aq_run *run, bool *changed,
                     struct aq_error *err)
{
    aq_autohold struct aq_vm_hold hold = AQ_VM_HOLD_NONE;
    aq_autofree char *absolute = judge(path, err);
    if (absolute == NULL || hold_for_change(name, &hold, err) < 0)
        return -1;
    *changed = !has_disc(&hold.vm) || strcmp(hold.vm.iso, absolute) != 0;
    if (*changed && has_disc(&hold.vm))
        return aq_fail(err, AQ_E_ISO_ATTACHED, "the VM %s has %s in its drive; `detach_iso name=%s` first",
                       name, hold.vm.iso, name);
    if (*changed && attach(&hold, absolute, err) < 0)
        return -1;
    hand_over(&hold, vm, run);
    return 0;
}

static int eject(const struct aq_vm_hold *hold, bool force, struct aq_error *err)
{
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(hold->run_folder, aq_after_ms(QMP_MS), err);
    int out = qmp == NULL ? -1 : aq_drive_eject(qmp, force, aq_after_ms(GIVE_MS), err);
    if (out == 0)
        return aq_fail(
            err, AQ_E_VM_BUSY,
            "the guest of %s keeps its drive locked, so the disc is in use there: unmount it, or say "
            "force=true",
            hold->vm.name);
    return out < 0 ? -1 : 0;
}

int aq_vm_detach_iso(const char *name, bool force, struct aq_vm *vm, struct aq_run *run, bool *changed,
                     struct aq_error *err)
{
    aq_autohold struct aq_vm_hold hold = AQ_VM_HOLD_NONE;
    if (hold_for_change(name, &hold, err) < 0)
        return -1;
    *changed = has_disc(&hold.vm);
    if (*changed && ((hold.running && eject(&hold, force, err) < 0) || note(&hold, "", err) < 0))
        return -1;
    hand_over(&hold, vm, run);
    return 0;
}
