/* SPDX-License-Identifier: MIT */
#include "util/clock.h"
#include "util/home.h"
#include "util/size.h"
#include "verbs/vm_fields.h"
#include "vm/halt.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"name", AQ_TYPE_NAME, .positional = true, .aliases = "vm",
     .meaning = "the VM; all in short unless given"},
    {NULL},
};

static const struct aq_field sets[] = {
    AQ_VM_FIELDS,
    {"HALTED", "why it stands still though nobody has paused it: mend that and `resume` it; else not set"},
    {"UPTIME", "for how many seconds it has been running"},
    AQ_PORT_FIELDS,
    {"COUNT", "how many VMs there are, when none was named"},
    {"RUNNING", "how many of them run"},
    {"HOME", "the store's folder"},
    {"VERSION", "of ADDRESS QEMU"},
    {NULL},
};

const struct aq_verb aq_verb_status = {
    .name = "status",
    .group = "VMs",
    .summary = "Tell whether a VM runs, or how many do",
    .params = params,
    .sets = sets,
    .example = "status name=web",
    .read_only = true,
    .run = run,
};

static int status_of_one(struct aq_call *call, const char *name, struct aq_error *err)
{
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    if (aq_vm_load(name, &vm, err) < 0)
        return -1;
    int running = aq_run_read(&vm, &run, err);
    if (running < 0 || aq_set_vm_fields(call->result, &vm, running ? &run : NULL, err) < 0)
        return -1;
    if (!running) {
        aq_result_say(call->result, "%s is stopped%s%s", name,
                      aq_vm_is_saved(&vm) ? "; `restore_state` goes on where it was at " : "",
                      aq_vm_is_saved(&vm) ? vm.saved : "");
        return 0;
    }
    char uptime[AQ_SIZE_TEXT];
    const char *halted = aq_vm_halted(&run);
    int64_t milliseconds = aq_uptime_ms(run.process.start_time);
    aq_set_port_rows(call->result, &run);
    aq_result_set_int(call->result, "UPTIME", milliseconds / 1000);
    if (halted != NULL)
        aq_result_set_text(call->result, "HALTED", halted);
    aq_result_say(call->result, "%s %s for %s (process %d, %s)", name,
                  run.paused ? "is paused; its process has been there" : "has been running",
                  aq_duration_text(milliseconds, uptime), run.process.pid, aq_accel_name(run.accel));
    if (halted != NULL)
        aq_result_say_more(call->result, "\nit stands still: %s; mend that and `resume name=%s` it", halted,
                           name);
    return 0;
}

static int status_of_all(struct aq_call *call, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    aq_autoclose int vms = aq_open_home_dir("vms", err);
    aq_autofree char *home = aq_home_path(err);
    if (vms < 0 || home == NULL || aq_vm_list(&names, err) < 0)
        return -1;
    int running = 0;
    for (size_t i = 0; i < names.count; i++) {
        aq_autovm struct aq_vm vm = {0};
        struct aq_run run = {0};
        struct aq_error ignored = {0};
        running += aq_vm_load_at(vms, names.items[i], &vm, &ignored) == 0 &&
                   aq_run_read_at(vms, &vm, &run, &ignored) > 0;
    }
    aq_result_set_int(call->result, "COUNT", (int64_t)names.count);
    aq_result_set_int(call->result, "RUNNING", running);
    aq_result_set_text(call->result, "HOME", home);
    aq_result_set_text(call->result, "VERSION", aq_version());
    aq_result_say(call->result, "address-qemu %s: %zu VMs, %d running, kept in %s", aq_version(), names.count,
                  running, home);
    return 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "name");
    return name != NULL ? status_of_one(call, name, err) : status_of_all(call, err);
}
