/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "modify/generation.h"
#include "modify/vm_disk.h"
#include "util/size.h"
#include "util/wait.h"
#include "verbs/base_fields.h"
#include "verbs/download_progress.h"
#include "verbs/modify_fields.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    AQ_MODIFY_PARAMS,
    {"name", AQ_TYPE_NAME,
     .meaning = "the base that the result becomes; only the layers are made unless given"},
    {"vm", AQ_TYPE_NAME, .meaning = "a stopped VM whose own disk is changed, instead of a base"},
    {"no_cache", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "do every step again"},
    {"dry_run", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "tell what would be done, and do nothing"},
    {"stream", AQ_TYPE_BOOLEAN, .fallback = "false", .meaning = "show the output of commands as it comes"},
    {"on_error", AQ_TYPE_CHOICE, .fallback = "remove", .choices = "remove|keep",
     .meaning = "what becomes of the disk as a failed command left it: keep makes a layer of it"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"NAME", "the base that was made"},
    {"LAYER", "the id of the layer that holds the result"},
    {"GENERATION", "the number of the result among those that the base has stood for"},
    {"CACHED", "how many steps were there already"},
    {"BUILT", "how many were done"},
    {"FAILED_LAYER", "with on_error=keep: the layer of the disk as the failed command left it"},
    {"EXIT_CODE", "of the command that failed"},
    {"RELABEL", "1 when SELinux labels are going to be set at the next boot"},
    {"PENDING", "with dry_run: how many have to be done"},
    {"STEPS.n.TITLE",
     "a step; also `STATUS` (`cached`, `todo`, `built`, `failed`), `KEY`, `LAYER`; of one that was built "
     "`MS` and `APPLIANCE`, 1 when libguestfs's was needed; with dry_run what `plan` tells"},
    {NULL},
};

const struct aq_verb aq_verb_modify = {
    .name = "modify",
    .group = "Images",
    .summary = "Change an image as a YAML spec says, in layers that are never built twice",
    .details =
        "The files of a spec are one layer, each of its commands another. A layer whose inputs are the same "
        "(their contents; times do not count) is not built again, whichever spec it is in. Nothing is booted "
        "unless a command says `when: guest`. What fails leaves the layers that were finished, and the next "
        "run starts at the step that failed. With `name` the result becomes a base, which `clone` and "
        "`provision` take as any other; the same name again makes a new generation of it. See "
        "docs/modify.md.",
    .params = params,
    .sets = sets,
    .example = "modify spec=app.yaml name=app",
    .run = run,
};

static void say(void *data, const char *line)
{
    const struct aq_call *call = data;
    aq_progress(call, "%s: %s", aq_arg_text(call, "spec"), line);
}

static void stream(void *data, enum aq_stream which, const char *bytes, size_t length)
{
    aq_stream_output(data, which, bytes, length);
}

static int carry_out(struct aq_call *call, struct aq_modify *modify, struct aq_error *err)
{
    const char *vm = aq_arg_text(call, "vm");
    aq_autostrings struct aq_strings folders = {0};
    struct aq_modify_request request = aq_modify_request_of(call, &folders);
    request.no_cache = aq_arg_bool(call, "no_cache");
    struct aq_call_progress downloads;
    const struct aq_modify_watch watch = {
        .data = call,
        .download = aq_call_progress_start(&downloads, call),
        .say = say,
        .output = aq_arg_bool(call, "stream") ? stream : NULL,
        .keep_failed = strcmp(aq_arg_text(call, "on_error"), "keep") == 0,
    };
    if (vm != NULL)
        return aq_modify_vm(vm, &request, &watch, modify, err);
    if (aq_modify_load(&request, modify, err) < 0)
        return -1;
    return aq_arg_bool(call, "dry_run") ? 0 : aq_modify_build(modify, &watch, err);
}

/* A VM is itself what is changed and what comes of it. */
static int check_target(const struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "name");
    if (aq_arg_text(call, "vm") != NULL &&
        (name != NULL || aq_arg_text(call, "base") != NULL || aq_arg_bool(call, "dry_run")))
        return aq_fail(err, AQ_E_VALUE_INVALID,
                       "vm= goes with neither name=, base= nor dry_run=: the VM's disk is changed");
    return name != NULL ? aq_generation_check_name(name, err) : 0;
}

static int enter(struct aq_call *call, const struct aq_modify *modify, struct aq_error *err)
{
    aq_autobase struct aq_base base = {0};
    unsigned generation;
    if (aq_generation_add(aq_arg_text(call, "name"), modify, &base, &generation, err) < 0)
        return -1;
    aq_set_base_fields(call->result, &base);
    aq_result_set_int(call->result, "GENERATION", generation);
    return 0;
}

static void say_outcome(struct aq_call *call, const struct aq_modify *modify, int64_t milliseconds)
{
    char taken[AQ_SIZE_TEXT], layer[AQ_LAYER_SHORT_TEXT];
    const char *name = aq_arg_text(call, "name"), *vm = aq_arg_text(call, "vm");
    aq_autofree char *what = name != NULL ? aq_format("base %s", name)
                             : vm != NULL
                                 ? aq_format("the disk of VM %s", vm)
                                 : aq_format("layer %s", aq_layer_short(aq_modify_top(modify)->id, layer));
    aq_result_say(call->result, "%s is ready: %u of %zu steps were there already, %u were done (in %s)", what,
                  aq_modify_count(modify, AQ_MODIFY_CACHED), modify->spec.step_count,
                  aq_modify_count(modify, AQ_MODIFY_BUILT), aq_duration_text(milliseconds, taken));
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_automodify struct aq_modify modify = AQ_MODIFY_NONE;
    aq_deadline started = aq_now();
    if (check_target(call, err) < 0)
        return -1;
    int done = carry_out(call, &modify, err);
    if (done == 0 && aq_arg_bool(call, "dry_run")) {
        aq_result_set_int(call->result, "BUILT", 0);
        return aq_set_modify_plan(call->result, &modify, err);
    }
    if (modify.steps != NULL)
        aq_set_modify_fields(call->result, &modify);
    if (done < 0)
        return -1;
    if (aq_arg_text(call, "name") != NULL && enter(call, &modify, err) < 0)
        return -1;
    say_outcome(call, &modify, (aq_now() - started) / 1000000);
    return 0;
}
