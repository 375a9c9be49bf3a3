/* SPDX-License-Identifier: MIT */
#include "verbs/provision_stages.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "util/files.h"
#include "verbs/checkpoints.h"
#include "verbs/clone_vm.h"
#include "verbs/vm_fields.h"
#include "vm/admit.h"
#include "vm/guest_runner.h"
#include "vm/lifecycle.h"
#include "vm/make.h"
#include "vm/network.h"
#include "vm/snapshot.h"

enum {
    SNAPSHOT_MS = 60000,
    NETWORK_MS = 20000,
};

static const char *base_of(const struct aq_provision *provision)
{
    const char *given = aq_arg_text(provision->call, "base");
    if (provision->image_base != NULL)
        return provision->image_base;
    return given != NULL ? given : provision->header.base;
}

static const char *name_of(const struct aq_provision *provision)
{
    const char *given = aq_arg_text(provision->call, "name");
    if (given != NULL)
        return given;
    return provision->header.name[0] != '\0' ? provision->header.name : NULL;
}

int aq_stage_header(struct aq_provision *provision, struct aq_error *err)
{
    if (aq_network_wish_read(provision->call, &provision->wish, err) < 0)
        return -1;
    const char *script = aq_arg_text(provision->call, "script");
    provision->script = aq_script_open(script, err);
    struct stat st;
    if (provision->script < 0 || aq_checkpoints_check(provision->call, err) < 0)
        return -1;
    fstat(provision->script, &st);
    aq_autofree char *text = aq_alloc((size_t)st.st_size);
    if (aq_read_all_at(provision->script, text, (size_t)st.st_size, 0, err) < 0 ||
        aq_header_parse(text, (size_t)st.st_size, script, &provision->header, err) < 0)
        return -1;
    if (base_of(provision)[0] == '\0' && provision->header.spec[0] == '\0')
        return aq_fail(
            err, AQ_E_HEADER_INVALID,
            "%s does not say which base it wants: /* rexxjs-vm-base: NAME */ is not within its first %d "
            "lines, and base= was not given",
            script, AQ_HEADER_LINES);
    return 0;
}

/* What the caller says of the ports counts, else what the header says. */
static unsigned wished_ports(const struct aq_provision *provision, struct aq_port_rule ports[AQ_VM_PORTS_MAX])
{
    const struct aq_network_wish *wish = &provision->wish;
    memcpy(ports, wish->ports, sizeof wish->ports);
    if (aq_arg_given(provision->call, "forward"))
        return wish->port_count;
    for (unsigned i = 0; i < provision->header.ingress_count; i++)
        ports[i] = aq_port_rule_of(&provision->header.ingress[i]);
    return provision->header.ingress_count;
}

/* NULL: neither says. */
static const char *network_of(const struct aq_provision *provision)
{
    if (provision->wish.network != NULL)
        return provision->wish.network;
    return provision->header.network[0] != '\0' ? provision->header.network : NULL;
}

static const char *egress_of(const struct aq_provision *provision)
{
    return provision->wish.egress != NULL ? provision->wish.egress : provision->header.egress;
}

/* The VM that is to be made for it. */
static int wish_vm(const struct aq_provision *provision, struct aq_port_rule ports[AQ_VM_PORTS_MAX],
                   struct aq_clone_request *request, struct aq_error *err)
{
    const struct aq_header *header = &provision->header;
    unsigned count = wished_ports(provision, ports);
    *request = (struct aq_clone_request){
        .base = base_of(provision),
        .layer = provision->layer[0] != '\0' ? provision->layer : NULL,
        .name = name_of(provision),
        .memory = header->memory != 0 ? (unsigned)(header->memory >> 20) : provision->image_memory,
        .cpus = header->cpus != 0 ? header->cpus : provision->image_cpus,
        .disk_size = header->disk,
        .network = network_of(provision),
        .egress = egress_of(provision),
        .ports = ports,
        .port_count = count,
    };
    return aq_network_check_ports(ports, count, err);
}

static int make_vm(struct aq_provision *provision, struct aq_error *err)
{
    struct aq_port_rule ports[AQ_VM_PORTS_MAX];
    struct aq_clone_request request;
    struct aq_cloned cloned = {0};
    if (wish_vm(provision, ports, &request, err) < 0 ||
        aq_clone_vm(provision->call, &request, aq_arg_text(provision->call, "template"), &cloned, err) < 0)
        return -1;
    provision->vm = cloned.vm;
    provision->made = true;
    provision->started = cloned.started;
    return 0;
}

static bool has_port(const struct aq_vm *vm, const struct aq_port_rule *wanted)
{
    for (unsigned i = 0; i < vm->port_count; i++)
        if (vm->ports[i].guest == wanted->guest && strcmp(vm->ports[i].protocol, wanted->protocol) == 0 &&
            strcmp(vm->ports[i].address, wanted->address) == 0 &&
            (wanted->host == 0 || vm->ports[i].host == wanted->host))
            return true;
    return false;
}

/* Whatever limits the script was written for are those of the VM: not wider, and not narrower either. */
static int check_network(const struct aq_provision *provision, struct aq_error *err)
{
    const struct aq_vm *vm = &provision->vm;
    struct aq_port_rule ports[AQ_VM_PORTS_MAX];
    unsigned count = wished_ports(provision, ports);
    const char *egress = egress_of(provision), *network = network_of(provision);
    if (network != NULL && strcmp(network, vm->network) != 0)
        return aq_fail(err, AQ_E_VM_MISMATCH,
                       "the script wants the network %s, but the VM %s has %s; `configure_network name=%s "
                       "network=%s` changes that while it is stopped",
                       network, vm->name, vm->network, vm->name, network);
    for (unsigned i = 0; i < count; i++)
        if (!has_port(vm, &ports[i]))
            return aq_fail(
                err, AQ_E_VM_MISMATCH,
                "the guest's port %u is to be forwarded, which the VM %s was not made with; `forward vm=%s "
                "guest=%u` adds it",
                ports[i].guest, vm->name, vm->name, ports[i].guest);
    if (egress != NULL && strcmp(egress, vm->egress) != 0)
        return aq_fail(err, AQ_E_VM_MISMATCH,
                       "the script is to reach \"%s\" and nothing else, but the VM %s may reach \"%s\"",
                       egress, vm->name, vm->egress);
    return 0;
}

/* A VM that is there already serves if it is what the header describes; it may be larger. */
static int check_existing(const struct aq_provision *provision, struct aq_error *err)
{
    const struct aq_vm *vm = &provision->vm;
    const struct aq_header *header = &provision->header;
    if (strcmp(vm->base, base_of(provision)) != 0)
        return aq_fail(err, AQ_E_VM_MISMATCH, "the VM %s stems from the base %s, but the script wants %s",
                       vm->name, vm->base, base_of(provision));
    if (header->spec[0] != '\0' &&
        (vm->parent.kind != AQ_PARENT_LAYER || strcmp(vm->parent.name, provision->layer) != 0))
        return aq_fail(err, AQ_E_VM_MISMATCH,
                       "the VM %s was not made of what %s comes to now; remove it, or choose another name",
                       vm->name, header->spec);
    if (vm->memory < header->memory >> 20 || vm->cpus < header->cpus || vm->disk_size < header->disk)
        return aq_fail(
            err, AQ_E_VM_MISMATCH,
            "the VM %s is smaller (%u MiB of memory, %u CPUs, a disk of %llu MiB) than the script's header "
            "wants it",
            vm->name, vm->memory, vm->cpus, (unsigned long long)(vm->disk_size >> 20));
    return check_network(provision, err);
}

/* The VM of the name that the script wants: 1 it is there, and serves; 0 it has to be made. */
static int find_existing(struct aq_provision *provision, struct aq_error *err)
{
    const char *name = name_of(provision);
    struct aq_error reason = {0};
    if (name != NULL && aq_vm_load(name, &provision->vm, &reason) == 0)
        return check_existing(provision, err) < 0 ? -1 : 1;
    aq_vm_free(&provision->vm);
    if (name != NULL && reason.code != AQ_E_VM_NOT_FOUND)
        return aq_fail(err, reason.code, "%s", reason.text);
    return 0;
}

/* May the VM be made, and run? It is asked again when it is. */
static int admit_vm(const struct aq_provision *provision, uint64_t disk_size, struct aq_error *err)
{
    struct aq_port_rule ports[AQ_VM_PORTS_MAX];
    struct aq_clone_request request;
    if (wish_vm(provision, ports, &request, err) < 0)
        return -1;
    aq_autovm struct aq_vm vm = {.base = aq_strdup(request.base), .disk_size = disk_size};
    return aq_vm_fill(&request, &vm, err) < 0 ? -1 : aq_vm_admit_more(&vm, request.name, 1, true, err);
}

int aq_provision_foresee(struct aq_provision *provision, uint64_t disk_size, struct aq_error *err)
{
    int there = find_existing(provision, err);
    aq_vm_free(&provision->vm); /* until its turn comes, whatever fails is not about it */
    return there == 0 ? admit_vm(provision, disk_size, err) : there < 0 ? -1 : 0;
}

int aq_stage_clone(struct aq_provision *provision, struct aq_error *err)
{
    int there = find_existing(provision, err);
    return there == 0 ? make_vm(provision, err) : there < 0 ? -1 : 0;
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
    enum aq_method method = aq_method_of(aq_arg_text(provision->call, "method"));
    if (aq_guest_open(&provision->vm, method, deadline, &provision->guest, err) == 0)
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

int aq_stage_runner(struct aq_provision *provision, struct aq_error *err)
{
    struct aq_guest_runner runner = {0};
    bool chosen = aq_method_of(aq_arg_text(provision->call, "method")) != AQ_METHOD_AUTO;
    if (aq_guest_need_runner(&provision->vm, chosen, &provision->guest, &runner, err) < 0)
        return -1;
    provision->runner_path = aq_strdup(runner.path);
    aq_set_method(provision->call->result, &provision->guest);
    return 0;
}

int aq_stage_script(struct aq_provision *provision, struct aq_error *err)
{
    const char *local = aq_arg_text(provision->call, "script");
    const char *slash = strrchr(local, '/');
    return aq_guest_script_place(provision->guest.channel, provision->script,
                                 slash != NULL ? slash + 1 : local, &provision->guest_script, err);
}

/* A guest's helper answers before its network is up. One whose network does not come up at all may run
   scripts that need none. */
int aq_stage_network(struct aq_provision *provision, struct aq_error *err)
{
    const char *why;
    if (!aq_network_has_gateway(&provision->vm))
        return 0;
    int up = aq_network_wait_up(&provision->run, aq_after_ms(NETWORK_MS), &why, err);
    if (up < 0)
        return -1;
    aq_result_set_bool(provision->call->result, "NETWORK_UP", up > 0);
    if (up == 0)
        aq_progress(provision->call, "%s: its network is not up: %s; the script is run all the same",
                    provision->vm.name, why);
    return 0;
}

int aq_stage_run(struct aq_provision *provision, struct aq_error *err)
{
    struct aq_call *call = provision->call;
    struct aq_guest_script *script = &provision->guest_script;
    script->vm = &provision->vm;
    script->rexx = provision->runner_path;
    script->args = aq_arg_text(call, "args");
    script->timeout_ms = aq_arg_given(call, "timeout")       ? aq_arg_number(call, "timeout")
                         : provision->header.timeout_ms != 0 ? provision->header.timeout_ms
                                                             : AQ_SCRIPT_RUN_MS;
    return aq_guest_script_run(call, provision->guest.channel, script, err);
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
    if (aq_channel_sync(provision->guest.channel, deadline, err) < 0)
        return -1;
    aq_guest_close(&provision->guest); /* the snapshot needs the way itself */
    if (aq_vm_snapshot(&provision->vm, name, AQ_SNAPSHOT_DISK, AQ_QUIESCE_TRY, deadline, NULL, err) < 0)
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
