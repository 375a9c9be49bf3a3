/* SPDX-License-Identifier: MIT */

#include "util/clock.h"
#include "util/size.h"
#include "util/wait.h"
#include "verbs/template_fields.h"
#include "vm/template_make.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"base", AQ_TYPE_NAME, .required = true, .meaning = "the base to boot and freeze"},
    {"name", AQ_TYPE_NAME, .aliases = "template", .meaning = "the template's name; the base's unless given"},
    {"warm", AQ_TYPE_TEXT,
     .meaning =
         "a command for the guest's shell, run before the guest is frozen: what it leaves running, every "
         "clone has running"},
    {"memory", AQ_TYPE_SIZE, .min = 16 << 20, .max = INT64_C(4096) << 30,
     .meaning = "its RAM, and that of its clones; the base's unless given"},
    {"cpus", AQ_TYPE_COUNT, .min = 1, .max = 255, .meaning = "its virtual CPUs; the base's unless given"},
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

static const struct aq_field sets[] = {AQ_TEMPLATE_FIELDS, {"TOTAL_MS", "how long it took"}, {NULL}};

const struct aq_verb aq_verb_create_template = {
    .name = "create_template",
    .group = "Templates",
    .summary = "Boot a base once and freeze it, so that its clones are ready at once",
    .details =
        "The base is booted in a VM of its own until it is at rest, a warming command is run in it if there "
        "is "
        "one, and then everything in it but our helper is made to stand still, its memory and disk are kept, "
        "and the VM is gone. `clone` then makes VMs that go on from there within a fraction of a second, "
        "each with random numbers, keys and names of its own: see [templates](templates.md).",
    .params = params,
    .sets = sets,
    .example = "create_template base=debian name=jvm warm='start-the-server'",
    .run = run,
};

static void progress(void *data, const char *line)
{
    aq_progress(data, "template %s: %s", aq_arg_text(data, "base"), line);
}

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "name");
    const struct aq_template_request request = {
        .name = name != NULL ? name : aq_arg_text(call, "base"),
        .base = aq_arg_text(call, "base"),
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
    if (aq_template_make(&request, &template, err) < 0)
        return -1;
    char taken[AQ_SIZE_TEXT];
    int64_t milliseconds = (aq_now() - started) / 1000000;
    aq_result_set_int(call->result, "TOTAL_MS", milliseconds);
    aq_result_say(call->result, "template %s of %s is made (in %s)%s%s", template.name, template.base,
                  aq_duration_text(milliseconds, taken),
                  template.closed ? "" : "; its window is open: ", template.closed ? "" : template.window);
    return aq_set_template_fields(call->result, &template, err);
}
