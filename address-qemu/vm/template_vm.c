/* SPDX-License-Identifier: MIT */
#include "vm/template_vm.h"

#include <string.h>

#include "guest/standstill.h"
#include "image/chain.h"
#include "image/qcow2.h"
#include "qemu/block.h"
#include "qemu/relay.h"
#include "util/files.h"
#include "util/guard.h"
#include "vm/bound.h"
#include "vm/extract.h"
#include "vm/freeze.h"
#include "vm/guest_runner.h"
#include "vm/leftover.h"
#include "vm/private_network.h"
#include "vm/template_mirror.h"
#include "vm/template_rest.h"
#include "vm/template_take.h"

enum {
    QMP_MS = 60000,
    THAW_MS = 60000,
    READY_MS = 20000,
    DEPTH_MAX = 16, /* a VM that is taken from again and again gets no deeper than this by it */
};

/* Should we die meanwhile: the copy of the disk is ended, or there is none; the stream is given up, or is at
   its end already; and it goes on, should it stand still. */
static const char go_on_words[] =
    AQ_FOLLOW_CANCEL_WORDS "{\"execute\": \"migrate_cancel\"}\n{\"execute\": \"cont\"}\n";

/* A VM of which something is being taken. */
struct taking {
    const struct aq_take_request *request;
    struct aq_taken *taken;
    struct aq_vm_hold hold;
    struct aq_guest guest;
    struct aq_qmp *qmp;
    bool freeze_disk; /* it is switched to an overlay; else what it holds is copied */
    struct aq_following following;
    struct aq_mirror mirror;
    struct aq_relay relay;
    struct aq_guard guard;
    struct aq_layer layer;
};

static void taking_free(struct taking *taking)
{
    aq_relay_close(&taking->relay);
    aq_vm_follow_close(&taking->following);
    aq_guard_end(&taking->guard);
    aq_mirror_end(&taking->mirror);
    aq_guest_close(&taking->guest);
    aq_qmp_close(taking->qmp);
    aq_layer_free(&taking->layer);
    aq_vm_let_go(&taking->hold);
}

void aq_taken_free(struct aq_taken *taken)
{
    aq_template_free(&taken->template);
    aq_stage_close(&taken->stage);
    aq_cleanup_close(&taken->held);
}

static void say(void *data, const char *what)
{
    const struct taking *taking = data;
    if (taking->request->progress != NULL)
        taking->request->progress(taking->request->progress_data, what);
}

static int check(const struct taking *taking, struct aq_error *err)
{
    const struct aq_vm *vm = &taking->hold.vm;
    if (aq_private_network_has(vm))
        return aq_fail(
            err, AQ_E_NOT_SUPPORTED,
            "the VM %s is in the private network %s, in which all that go on from it would have its "
            "address; `clone vm=%s` makes one that boots",
            vm->name, vm->network, vm->name);
    if (!taking->hold.running)
        return aq_fail(err, AQ_E_VM_NOT_RUNNING,
                       "the VM %s is stopped, so there is no memory to take; `start name=%s` it first",
                       vm->name, vm->name);
    if (aq_run_need_awake(vm, &taking->hold.run, err) < 0)
        return -1;
    if (vm->iso != NULL)
        return aq_fail(err, AQ_E_NOT_SUPPORTED,
                       "the VM %s has a CD drive, which its clones would not have; take the disc out, and "
                       "restart the VM",
                       vm->name);
    if (vm->provisioned == NULL || vm->provisioned[0] == '\0' || taking->request->allow_provisioned)
        return 0;
    return aq_fail(
        err, AQ_E_TEMPLATE_SECRETS,
        "a script was run in the VM %s (first at %s), which may have left secrets that every clone "
        "would have as well; allow_provisioned=true says that it may",
        vm->name, vm->provisioned);
}

static int reach_guest(struct taking *taking, struct aq_error *err)
{
    struct aq_guest_runner runner;
    const struct aq_run *run = &taking->hold.run;
    if (aq_guest_open_run(run, AQ_METHOD_AUTO, aq_after_ms(READY_MS), &taking->guest, err) < 0 ||
        aq_guest_need_runner_in(run, false, &taking->guest, &runner, err) < 0)
        return -1;
    if (taking->guest.channel == taking->guest.helper.channel)
        return 0;
    return aq_fail(err, AQ_E_NOT_SUPPORTED,
                   "our helper does not run in the guest of VM %s, and without it no clone could be repaired",
                   taking->hold.vm.name);
}

static int have_it_rest(struct taking *taking, struct aq_error *err)
{
    const struct aq_rest rest = {.channel = taking->guest.channel,
                                 .qemu = &taking->hold.run.process,
                                 .warm = taking->request->warm,
                                 .warm_ms = taking->request->warm_ms,
                                 .settle_ms = taking->request->settle_ms,
                                 .say = say,
                                 .data = taking};
    return aq_template_rest(&rest, &taking->taken->template.settled, err);
}

/* In which way the disk is taken. Internal snapshots cannot be shared, and a user's own file is not ours to
   be made immutable. */
static int look_at_disk(struct taking *taking, struct aq_error *err)
{
    const struct aq_vm *vm = &taking->hold.vm;
    struct aq_qcow2_info info;
    aq_autochain struct aq_chain chain = {0};
    aq_autofree char *path = aq_vm_disk_path(vm, err);
    aq_autoclose int disk = aq_vm_open_disk(vm, taking->hold.lock, err);
    if (path == NULL || disk < 0 || aq_chain_of_disk(path, &vm->parent, &chain, err) < 0 ||
        aq_qcow2_read(disk, path, &info, err) < 0)
        return -1;
    taking->freeze_disk = info.snapshot_count == 0 && vm->disk[0] != '/' && chain.count < DEPTH_MAX;
    return 0;
}

static int describe(struct taking *taking, struct aq_error *err)
{
    struct aq_template *template = &taking->taken->template;
    const struct aq_vm *vm = &taking->hold.vm;
    char machine[sizeof vm->bound.machine];
    if (aq_vm_machine_type(taking->hold.run_folder, machine, sizeof machine, err) < 0 ||
        aq_template_note_machine(vm, taking->hold.run.accel, template, err) < 0)
        return -1;
    if (strcmp(machine, template->machine) != 0)
        return aq_fail(
            err, AQ_E_NOT_SUPPORTED,
            "the machine of the VM %s is a %s, and QEMU makes a %s of a clone now: what is taken of "
            "one does not fit the other; `restart name=%s` gives it the new one",
            vm->name, machine, template->machine, vm->name);
    template->vm = aq_strdup(vm->name);
    template->warm = aq_strdup(taking->request->warm != NULL ? taking->request->warm : "");
    template->provisioned = vm->provisioned != NULL && vm->provisioned[0] != '\0';
    return 0;
}

/* What is to take in the memory. */
static int start_mirror(struct taking *taking, struct aq_error *err)
{
    struct aq_taken *taken = taking->taken;
    aq_autoclose int templates = aq_templates_open(err);
    if (templates < 0 || aq_stage_open(templates, taking->request->name, &taken->stage, err) < 0)
        return -1;
    aq_leftovers_sweep(templates); /* each with a whole RAM in it */
    aq_autofree char *ram = aq_template_make_ram(taken->stage.folder, taking->hold.vm.memory, err);
    return ram == NULL ? -1 : aq_mirror_start(&taking->hold.vm, &taken->template, ram, &taking->mirror, err);
}

/* All that can be done while the VM goes on. */
static int prepare(struct taking *taking, struct aq_error *err)
{
    if (aq_vm_hold(taking->request->vm, &taking->hold, err) < 0 || check(taking, err) < 0 ||
        reach_guest(taking, err) < 0 || have_it_rest(taking, err) < 0 || look_at_disk(taking, err) < 0 ||
        describe(taking, err) < 0 || start_mirror(taking, err) < 0)
        return -1;
    taking->qmp = aq_qmp_connect(taking->hold.run_folder, aq_after_ms(QMP_MS), err);
    if (taking->qmp == NULL || aq_qmp_end_jobs(taking->qmp, aq_after_ms(QMP_MS), err) < 0 ||
        aq_guard_begin(aq_qmp_descriptor(taking->qmp), go_on_words, &taking->guard, err) < 0)
        return -1;
    say(taking, "copying its memory");
    if (!taking->freeze_disk && aq_vm_follow_begin(&taking->hold, taking->qmp, &taking->following, err) < 0)
        return -1;
    return aq_relay_begin(&taking->relay, taking->qmp, taking->mirror.input[1], err) < 0
               ? -1
               : aq_guest_prepare_freeze(taking->guest.channel, aq_after_ms(READY_MS), err);
}

/* While the guest is frozen. */
static int take(struct taking *taking, struct aq_error *err)
{
    if (aq_relay_stop(&taking->relay, err) < 0)
        return -1;
    int disk = taking->freeze_disk ? aq_vm_freeze_switch(&taking->hold, taking->qmp, err)
                                   : aq_vm_follow_end(&taking->following, err);
    return disk < 0 ? -1 : aq_relay_finish(&taking->relay, err);
}

/* Whatever came of it, the VM goes on; the first thing that failed counts. */
static int go_on(struct taking *taking, int taken, struct aq_error *err)
{
    struct aq_error problem = {0};
    aq_deadline deadline = aq_after_ms(QMP_MS);
    if (taken < 0)
        aq_relay_close(&taking->relay);
    aq_qmp_command(taking->qmp, "cont", NULL, deadline, NULL, &problem);
    aq_guest_thaw(taking->guest.channel, aq_after_ms(THAW_MS), &problem);
    if (taken < 0 || problem.code == AQ_OK)
        return taken;
    return aq_fail(err, problem.code, "the VM %s did not go on: %s", taking->hold.vm.name, problem.text);
}

static int take_in_pause(struct taking *taking, struct aq_error *err)
{
    aq_deadline begin = aq_now();
    say(taking, "freezing");
    int taken = aq_template_freeze(taking->guest.channel, &taking->taken->template, err);
    if (taken == 0)
        taken = take(taking, err);
    taken = go_on(taking, taken, err);
    taking->taken->pause_ms = (aq_now() - begin) / 1000000;
    if (taken == 0)
        taken = aq_relay_deliver(&taking->relay, err);
    aq_relay_close(&taking->relay);
    aq_guard_end(&taking->guard);
    return taken;
}

/* What was begun with the disk is led to its end, or taken back. */
static int settle_disk(struct taking *taking, int taken, struct aq_error *err)
{
    struct aq_frozen frozen = {.held = -1};
    struct aq_vm_hold *hold = &taking->hold;
    if (!taking->freeze_disk)
        return taken < 0 ? 0
                         : aq_vm_follow_publish(hold, &taking->following, &taking->layer,
                                                &taking->taken->held, err);
    aq_qmp_close(aq_steal_ptr(&taking->qmp)); /* the next needs it */
    if (aq_vm_freeze_settle(&hold->vm, hold->lock, hold->run_folder, &frozen, err) < 0)
        return -1;
    taking->layer = frozen.layer;
    taking->taken->held = frozen.held;
    return 0;
}

static int take_all(struct taking *taking, struct aq_error *err)
{
    struct aq_error unsettled = {0};
    if (taking->freeze_disk && aq_vm_freeze_begin(&taking->hold, err) < 0)
        return -1;
    int taken = take_in_pause(taking, err);
    if (settle_disk(taking, taken, &unsettled) < 0 && taken == 0)
        taken = aq_fail(err, unsettled.code, "%s", unsettled.text);
    return taken;
}

static int finish(struct taking *taking, struct aq_error *err)
{
    struct aq_template *template = &taking->taken->template;
    aq_parent_free(&template->parent);
    template->parent = aq_layer_as_parent(&taking->layer);
    say(taking, "writing what was taken");
    return aq_mirror_finish(&taking->mirror, taking->taken->stage.folder, err);
}

int aq_take_vm(const struct aq_take_request *request, struct aq_taken *taken, struct aq_error *err)
{
    aq_cleanup(taking_free) struct taking taking = {.request = request,
                                                    .taken = taken,
                                                    .hold = AQ_VM_HOLD_NONE,
                                                    .guest = AQ_GUEST_CLOSED,
                                                    .following = AQ_FOLLOWING_NONE,
                                                    .mirror = AQ_MIRROR_NONE,
                                                    .guard = AQ_GUARD_NONE};
    if (prepare(&taking, err) < 0)
        return -1;
    aq_interrupt_hold(); /* a guest that stands still is worse than a wait */
    int done = take_all(&taking, err);
    aq_interrupt_release();
    return done < 0 ? -1 : finish(&taking, err);
}
