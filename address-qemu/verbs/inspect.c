/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/stat.h>

#include "image/chain.h"
#include "util/clock.h"
#include "util/size.h"
#include "verbs/snapshot_fields.h"
#include "vm/companion.h"
#include "vm/network.h"
#include "vm/vm.h"

static int run(struct aq_call *call, struct aq_error *err);

enum { COMPANION_MS = 3000 };

static const struct aq_param params[] = {AQ_PARAM_VM, {NULL}};

static const struct aq_field sets[] = {
    AQ_VM_FIELDS,
    {"ID", "its UUID, for ever"},
    {"CREATED", "when it was made (UTC)"},
    {"NETWORK", "`user`, `none`, or the name of its private network"},
    {"ADDRESS", "its guest's own, in its network; in a private one from its first start on"},
    {"MAC", "of its network card"},
    {"EGRESS", "what it may reach"},
    {"COMPANION", "`running`, or `gone`: then the VM has no network and no console, when it runs"},
    {"SANDBOX", "`full`, or what of its companion's sandbox this host does not give, when it runs"},
    {"UPTIME", "for how many seconds it has been running"},
    {"ACCEL_REASON", "why it does not run under KVM, when that was not asked for"},
    {"ISO", "what is in its CD drive; empty for an empty drive, not set without one"},
    AQ_PORT_FIELDS,
    {"DISK_SIZE", "of its disk as the guest sees it, in bytes"},
    {"DISK_ALLOCATED", "what it takes on the host besides the base, in bytes"},
    {"BASE_STATUS",
     "`ready`, `changed` or `missing`, of all that is below its disk: only a VM for which that is ready "
     "can start"},
    {"BASE_ERROR", "what is wrong, when it is not ready"},
    {"TEMPLATE", "the template that it is a clone of, if it is one"},
    {"CHAIN.n.PATH",
     "the images that make up its disk, its own first; also `FORMAT`, `ROLE` (`vm`, `layer`, `base` or "
     "`file`), `NAME` (the base's, or the layer's id) and `ALLOCATED` (bytes on the host)"},
    AQ_SNAPSHOT_FIELDS,
    {NULL},
};

const struct aq_verb aq_verb_inspect = {
    .name = "inspect",
    .aliases = "info",
    .group = "VMs",
    .summary = "Tell all about a VM",
    .params = params,
    .sets = sets,
    .example = "inspect name=web",
    .read_only = true,
    .run = run,
};

static void add_image(struct aq_table *chain, const struct aq_disk_image *image,
                      const struct aq_chain_member *member)
{
    static const char *const roles[] = {"vm", "base", "layer", "file"};
    struct stat st;
    aq_table_row(chain);
    aq_table_text(chain, "PATH", image->path);
    aq_table_text(chain, "FORMAT", image->format);
    aq_table_text(chain, "ROLE", roles[member->kind]);
    aq_table_text(chain, "NAME", member->name);
    if (stat(image->path, &st) == 0)
        aq_table_int(chain, "ALLOCATED", (int64_t)st.st_blocks * 512);
}

static const char *status_of(enum aq_error_code code)
{
    switch (code) {
    case AQ_OK:
        return "ready";
    case AQ_E_BASE_NOT_FOUND:
    case AQ_E_BASE_MISSING:
    case AQ_E_LAYER_NOT_FOUND:
    case AQ_E_LAYER_MISSING:
    case AQ_E_IMAGE_MISSING:
        return "missing";
    default:
        return "changed";
    }
}

/* The images that make up the disk, the writable one first, as far down as they are what they were. */
static void set_chain(aq_result *result, const struct aq_vm *vm, struct aq_buffer *below)
{
    struct aq_error reason = {0};
    aq_autochain struct aq_chain chain = {0};
    struct aq_table *table = aq_result_table(result, "CHAIN");
    aq_chain_of_disk(aq_result_field(result, "DISK", NULL), &vm->parent, &chain, &reason);
    for (unsigned i = 0; i < chain.count; i++) {
        const struct aq_parent member = {.kind = chain.members[i].kind, .name = chain.members[i].name};
        aq_autofree char *text = i > 0 ? aq_parent_text(&member) : NULL;
        add_image(table, &chain.images[i], &chain.members[i]);
        if (text != NULL)
            aq_buffer_format(below, "%s%s", i > 1 ? ", which stands on " : "", text);
    }
    aq_result_set_text(result, "BASE_STATUS", status_of(reason.code));
    if (vm->template != NULL && vm->template[0] != '\0')
        aq_result_set_text(result, "TEMPLATE", vm->template);
    if (reason.code != AQ_OK)
        aq_result_set_text(result, "BASE_ERROR", reason.text);
}

static int set_disk(aq_result *result, const struct aq_vm *vm, struct aq_error *err)
{
    aq_autoclose int folder = aq_vm_open(vm->name, err);
    if (folder < 0)
        return -1;
    aq_autoclose int disk = aq_vm_open_disk(vm, folder, err);
    struct stat st;
    if (disk < 0 || fstat(disk, &st) < 0)
        return -1;
    aq_result_set_int(result, "DISK_SIZE", (int64_t)vm->disk_size);
    aq_result_set_int(result, "DISK_ALLOCATED", (int64_t)st.st_blocks * 512);

    return aq_set_snapshot_rows(result, vm, err) < 0 ? -1 : 0;
}

static void set_companion(aq_result *result, const struct aq_run *run)
{
    struct aq_error reason = {0};
    aq_deadline deadline = aq_after_ms(COMPANION_MS);
    aq_autostrings struct aq_strings rows = {0};
    aq_autofree char *sandbox = NULL;
    aq_autodisconnect struct aq_qemu_connection companion = AQ_QEMU_UNCONNECTED;
    bool there = aq_companion_connect(run, deadline, &companion, &reason) == 0 &&
                 aq_companion_state(companion.fd, &rows, &sandbox, deadline, &reason) == 0;
    aq_result_set_text(result, "COMPANION", there ? "running" : "gone");
    aq_result_set_text(result, "SANDBOX", sandbox);
}

static void say(aq_result *result, const struct aq_vm *vm, const struct aq_run *run,
                const struct aq_buffer *below)
{
    char text[AQ_SIZE_TEXT], allocated[AQ_SIZE_TEXT];
    aq_result_say(result, "%s%s%s\n", vm->name, vm->base[0] != '\0' ? ", cloned from " : "", vm->base);
    aq_result_say_more(result, "  memory %s, cpus %u, created %s\n", aq_mib_text(vm->memory, text), vm->cpus,
                       vm->created);
    aq_size_text((uint64_t)strtoll(aq_result_field(result, "DISK_ALLOCATED", NULL), NULL, 10), allocated);
    aq_result_say_more(result, "  disk %s of its own, %s in all, base %s\n", allocated,
                       aq_size_text(vm->disk_size, text), aq_result_field(result, "BASE_STATUS", NULL));
    if (vm->iso != NULL && vm->iso[0] != '\0')
        aq_result_say_more(result, "  CD drive: %s\n", vm->iso);
    if (below->length > 0)
        aq_result_say_more(result, "  it stands on %s\n", below->data);
    if (run == NULL) {
        aq_result_say_more(result, "  %s", aq_run_status(vm, NULL));
        return;
    }
    aq_result_say_more(result, "  %s as process %d for %s under %s", aq_run_status(vm, run), run->process.pid,
                       aq_duration_text(aq_uptime_ms(run->process.start_time), text),
                       aq_accel_name(run->accel));
    if (run->accel_reason[0] != '\0')
        aq_result_say_more(result, " (%s)", run->accel_reason);
    if (strcmp(aq_result_field(result, "COMPANION", NULL), "gone") == 0)
        aq_result_say_more(result, "\n  its companion has ended: no network and no console");
    for (unsigned i = 0; i < run->port_count; i++)
        aq_result_say_more(result, "\n  %s port %s:%u leads to the guest's %u", run->ports[i].protocol,
                           run->ports[i].address, run->ports[i].host, run->ports[i].guest);
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_result *result = call->result;
    aq_autovm struct aq_vm vm = {0};
    aq_autobuffer struct aq_buffer below = {0};
    char text[AQ_IP_TEXT];
    struct aq_run run = {0};
    if (aq_vm_load(aq_arg_text(call, "name"), &vm, err) < 0)
        return -1;
    int running = aq_run_read(&vm, &run, err);
    if (running < 0 || aq_set_vm_fields(result, &vm, running ? &run : NULL, err) < 0 ||
        set_disk(result, &vm, err) < 0)
        return -1;
    aq_result_set_text(result, "CREATED", vm.created);
    aq_result_set_text(result, "NETWORK", vm.network);
    aq_result_set_text(result, "MAC", vm.mac);
    if (aq_network_has_gateway(&vm))
        aq_result_set_text(result, "EGRESS", vm.egress);
    const char *address = aq_network_address(&vm, text);
    aq_result_set_text(result, "ADDRESS", address[0] != '\0' ? address : NULL);
    aq_result_set_text(result, "ID", vm.id);
    aq_result_set_text(result, "ISO", vm.iso);
    set_chain(result, &vm, &below);
    if (running) {
        aq_set_port_rows(result, &run);
        set_companion(result, &run);
        aq_result_set_int(result, "UPTIME", aq_uptime_ms(run.process.start_time) / 1000);
        aq_result_set_text(result, "ACCEL_REASON", run.accel_reason);
    }
    say(result, &vm, running ? &run : NULL, &below);
    return 0;
}
