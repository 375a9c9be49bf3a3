/* SPDX-License-Identifier: MIT */
/*
 * A template from a base: a VM is booted in the template's own stage, with the stage's file as its RAM. It is
 * in no listing; whoever dies in the middle leaves a stage that a sweep clears away, with the QEMU in it.
 */
#include "vm/template_make.h"

#include <string.h>

#include "image/base.h"
#include "qemu/launch.h"
#include "vm/guest_runner.h"
#include "vm/make.h"
#include "vm/start.h"
#include "vm/template_rest.h"
#include "vm/template_take.h"
#include "vm/template_vm.h"

struct making {
    const struct aq_template_request *request;
    struct aq_template *template;
    struct aq_stage stage;
    struct aq_vm vm;
    struct aq_run run;
    struct aq_qmp *qmp;
    struct aq_guest guest;
    int base_lock, parent_lock;
};

static void say(const struct making *making, const char *what)
{
    if (making->request->progress != NULL)
        making->request->progress(making->request->progress_data, what);
}

static void let_go_of_vm(struct making *making)
{
    aq_guest_close(&making->guest);
    aq_qmp_close(making->qmp);
    making->qmp = NULL;
}

static void making_free(struct making *making)
{
    struct aq_error ignored = {0};
    let_go_of_vm(making);
    if (making->run.folder[0] == '/') {
        aq_autoclose int run_folder = aq_run_open_folder(&making->run, &ignored);
        aq_qemu_kill(run_folder, &making->run.process);
        aq_run_forget(making->stage.folder, &making->run);
    }
    aq_stage_close(&making->stage);
    aq_vm_free(&making->vm);
    aq_cleanup_close(&making->base_lock);
    aq_cleanup_close(&making->parent_lock);
}

/* The base is held until the template's disk is a layer that stands on it. */
static int describe(struct making *making, struct aq_error *err)
{
    const struct aq_template_request *request = making->request;
    const struct aq_clone_request clone = {
        .base = request->base, .name = request->name, .memory = request->memory, .cpus = request->cpus};
    aq_autobase struct aq_base base = {0};
    making->base_lock = aq_base_lock(request->base, AQ_LOCK_SHARED, err);
    if (making->base_lock < 0 || aq_base_load(request->base, &base, err) < 0)
        return -1;
    aq_vm_take_base(&base, &making->vm);
    making->vm.name = aq_strdup(request->name);
    making->parent_lock = aq_parent_lock(&making->vm.parent, AQ_LOCK_SHARED, err);
    return making->parent_lock < 0 ? -1 : aq_vm_fill(&clone, &making->vm, err);
}

static int boot(struct making *making, struct aq_error *err)
{
    aq_autoclose int templates = aq_templates_open(err);
    if (templates < 0 || aq_stage_open(templates, making->request->name, &making->stage, err) < 0 ||
        aq_vm_write_files(making->stage.folder, &making->vm, err) < 0)
        return -1;
    aq_autofree char *ram = aq_template_make_ram(making->stage.folder, making->vm.memory, err);
    const struct aq_origin origin = {.ram = ram};
    if (ram == NULL)
        return -1;
    say(making, "booting");
    return aq_vm_start_in(&making->vm, making->stage.folder, &origin, &making->run, &making->qmp, err);
}

static int reach_guest(struct making *making, struct aq_error *err)
{
    const struct aq_template_request *request = making->request;
    struct aq_guest_runner runner;
    aq_deadline deadline =
        request->ready_ms > 0 ? aq_after_ms(request->ready_ms) : aq_guest_patience(&making->run);
    if (aq_guest_open_run(&making->run, AQ_METHOD_AUTO, deadline, &making->guest, err) < 0)
        return aq_error_context(err, "the guest of the base %s did not come up", request->base);
    if (aq_guest_need_runner_in(&making->run, false, &making->guest, &runner, err) < 0)
        return -1;
    if (making->guest.channel == making->guest.helper.channel)
        return 0;
    return aq_fail(
        err, AQ_E_NOT_SUPPORTED,
        "our helper does not run in the guest of the base %s, and without it no clone could be repaired",
        request->base);
}

static int prepare(struct making *making, struct aq_error *err)
{
    const struct aq_template_request *request = making->request;
    if (reach_guest(making, err) < 0)
        return -1;
    const struct aq_rest rest = {.channel = making->guest.channel,
                                 .qemu = &making->run.process,
                                 .warm = request->warm,
                                 .warm_ms = request->warm_ms,
                                 .settle_ms = request->settle_ms,
                                 .say = request->progress,
                                 .data = request->progress_data};
    return aq_template_rest(&rest, &making->template->settled, err);
}

static int freeze(struct making *making, struct aq_error *err)
{
    say(making, "freezing");
    return aq_template_freeze(making->guest.channel, making->template, err);
}

/* QEMU has to have let go of disk and RAM before they are sealed. */
static int quit(struct making *making, struct aq_error *err)
{
    let_go_of_vm(making);
    aq_autoclose int run_folder = aq_run_open_folder(&making->run, err);
    if (run_folder < 0 || aq_qemu_end(run_folder, &making->run.process, err) < 0)
        return -1;
    aq_run_forget(making->stage.folder, &making->run);
    making->run = (struct aq_run){0};
    return 0;
}

static int make(struct making *making, struct aq_error *err)
{
    if (describe(making, err) < 0 || boot(making, err) < 0 || prepare(making, err) < 0 ||
        aq_template_note_machine(&making->vm, making->run.accel, making->template, err) < 0 ||
        freeze(making, err) < 0 || aq_template_save_state(making->qmp, making->stage.folder, err) < 0 ||
        quit(making, err) < 0)
        return -1;
    return aq_template_publish_all(&making->stage, making->request->replace, making->template, err);
}

static int make_of_base(const struct aq_template_request *request, struct aq_template *template,
                        struct aq_error *err)
{
    aq_cleanup(making_free) struct making making = {.request = request,
                                                    .template = template,
                                                    .stage = AQ_STAGE_NONE,
                                                    .guest = AQ_GUEST_CLOSED,
                                                    .base_lock = -1,
                                                    .parent_lock = -1};
    template->name = aq_strdup(request->name);
    template->vm = aq_strdup("");
    template->warm = aq_strdup(request->warm != NULL ? request->warm : "");
    return make(&making, err);
}

static int make_of_vm(const struct aq_template_request *request, struct aq_template *template,
                      struct aq_error *err)
{
    const struct aq_take_request take = {.vm = request->vm,
                                         .name = request->name,
                                         .warm = request->warm,
                                         .allow_provisioned = request->allow_provisioned,
                                         .settle_ms = request->settle_ms,
                                         .warm_ms = request->warm_ms,
                                         .progress = request->progress,
                                         .progress_data = request->progress_data};
    aq_autotaken struct aq_taken taken = AQ_TAKEN_NONE;
    if (aq_take_vm(&take, &taken, err) < 0)
        return -1;
    taken.template.name = aq_strdup(request->name);
    if (aq_template_publish(&taken.stage, request->replace, &taken.template, err) < 0)
        return -1;
    *template = taken.template;
    taken.template = (struct aq_template){0};
    return 0;
}

int aq_template_make(const struct aq_template_request *request, struct aq_template *template,
                     struct aq_error *err)
{
    if (aq_template_check_name(request->name, request->replace, err) < 0)
        return -1;
    return request->vm != NULL ? make_of_vm(request, template, err) : make_of_base(request, template, err);
}
