/* SPDX-License-Identifier: MIT */

#include "util/clock.h"
#include "util/size.h"
#include "util/wait.h"
#include "verbs/template_fields.h"
#include "vm/template_make.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"base", AQ_TYPE_NAME, .meaning = "the base to boot and freeze"},
    {"vm", AQ_TYPE_NAME, .aliases = "from",
     .meaning = "or the running VM to be taken as it is; it stands still for a moment and goes on"},
    {"name", AQ_TYPE_NAME, .aliases = "template",
     .meaning = "the template's name; that of the base or the VM unless given"},
    {"warm", AQ_TYPE_TEXT,
     .meaning =
         "a command for the guest's shell, run before the guest is frozen: what it leaves running, every "
         "clone has running"},
    {"memory", AQ_TYPE_SIZE, .min = 16 << 20, .max = INT64_C(4096) << 30,
     .meaning = "its RAM, and that of its clones; the base's unless given, and always the VM's"},
    {"cpus", AQ_TYPE_COUNT, .min = 1, .max = 255, .meaning = "its virtual CPUs; the same"},
    {"allow_provisioned", AQ_TYPE_BOOLEAN, .fallback = "false",
     .meaning =
         "take a VM in which a script was run, which may have left secrets that each clone would have"},
    {"replace", AQ_TYPE_BOOLEAN, .fallback = "false",
     .meaning = "make one that is there already anew, if it has no clones"},
    {"warm_timeout", AQ_TYPE_DURATION, .min = 1, .fallback = "10m",
     .meaning = "how long that command may run"},
    {"settle_timeout", AQ_TYPE_DURATION, .fallback = "60s",
     .meaning = "how long to wait until the guest is at rest; it is frozen after that in any case"},
    {"ready_timeout", AQ_TYPE_DURATION, .min = 1,
     .meaning = "how long to wait for the guest to answer; three minutes unless given"},
    {NULL},
};

static const struct aq_field sets[] = {
    AQ_TEMPLATE_FIELDS,
    {"TOTAL_MS", "how long it took"},
    {NULL},
};

const struct aq_verb aq_verb_create_template = {
    .name = "create_template",
    .group = "Templates",
    .summary = "Boot a base once and freeze it, or take a VM, so that clones are ready at once",
    .details =
        "The base is booted in a VM of its own until it is at rest, a warming command is run in it if there "
        "is "
        "one, and then everything in it but our helper is made to stand still, its memory and disk are kept, "
        "and the VM is gone. `clone` then makes VMs that go on from there within a fraction of a second, "
        "each with random numbers, keys and names of its own: see [templates](templates.md).\n\n"
        "A VM that runs can be taken, too, with all that runs in it. It stands still for a moment, and its "
        "disk "
        "becomes a layer on which both go on.",
    .params = params,
    .sets = sets,
    .example = "create_template base=debian name=jvm warm='start-the-server'",
    .run = run,
};

static void progress(void *data, const char *line)
{
    const struct aq_call *call = data;
    const char *of = aq_arg_text(call, "base");
    aq_progress(data, "template of %s: %s", of != NULL ? of : aq_arg_text(call, "vm"), line);
}

static int check(struct aq_call *call, struct aq_error *err)
{
    bool base = aq_arg_given(call, "base"), vm = aq_arg_given(call, "vm");
    if (!base && !vm)
        return aq_fail(err, AQ_E_KEY_MISSING, "create_template needs base= or vm=, what is to be frozen");
    if (base && vm)
        return aq_fail(err, AQ_E_VALUE_INVALID, "create_template takes base= or vm=, not both");
    if (vm && (aq_arg_given(call, "memory") || aq_arg_given(call, "cpus")))
        return aq_fail(err, AQ_E_VALUE_INVALID,
                       "memory and cpus of a VM that runs are what they are; they can be chosen with base=");
    return 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "name"), *base = aq_arg_text(call, "base");
    const char *vm = aq_arg_text(call, "vm");
    const struct aq_template_request request = {
        .name = name != NULL   ? name
                : base != NULL ? base
                               : vm,
        .base = base,
        .vm = vm,
        .allow_provisioned = aq_arg_bool(call, "allow_provisioned"),
        .memory = (unsigned)(aq_arg_number(call, "memory") >> 20),
        .cpus = (unsigned)aq_arg_number(call, "cpus"),
        .warm = aq_arg_text(call, "warm"),
        .replace = aq_arg_bool(call, "replace"),
        .ready_ms = aq_arg_number(call, "ready_timeout"),
        .settle_ms = aq_arg_number(call, "settle_timeout"),
        .warm_ms = aq_arg_number(call, "warm_timeout"),
        .progress = progress,
        .progress_data = call,
    };
    aq_autotemplate struct aq_template template = {0};
    aq_deadline started = aq_now();
    if (check(call, err) < 0 || aq_template_make(&request, &template, err) < 0)
        return -1;
    char taken[AQ_SIZE_TEXT];
    int64_t milliseconds = (aq_now() - started) / 1000000;
    aq_result_set_int(call->result, "TOTAL_MS", milliseconds);
    aq_result_say(call->result, "template %s of %s is made (in %s)%s%s", template.name,
                  vm != NULL ? vm : base, aq_duration_text(milliseconds, taken),
                  template.closed ? "" : "; its window is open: ", template.closed ? "" : template.window);
    return aq_set_template_fields(call->result, &template, err);
}
