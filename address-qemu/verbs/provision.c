/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/stat.h>

#include "verbs/checkpoints.h"
#include "verbs/clone_vm.h"
#include "verbs/guest_command.h"
#include "verbs/provision_stages.h"
#include "verbs/vm_fields.h"
#include "vm/lifecycle.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"script", AQ_TYPE_PATH, .source = AQ_SOURCE_SCRIPT, .required = true, .positional = true,
     .meaning = "a REXX script with a header"},
    {"name", AQ_TYPE_NAME, .aliases = "vm",
     .meaning = "the VM; one of that name is used if it stems from the header's base, else it is made. Made "
                "up unless given"},
    {"base", AQ_TYPE_NAME, .meaning = "the base to clone, instead of the header's"},
    AQ_PARAM_TEMPLATE_CHOICE,
    AQ_PARAM_NETWORK,
    AQ_PARAM_FORWARD,
    AQ_PARAM_BIND,
    AQ_PARAM_EGRESS,
    {"args", AQ_TYPE_TEXT, .meaning = "the script's argument string, for PARSE ARG"},
    {"keep_running", AQ_TYPE_BOOLEAN, .fallback = "false",
     .meaning = "leave the VM running when the script is done"},
    {"snapshot", AQ_TYPE_BOOLEAN, .fallback = "false",
     .meaning = "take a snapshot of its disk when the script is done"},
    {"timeout", AQ_TYPE_DURATION, .min = 1,
     .meaning = "how long the script may run; the header's rexxjs-vm-timeout, or 1h, unless given"},
    {"on_error", AQ_TYPE_CHOICE, .choices = "remove|keep", .fallback = "remove",
     .meaning = "what becomes of a VM that was made for the script when something fails"},
    AQ_PARAM_METHOD,
    {"stream", AQ_TYPE_BOOLEAN, .fallback = "true", .meaning = "show the script's output as it comes"},
    AQ_CHECKPOINT_PARAMS,
    AQ_PARAM_MAX_OUTPUT,
    AQ_PARAM_READY_TIMEOUT,
    {NULL},
};

static const struct aq_field sets[] = {
    AQ_VM_FIELDS,
    AQ_PORT_FIELDS,
    AQ_CLONE_FIELDS,
    AQ_GUEST_COMMAND_FIELDS,
    AQ_CHECKPOINT_FIELDS,
    AQ_METHOD_FIELDS,
    {"SNAPSHOT", "the snapshot that was taken"},
    {"STAGES.n.NAME",
     "what was done: header, clone, start, ready, runner, script, network, run, snapshot, stop; also `MS`"},
    {"NETWORK_UP",
     "1 when the guest's network was up before the script was run, 0 when it was not waited for "
     "any longer; not set without a network"},
    {"STAGE", "the one that failed"},
    {"TOTAL_MS", "how long it took in all"},
    {NULL},
};

const struct aq_verb aq_verb_provision = {
    .name = "provision",
    .group = "Guests",
    .summary = "Run a REXX script in a VM of its own",
    .details = "The script's header says which VM it wants (see [headers](headers.md)). A clone of its base "
               "is made and "
               "started, the static `rexx` is brought in unless this very version is there, and the script "
               "is run with its "
               "output shown as it comes; where the VM has a network, when that is up, or 20 seconds after "
               "everything else is ready. A script that fails is RC 7. The VM is stopped at the end unless "
               "`keep_running`; "
               "when anything fails, a VM that was made for the script is removed unless `on_error=keep`.",
    .params = params,
    .sets = sets,
    .example = "provision script=deploy-app.rexx keep_running=true snapshot=true",
    .run = run,
};

/* In this order, each timed. A stage that has nothing to do returns at once. */
static const struct {
    const char *name;
    int (*act)(struct aq_provision *provision, struct aq_error *err);
} stages[] = {
    {"header", aq_stage_header},     {"image", aq_stage_image},     {"clone", aq_stage_clone},
    {"start", aq_stage_start},       {"ready", aq_stage_ready},     {"runner", aq_stage_runner},
    {"script", aq_stage_script},     {"network", aq_stage_network}, {"run", aq_stage_run},
    {"snapshot", aq_stage_snapshot}, {"stop", aq_stage_stop},
};

static int run_stages(struct aq_provision *provision, struct aq_error *err)
{
    struct aq_table *table = aq_result_table(provision->call->result, "STAGES");
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        aq_deadline started = aq_now();
        if (stages[i].act == aq_stage_image && provision->header.spec[0] == '\0')
            continue; /* few scripts have one: it is told only of them */
        int done = stages[i].act(provision, err);
        aq_table_row(table);
        aq_table_text(table, "NAME", stages[i].name);
        aq_table_int(table, "MS", (aq_now() - started) / 1000000);
        if (done < 0) {
            aq_result_set_text(provision->call->result, "STAGE", stages[i].name);
            return -1;
        }
    }
    return 0;
}

/* A VM that was made for this script goes with it, unless it is to be looked at. One that was there before
   stays, but does not run on if it was started for the script. Returns what has become of it. */
static const char *clear_up(struct aq_provision *provision)
{
    const struct aq_vm *vm = &provision->vm;
    aq_guest_close(&provision->guest);
    bool keep = strcmp(aq_arg_text(provision->call, "on_error"), "keep") == 0;
    if (provision->made && !keep) {
        aq_vm_discard(vm);
        return "removed";
    }
    struct aq_error ignored = {0};
    struct aq_run run;
    enum aq_stop how;
    if (provision->started && !keep) {
        aq_interrupt_hold();
        aq_vm_stop(vm, AQ_STOP_CLEAN, AQ_PROVISION_STOP_MS, &how, &ignored);
        aq_interrupt_release();
    }
    return aq_run_read(vm, &run, &ignored) > 0 ? "running" : "stopped";
}

static void provision_free(struct aq_provision *provision)
{
    aq_guest_close(&provision->guest);
    aq_vm_free(&provision->vm);
    aq_header_free(&provision->header);
    aq_network_wish_free(&provision->wish);
    aq_cleanup_close(&provision->script);
    aq_guest_script_free(&provision->guest_script);
    free(provision->runner_path);
    free(provision->image_base);
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_cleanup(provision_free) struct aq_provision provision = {
        .call = call, .script = -1, .guest = AQ_GUEST_CLOSED};
    aq_deadline started = aq_now();
    int done = run_stages(&provision, err);
    if (provision.vm.name != NULL) {
        aq_result_set_text(call->result, "VM", provision.vm.name);
        aq_result_set_text(call->result, "NAME", provision.vm.name);
        aq_result_set_text(call->result, "BASED_ON", provision.vm.base);
    }
    if (done < 0) {
        if (provision.vm.name != NULL)
            aq_result_set_text(call->result, "STATUS", clear_up(&provision));
        return -1;
    }
    aq_result_set_text(call->result, "STATUS", provision.running ? "running" : "stopped");
    aq_result_set_int(call->result, "TOTAL_MS", (aq_now() - started) / 1000000);
    aq_result_say(call->result, "%s ran in the VM %s, which is now %s", aq_arg_text(call, "script"),
                  provision.vm.name, provision.running ? "running" : "stopped");
    return 0;
}
