/* SPDX-License-Identifier: MIT */
/*
 * A claim. The member's folder becomes a stage of `vms/` first, so that whoever dies from then on leaves what
 * the next listing clears away, and nobody else gets it.
 */
#include <string.h>

#include "guest/identity.h"
#include "guest/standstill.h"
#include "qemu/launch.h"
#include "util/clock.h"
#include "util/files.h"
#include "util/home.h"
#include "vm/admit.h"
#include "vm/companion.h"
#include "vm/forward.h"
#include "vm/make.h"
#include "vm/network.h"
#include "vm/pool.h"
#include "vm/record.h"

enum { QMP_MS = 20000, REPAIR_MS = 60000 };

struct claim {
    const struct aq_clone_request *request;
    struct aq_vm *vm;
    struct aq_run *run;
    struct aq_stage stage;
    int run_folder;
    struct aq_qmp *qmp;
    struct aq_identity identity;
    struct aq_qemu_connection helper; /* its lock */
    struct aq_channel *channel;
    bool made;
};

static void claim_free(struct claim *claim)
{
    aq_channel_close(claim->channel);
    aq_qemu_disconnect(&claim->helper);
    aq_qmp_close(claim->qmp);
    if (!claim->made && claim->stage.folder >= 0) {
        aq_qemu_kill(claim->run_folder, &claim->run->process);
        aq_run_forget(claim->stage.folder, claim->run);
    }
    aq_cleanup_close(&claim->run_folder);
    aq_stage_close(&claim->stage);
    aq_identity_free(&claim->identity);
}

/* It has keys, random numbers and a machine-id of its own already, which nobody has seen; new ones cost
   nothing, but for the keys. */
static int begin_repair(struct claim *claim, struct aq_error *err)
{
    const struct aq_strings no_keys = {0};
    claim->run_folder = aq_run_open_folder(claim->run, err);
    if (claim->run_folder < 0 ||
        aq_identity_make(claim->vm->name, claim->vm->id, &no_keys, &claim->identity, err) < 0 ||
        aq_qemu_connect(claim->run_folder, AQ_QEMU_HELPER, aq_after_ms(QMP_MS), &claim->helper, err) < 0)
        return -1;
    const struct aq_channel_port port = {.fd = aq_steal_fd(&claim->helper.fd)};
    claim->channel = aq_channel_open_clone(&port, &claim->identity);
    claim->qmp = aq_qmp_connect(claim->run_folder, aq_after_ms(QMP_MS), err);
    return claim->qmp == NULL ? -1 : aq_qmp_command(claim->qmp, "cont", NULL, aq_after_ms(QMP_MS), NULL, err);
}

/* What it may reach, and which ports lead into it, its gateway can be told while it runs. The VM's own ports
   come first in both records, and SSH's last. */
static int set_network(struct claim *claim, struct aq_error *err)
{
    struct aq_vm *vm = claim->vm;
    struct aq_run *run = claim->run;
    const struct aq_clone_request *request = claim->request;
    aq_deadline deadline = aq_after_ms(QMP_MS);
    bool rules = request->egress != NULL && strcmp(request->egress, vm->egress) != 0;
    aq_cleanup(aq_qemu_disconnect) struct aq_qemu_connection companion = AQ_QEMU_UNCONNECTED;
    if (!rules && request->port_count == 0)
        return 0;
    if (aq_companion_connect(run, deadline, &companion, err) < 0 ||
        (rules && aq_network_tell_rules(companion.fd, request->egress, deadline, err) < 0))
        return -1;
    if (rules) {
        free(vm->egress);
        vm->egress = aq_strdup(request->egress);
    }
    memcpy(vm->ports, request->ports, request->port_count * sizeof *vm->ports);
    vm->port_count = request->port_count;
    memmove(run->ports + request->port_count, run->ports, run->port_count * sizeof *run->ports);
    memcpy(run->ports, request->ports, request->port_count * sizeof *run->ports);
    run->port_count += request->port_count;
    for (unsigned i = 0; i < vm->port_count; i++)
        if (aq_forward_open(companion.fd, &run->ports[i], deadline, err) < 0)
            return -1;
    return aq_run_write(claim->stage.folder, run, err);
}

/* While the guest is at it. */
static int write_record(struct claim *claim, struct aq_error *err)
{
    char now[AQ_TIME_TEXT];
    struct aq_vm *vm = claim->vm;
    free(vm->created);
    vm->created = aq_strdup(aq_now_text(now));
    free(vm->accel);
    vm->accel = aq_strdup(claim->request->accel != NULL ? claim->request->accel : "auto");
    return aq_vm_write(vm, claim->stage.folder, err);
}

static int finish(struct claim *claim, bool closed, struct aq_error *err)
{
    bool stood_still = false;
    if (set_network(claim, err) < 0 || begin_repair(claim, err) < 0 || write_record(claim, err) < 0 ||
        aq_channel_repaired(claim->channel, aq_after_ms(REPAIR_MS), &stood_still, err) < 0)
        return -1;
    if (closed && !stood_still)
        return aq_fail(err, AQ_E_CLONE_UNREPAIRED, "a clone of a pool went on before it was repaired");
    if (aq_vm_publish(&claim->stage, claim->request, claim->vm, err) < 0)
        return -1;
    claim->made = true;
    return 0;
}

/* The folder becomes ours: 1, 0 another one was faster, or it does not live any more; -1. */
static int take(struct claim *claim, int pool, const char *name, int vms, struct aq_error *err)
{
    struct aq_error unusable = {0};
    aq_autoclose int member = -1;
    if (aq_folder_lock(pool, name, AQ_LOCK_EXCLUSIVE, 0, &member, &unusable) != AQ_LOCK_HELD ||
        aq_vm_load_at(pool, name, claim->vm, &unusable) != 0 ||
        aq_run_read_in(member, claim->run, &unusable) <= 0) {
        aq_vm_free(claim->vm);
        return 0;
    }
    aq_autoclose int gate = -1;
    if (aq_vm_name(claim->request, vms, claim->vm, err) < 0 ||
        aq_vm_admit_running(vms, claim->vm, &gate, err) < 0)
        return -1;
    return aq_stage_adopt(pool, name, aq_steal_fd(&member), vms, claim->vm->name, &claim->stage, err) < 0 ? -1
                                                                                                          : 1;
}

/* As aq_pool_claim, of one member. */
static int claim_one(int pool, const char *name, const struct aq_template *template,
                     const struct aq_clone_request *request, struct aq_vm *vm, struct aq_run *run,
                     struct aq_error *err)
{
    struct aq_error failure = {0};
    aq_autoclose int vms = aq_open_home_dir("vms", err);
    aq_cleanup(claim_free) struct claim claim = {.request = request,
                                                 .vm = vm,
                                                 .run = run,
                                                 .stage = AQ_STAGE_NONE,
                                                 .run_folder = -1,
                                                 .helper = AQ_QEMU_UNCONNECTED};
    int taken = vms < 0 ? -1 : take(&claim, pool, name, vms, err);
    if (taken <= 0)
        return taken;
    if (finish(&claim, template->closed, &failure) == 0)
        return 1;
    aq_vm_free(vm);
    if (failure.code == AQ_E_VM_EXISTS || failure.code == AQ_E_PORT_IN_USE ||
        aq_error_rc(failure.code) == AQ_RC_INTERRUPTED)
        return aq_fail(err, failure.code, "%s", failure.text);
    return 0;
}

int aq_pool_claim(const struct aq_template *template, const struct aq_clone_request *request,
                  struct aq_vm *vm, struct aq_run *run, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    aq_autoclose int pool = aq_pool_open(template->name, false, err);
    if (pool < 0)
        return pool == -2 ? 0 : -1;
    if (request->port_count > AQ_VM_PORTS_MAX ||
        (request->port_count > 0 && strcmp(template->network, "none") == 0))
        return 0; /* whoever makes it otherwise tells what is wrong */
    if (aq_folder_list(pool, &names, err) < 0)
        return -1;
    int claimed = 0;
    for (size_t i = 0; i < names.count && claimed == 0; i++)
        claimed = claim_one(pool, names.items[i], template, request, vm, run, err);
    return claimed;
}
