/* SPDX-License-Identifier: MIT */
#include "verbs/provision_stages.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "guest/runner.h"
#include "guest/runner_path.h"
#include "util/files.h"
#include "util/random.h"
#include "verbs/guest_command.h"
#include "verbs/vm_fields.h"
#include "vm/lifecycle.h"
#include "vm/snapshot.h"

enum {
    SCRIPT_MAX = 64 << 20, /* bytes */
    RUN_MS = 3600000,      /* unless the call or the header says otherwise */
    TRANSFER_MS = 600000,  /* for the runner or the script */
    HELPER_STARTS_MS = 10000,
    SNAPSHOT_MS = 60000,
};

static const char *base_of(const struct aq_provision *provision)
{
    const char *given = aq_arg_text(provision->call, "base");
    return given != NULL ? given : provision->header.base;
}

static const char *name_of(const struct aq_provision *provision)
{
    const char *given = aq_arg_text(provision->call, "name");
    if (given != NULL)
        return given;
    return provision->header.name[0] != '\0' ? provision->header.name : NULL;
}

/* What the header asks for and this cannot give. Running the script all the same would be worse than not
 * running it. */
static int refuse_unsupported(const struct aq_header *header, const char *script, struct aq_error *err)
{
    if (header->limits_egress)
        return aq_fail(
            err, AQ_E_EGRESS_UNENFORCED,
            "%s, line %d: rexxjs-vm-egress-ports limits what the VM may reach (%s), and that cannot be "
            "enforced here; the script was not run unprotected",
            script, header->egress_line, header->egress);
    if (header->spec[0] != '\0')
        return aq_fail(err, AQ_E_NOT_SUPPORTED,
                       "%s, line %d: rexxjs-vm-spec wants the disk changed from %s, which is not supported",
                       script, header->spec_line, header->spec);
    return 0;
}

int aq_stage_header(struct aq_provision *provision, struct aq_error *err)
{
    const char *script = aq_arg_text(provision->call, "script");
    provision->script = aq_open_input(script, err);
    struct stat st;
    if (provision->script < 0)
        return -1;
    fstat(provision->script, &st);
    if (st.st_size > SCRIPT_MAX)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "%s has %lld bytes; a script may have %d", script,
                       (long long)st.st_size, SCRIPT_MAX);
    aq_autofree char *text = aq_alloc((size_t)st.st_size);
    if (aq_read_all_at(provision->script, text, (size_t)st.st_size, 0, err) < 0 ||
        aq_header_parse(text, (size_t)st.st_size, script, &provision->header, err) < 0)
        return -1;
    if (base_of(provision)[0] == '\0')
        return aq_fail(
            err, AQ_E_HEADER_INVALID,
            "%s does not say which base it wants: /* rexxjs-vm-base: NAME */ is not within its first %d "
            "lines, and base= was not given",
            script, AQ_HEADER_LINES);
    return refuse_unsupported(&provision->header, script, err);
}

static int make_vm(struct aq_provision *provision, struct aq_error *err)
{
    const struct aq_header *header = &provision->header;
    struct aq_port_rule ports[AQ_HEADER_PORTS_MAX];
    for (unsigned i = 0; i < header->ingress_count; i++) {
        const struct aq_ingress *from = &header->ingress[i];
        ports[i] = (struct aq_port_rule){.host = from->host, .guest = from->guest};
        memcpy(ports[i].protocol, from->protocol, sizeof ports[i].protocol);
        memcpy(ports[i].address, from->address, sizeof ports[i].address);
    }
    const struct aq_clone_request request = {
        .base = base_of(provision),
        .name = name_of(provision),
        .memory = (unsigned)(header->memory >> 20),
        .cpus = header->cpus,
        .disk_size = header->disk,
        .ports = ports,
        .port_count = header->ingress_count,
    };
    if (aq_vm_clone(&request, &provision->vm, err) < 0) {
        aq_vm_free(&provision->vm); /* there is none */
        return -1;
    }
    provision->made = true;
    return 0;
}

static bool has_port(const struct aq_vm *vm, const struct aq_ingress *wanted)
{
    for (unsigned i = 0; i < vm->port_count; i++)
        if (vm->ports[i].guest == wanted->guest && strcmp(vm->ports[i].protocol, wanted->protocol) == 0 &&
            strcmp(vm->ports[i].address, wanted->address) == 0 &&
            (wanted->host == 0 || vm->ports[i].host == wanted->host))
            return true;
    return false;
}

/* A VM that is there already serves if it is what the header describes; it may be larger. */
static int check_existing(const struct aq_provision *provision, struct aq_error *err)
{
    const struct aq_vm *vm = &provision->vm;
    const struct aq_header *header = &provision->header;
    if (strcmp(vm->base, base_of(provision)) != 0)
        return aq_fail(err, AQ_E_VM_MISMATCH, "the VM %s stems from the base %s, but the script wants %s",
                       vm->name, vm->base, base_of(provision));
    if (vm->memory < header->memory >> 20 || vm->cpus < header->cpus || vm->disk_size < header->disk)
        return aq_fail(
            err, AQ_E_VM_MISMATCH,
            "the VM %s is smaller (%u MiB of memory, %u CPUs, a disk of %llu MiB) than the script's header "
            "wants it",
            vm->name, vm->memory, vm->cpus, (unsigned long long)(vm->disk_size >> 20));
    for (unsigned i = 0; i < header->ingress_count; i++)
        if (!has_port(vm, &header->ingress[i]))
            return aq_fail(
                err, AQ_E_VM_MISMATCH,
                "the script's header wants the guest's port %u forwarded, which the VM %s was not made with",
                header->ingress[i].guest, vm->name);
    return 0;
}

int aq_stage_clone(struct aq_provision *provision, struct aq_error *err)
{
    const char *name = name_of(provision);
    struct aq_error reason = {0};
    if (name != NULL && aq_vm_load(name, &provision->vm, &reason) == 0)
        return check_existing(provision, err);
    aq_vm_free(&provision->vm);
    if (name != NULL && reason.code != AQ_E_VM_NOT_FOUND)
        return aq_fail(err, reason.code, "%s", reason.text);
    return make_vm(provision, err);
}

int aq_stage_start(struct aq_provision *provision, struct aq_error *err)
{
    aq_result *result = provision->call->result;
    int running = aq_run_read(&provision->vm, &provision->run, err);
    if (running < 0)
        return -1;
    if (running == 0) {
        if (aq_vm_start(&provision->vm, &provision->run, err) < 0)
            return -1;
        provision->started = true;
    }
    provision->running = true;
    aq_set_port_rows(result, &provision->run);
    aq_progress(provision->call, "%s: started, waiting for the guest", provision->vm.name);
    return aq_set_vm_fields(result, &provision->vm, &provision->run, err);
}

int aq_stage_ready(struct aq_provision *provision, struct aq_error *err)
{
    aq_deadline deadline = aq_ready_deadline(provision->call, &provision->run);
    if (aq_guest_open(&provision->vm, AQ_METHOD_AUTO, deadline, &provision->guest, err) == 0)
        return 0;
    /* Whatever kept the guest from answering; not what kept us from listening. */
    if (err->code == AQ_E_AGENT_MISSING || err->code == AQ_E_AGENT_DEAD ||
        err->code == AQ_E_GUEST_NOT_READY || err->code == AQ_E_TIMEOUT)
        err->code = AQ_E_GUEST_NOT_READY;
    if (err->code == AQ_E_GUEST_NOT_READY || err->code == AQ_E_VM_NOT_RUNNING) {
        aq_error_context(err, "the guest of VM %s did not come up", provision->vm.name);
        aq_guest_add_console(&provision->vm, err);
    }
    return -1;
}

/* A guest with nothing but the agent gets our helper through it: output then streams, and is faster. */
static int prefer_helper(struct aq_provision *provision, const char *runner, struct aq_error *err)
{
    if (provision->guest.channel != provision->guest.agent.channel)
        return 0;
    if (aq_guest_install_helper(provision->guest.channel, runner, aq_after_ms(TRANSFER_MS), err) < 0)
        return -1;
    aq_guest_close(&provision->guest);
    struct aq_error ignored = {0};
    if (aq_guest_open(&provision->vm, AQ_METHOD_HELPER, aq_after_ms(HELPER_STARTS_MS), &provision->guest,
                      &ignored) == 0)
        return 0;
    aq_guest_close(&provision->guest);
    return aq_guest_open(&provision->vm, AQ_METHOD_AGENT, aq_after_ms(HELPER_STARTS_MS), &provision->guest,
                         err);
}

int aq_stage_runner(struct aq_provision *provision, struct aq_error *err)
{
    aq_autofree char *local = aq_guest_runner_path(err);
    if (local == NULL || prefer_helper(provision, local, err) < 0)
        return -1;
    struct aq_guest_runner runner = {0};
    if (aq_guest_ensure_runner(provision->guest.channel, local, aq_after_ms(TRANSFER_MS), &runner, err) < 0)
        return -1;
    provision->runner_path = aq_strdup(runner.path);
    aq_result_set_text(provision->call->result, "METHOD", aq_channel_name(provision->guest.channel));
    return 0;
}

int aq_stage_script(struct aq_provision *provision, struct aq_error *err)
{
    const char *local = aq_arg_text(provision->call, "script");
    const char *slash = strrchr(local, '/');
    char folder[13];
    provision->script_path = aq_format("/run/address-qemu/%s/%s", aq_random_name(folder, sizeof folder),
                                       slash != NULL ? slash + 1 : local);
    const struct aq_guest_put put = {
        .fd = provision->script,
        .path = provision->script_path,
        .mode = 0700,
        .make_folders = true,
        .deadline = aq_after_ms(TRANSFER_MS),
    };
    return aq_channel_put(provision->guest.channel, &put, err);
}

/* The script and its folder go when it is done; what it has made stays. */
static void remove_script(struct aq_provision *provision)
{
    aq_autofree char *folder = aq_strndup(
        provision->script_path, (size_t)(strrchr(provision->script_path, '/') - provision->script_path));
    const char *const argv[] = {"rm", "-rf", folder, NULL};
    const struct aq_guest_exec exec = {.argv = argv, .deadline = aq_after_ms(HELPER_STARTS_MS)};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    struct aq_error ignored = {0};
    aq_channel_exec(provision->guest.channel, &exec, &exit, &ignored);
}

int aq_stage_run(struct aq_provision *provision, struct aq_error *err)
{
    struct aq_call *call = provision->call;
    const char *args = aq_arg_text(call, "args");
    const char *const argv[] = {provision->runner_path, provision->script_path, args, NULL};
    int64_t timeout = aq_arg_given(call, "timeout")       ? aq_arg_number(call, "timeout")
                      : provision->header.timeout_ms != 0 ? provision->header.timeout_ms
                                                          : RUN_MS;
    struct aq_guest_exec exec = {.argv = argv, .deadline = aq_after_ms(timeout)};
    int ran = aq_guest_command(call, provision->guest.channel, &exec, aq_arg_bool(call, "stream"), err);
    if (ran == 0 || err->code == AQ_E_GUEST_COMMAND_FAILED || err->code == AQ_E_COMMAND_TIMEOUT)
        remove_script(provision);
    return ran;
}

int aq_stage_snapshot(struct aq_provision *provision, struct aq_error *err)
{
    if (!aq_arg_bool(provision->call, "snapshot"))
        return 0;
    char name[40];
    time_t now = time(NULL);
    struct tm utc;
    strftime(name, sizeof name, "provision-%Y%m%d-%H%M%S", gmtime_r(&now, &utc));
    aq_deadline deadline = aq_after_ms(SNAPSHOT_MS);
    if (aq_channel_sync(provision->guest.channel, deadline, err) < 0 ||
        aq_vm_snapshot(&provision->vm, name, AQ_SNAPSHOT_DISK, deadline, NULL, err) < 0)
        return -1;
    aq_result_set_text(provision->call->result, "SNAPSHOT", name);
    return 0;
}

int aq_stage_stop(struct aq_provision *provision, struct aq_error *err)
{
    aq_guest_close(&provision->guest);
    if (aq_arg_bool(provision->call, "keep_running"))
        return 0;
    enum aq_stop how;
    if (aq_vm_stop(&provision->vm, AQ_STOP_CLEAN, AQ_PROVISION_STOP_MS, &how, err) < 0)
        return -1;
    provision->running = false;
    return 0;
}
