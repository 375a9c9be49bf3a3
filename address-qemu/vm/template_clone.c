/* SPDX-License-Identifier: MIT */
/*
 * The order is what makes it fast and safe. QEMU is started first; while it comes up, the clone's identity
 * and keys are made and its files are seen to the disk; what QEMU is to do, and what the guest's helper is to
 * do, is written into their sockets ahead, so neither waits for us. The VM appears in the store when all of
 * that has succeeded: until then it is in a stage, which a sweep clears away with the QEMU in it.
 */
#include "vm/template_clone.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "guest/identity.h"
#include "guest/standstill.h"
#include "qemu/launch.h"
#include "qemu/migrate.h"
#include "util/files.h"
#include "util/home.h"
#include "vm/admit.h"
#include "vm/make.h"
#include "vm/memory.h"
#include "vm/pool.h"
#include "vm/ssh.h"
#include "vm/start.h"
#include "vm/template_rest.h"

enum {
    LOAD_MS = 120000, /* milliseconds on an idle machine; many clones at once on a small one take longer */
    REPAIR_MS = 120000,
    QMP_MS = 60000,
    WORDS_MAX = 600,
};

/* A clone in the making. */
struct making {
    const struct aq_template *template;
    const char *of; /* for messages: "the template web" */
    struct aq_vm *vm;
    struct aq_run *run;
    struct aq_stage stage;
    int place;    /* the folder that it is published in */
    bool resting; /* it is to stand still again, for a pool */
    int state;
    struct aq_identity identity;
    struct aq_qemu_connection helper; /* its lock */
    struct aq_channel *channel;
    struct aq_qmp *qmp;
    bool made; /* it is to stay */
};

static void end_what_was_made(struct making *making)
{
    struct aq_error ignored = {0};
    aq_autoclose int run_folder =
        making->run->folder[0] == '/' ? aq_run_open_folder(making->run, &ignored) : -1;
    if (making->run->process.pid > 0)
        aq_qemu_kill(run_folder, &making->run->process);
    aq_run_forget(making->stage.folder, making->run);
}

static void making_free(struct making *making)
{
    aq_channel_close(making->channel);
    aq_qemu_disconnect(&making->helper);
    aq_qmp_close(making->qmp);
    if (!making->made && making->stage.folder >= 0)
        end_what_was_made(making);
    aq_stage_close(&making->stage);
    aq_cleanup_close(&making->place);
    aq_identity_free(&making->identity);
    aq_cleanup_close(&making->state);
}

/* The template's own, but for what makes the VM this one. */
static int describe(struct making *making, const struct aq_clone_request *request, int vms,
                    struct aq_error *err)
{
    const struct aq_template *template = making->template;
    const struct aq_clone_request own = {.name = request->name,
                                         .accel = request->accel,
                                         .egress = request->egress,
                                         .ports = request->ports,
                                         .port_count = request->port_count};
    struct aq_vm *vm = making->vm;
    vm->base = aq_strdup(template->base);
    vm->template = aq_strdup(template->name != NULL ? template->name : "");
    vm->parent = aq_parent_copy(&template->parent);
    vm->disk_size = template->disk_size;
    vm->memory = template->memory;
    vm->cpus = template->cpus;
    vm->network = aq_strdup(template->network);
    vm->egress = aq_strdup(template->egress);
    if (aq_vm_name(&own, vms, vm, err) < 0 || aq_vm_fill(&own, vm, err) < 0)
        return -1;
    snprintf(vm->mac, sizeof vm->mac, "%s", template->mac); /* the guest's driver has it in memory */
    if (template->provisioned)
        vm->provisioned = aq_strdup(vm->created);
    return 0;
}

/* While QEMU starts: its helper's port is there already. */
static int prepare_repair(void *data, int run_folder, struct aq_error *err)
{
    struct making *making = data;
    if (aq_identity_make(making->vm->name, making->vm->id, &making->template->keys, &making->identity, err) <
            0 ||
        aq_vm_ssh_pin_made(making->stage.folder, making->vm, &making->identity.public_keys, err) < 0 ||
        aq_qemu_connect(run_folder, AQ_QEMU_HELPER, aq_after_ms(QMP_MS), &making->helper, err) < 0)
        return -1;
    const struct aq_channel_port port = {.fd = aq_steal_fd(&making->helper.fd)};
    making->channel = aq_channel_open_clone(&port, &making->identity);
    return aq_vm_sync_files(making->stage.folder, making->vm, err);
}

/* QEMU's last words, of one that ended while it loaded the state. */
static int fail_load(const struct making *making, const struct aq_error *why, struct aq_error *err)
{
    struct aq_error ignored = {0};
    aq_autobuffer struct aq_buffer log = {0};
    aq_read_file_at(making->stage.folder, AQ_VM_LOG, 1 << 20, &log, &ignored);
    const char *words = aq_buffer_text(&log);
    if (log.length > WORDS_MAX)
        words += log.length - WORDS_MAX;
    enum aq_error_code code = why->code == AQ_E_VM_NOT_RUNNING ? AQ_E_QEMU_FAILED : why->code;
    return aq_fail(err, code, "QEMU cannot go on from %s: %s. Its last words: %s", making->of, why->text,
                   words);
}

/* A template that was standing still when it was taken stands still. Its snapshots are to be as any VM's,
   with the RAM in them. */
static int go_on(struct making *making, struct aq_error *err)
{
    struct aq_error why = {0};
    if (aq_migrate_wait(making->qmp, aq_after_ms(LOAD_MS), &why) == 0 &&
        aq_migrate_whole_again(making->qmp, &why) == 0 &&
        aq_qmp_command(making->qmp, "cont", NULL, aq_after_ms(QMP_MS), NULL, &why) == 0)
        return 0;
    return fail_load(making, &why, err);
}

static int start(struct making *making, int template_folder, struct aq_error *err)
{
    aq_autofree char *ram = aq_path_at(template_folder, AQ_TEMPLATE_RAM);
    making->state = aq_open_beneath(template_folder, AQ_TEMPLATE_STATE, O_RDONLY, err);
    if (making->state < 0)
        return -1;
    const struct aq_origin origin = {
        .ram = ram,
        .machine_type = making->template->machine,
        .state = making->state,
        .meanwhile = prepare_repair,
        .data = making,
    };
    return aq_vm_start_in(making->vm, making->stage.folder, &origin, making->run, &making->qmp, err);
}

static int repair(struct making *making, struct aq_error *err)
{
    bool stood_still = false;
    if (aq_channel_repaired(making->channel, aq_after_ms(REPAIR_MS), &stood_still, err) < 0)
        return aq_error_context(err, "a clone of %s was ended and removed", making->of);
    if (stood_still || !making->template->closed)
        return 0;
    return aq_fail(
        err, AQ_E_CLONE_UNREPAIRED,
        "a clone of %s went on before it was repaired, because that took too long; it was ended and removed",
        making->of);
}

/* What has run once goes on fast: its first steps, each of which costs tens of milliseconds, are behind it.
 */
static int put_to_rest(struct making *making, struct aq_error *err)
{
    aq_autofrozen struct aq_guest_frozen frozen = {0};
    if (!making->resting)
        return 0;
    if (aq_guest_freeze(making->channel, AQ_THAWS_MS, aq_after_ms(REPAIR_MS), &frozen, err) < 0 ||
        aq_qmp_command(making->qmp, "stop", NULL, aq_after_ms(QMP_MS), NULL, err) < 0)
        return -1;
    if (frozen.closed || !making->template->closed)
        return 0;
    return aq_fail(err, AQ_E_CLONE_UNREPAIRED, "a clone of %s cannot be frozen again: %s", making->of,
                   frozen.why);
}

static int make(struct making *making, const struct aq_clone_request *request, int template_folder,
                struct aq_error *err)
{
    if (making->place < 0 || describe(making, request, making->place, err) < 0)
        return -1;
    /* Those that wait are counted when they are taken. */
    if ((making->resting ? aq_stage_open(making->place, making->vm->name, &making->stage, err)
                         : aq_vm_stage(making->place, making->vm, &making->stage, err)) < 0 ||
        aq_vm_write_files(making->stage.folder, making->vm, err) < 0 ||
        start(making, template_folder, err) < 0 || go_on(making, err) < 0 || repair(making, err) < 0 ||
        put_to_rest(making, err) < 0 || aq_vm_publish(&making->stage, request, making->vm, err) < 0)
        return -1;
    making->made = true;
    return 0;
}

/* `place` is taken. */
static int clone_in(int folder, const struct aq_template *template, const struct aq_clone_request *request,
                    int place, bool resting, struct aq_vm *vm, struct aq_run *run, struct aq_error *err)
{
    aq_autofree char *of = template->name != NULL ? aq_format("the template %s", template->name)
                                                  : aq_format("the VM %s", template->vm);
    *run = (struct aq_run){0};
    aq_cleanup(making_free) struct making making = {.template = template,
                                                    .of = of,
                                                    .vm = vm,
                                                    .run = run,
                                                    .place = place,
                                                    .resting = resting,
                                                    .stage = AQ_STAGE_NONE,
                                                    .state = -1,
                                                    .helper = AQ_QEMU_UNCONNECTED};
    return make(&making, request, folder, err);
}

int aq_template_clone_in(int folder, const struct aq_template *template,
                         const struct aq_clone_request *request, struct aq_vm *vm, struct aq_run *run,
                         struct aq_error *err)
{
    return clone_in(folder, template, request, aq_open_home_dir("vms", err), false, vm, run, err);
}

/* A template that is to be cloned, with the locks that keep it. */
struct held {
    struct aq_template template;
    int lock, parent_lock;
};

static void held_free(struct held *held)
{
    aq_template_free(&held->template);
    aq_cleanup_close(&held->lock);
    aq_cleanup_close(&held->parent_lock);
}

static int hold(const char *name, const struct aq_clone_request *request, struct held *held,
                struct aq_error *err)
{
    held->lock = aq_template_lock(name, AQ_LOCK_SHARED, err);
    if (held->lock < 0 || aq_template_load(name, &held->template, err) < 0)
        return -1;
    held->parent_lock = aq_parent_lock(&held->template.parent, AQ_LOCK_SHARED, err);
    return held->parent_lock < 0
               ? -1
               : aq_template_check(&held->template, request->accel != NULL ? request->accel : "auto", err);
}

/* 1 taken, 0 there is none. What is forwarded is fixed when QEMU starts, so a pool has none with more ports.
 */
static int take_from_pool(const struct held *held, const struct aq_clone_request *request, struct aq_vm *vm,
                          struct aq_run *run, struct aq_error *err)
{
    struct aq_error ignored = {0};
    if (!aq_pool_exists(held->template.name))
        return 0;
    int claimed = aq_pool_claim(&held->template, request, vm, run, err);
    aq_pool_call_keeper(&ignored); /* for the next one */
    return claimed;
}

int aq_template_clone(const char *name, const struct aq_clone_request *request, struct aq_vm *vm,
                      struct aq_run *run, bool *pooled, struct aq_error *err)
{
    aq_cleanup(held_free) struct held held = {.lock = -1, .parent_lock = -1};
    if (hold(name, request, &held, err) < 0)
        return -1;
    int claimed = take_from_pool(&held, request, vm, run, err);
    *pooled = claimed > 0;
    if (claimed != 0)
        return claimed < 0 ? -1 : 0;
    return aq_memory_check(1, aq_memory_of_vm(held.template.memory), err) < 0
               ? -1
               : aq_template_clone_in(held.lock, &held.template, request, vm, run, err);
}

int aq_template_clone_resting(const char *name, int place, const struct aq_clone_request *request,
                              struct aq_vm *vm, struct aq_run *run, struct aq_error *err)
{
    aq_cleanup(held_free) struct held held = {.lock = -1, .parent_lock = -1};
    if (hold(name, request, &held, err) < 0 ||
        aq_memory_check(1, aq_memory_of_vm(held.template.memory), err) < 0)
        return -1;
    return clone_in(held.lock, &held.template, request, fcntl(place, F_DUPFD_CLOEXEC, 3), true, vm, run, err);
}
