/* SPDX-License-Identifier: MIT */
#include "util/size.h"
#include "verbs/vm_fields.h"
#include "vm/merge.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {AQ_PARAM_VM, {NULL}};

static const struct aq_field sets[] = {AQ_VM_FIELDS,
                                       {"SKIPPED", "1 when it stood alone already"},
                                       {"DURATION", "how many milliseconds it took"},
                                       {NULL}};

const struct aq_verb aq_verb_flatten = {
    .name = "flatten",
    .group = "Snapshots",
    .summary = "Have a VM stand alone, with all that its disk needs in its own file",
    .details = "All that is below is copied into the VM's disk; a running VM goes on meanwhile. What it "
               "stood on is not "
               "touched, and may be removed then if nothing else stands on it. Refused for a VM with "
               "snapshots, which need what "
               "they stand on. Interrupted, it stands where it stood, and another try goes on from there.",
    .params = params,
    .sets = sets,
    .example = "flatten name=web",
    .run = run,
};

/* A line a second, for who waits. */
struct watch {
    const struct aq_call *call;
    aq_deadline told;
};

static void tell(void *data, uint64_t done, uint64_t total)
{
    struct watch *watch = data;
    char so_far[AQ_SIZE_TEXT], in_all[AQ_SIZE_TEXT];
    if (aq_ms_left(watch->told) > 0 || total == 0)
        return;
    watch->told = aq_after_ms(1000);
    aq_progress(watch->call, "copied %s of %s", aq_size_text(done, so_far), aq_size_text(total, in_all));
}

static int run(struct aq_call *call, struct aq_error *err)
{
    const char *name = aq_arg_text(call, "name");
    aq_deadline started = aq_now();
    struct watch watch = {call, aq_after_ms(1000)};
    aq_autovm struct aq_vm vm = {0};
    struct aq_run run = {0};
    bool changed = false;
    if (aq_vm_flatten(name, tell, &watch, &changed, err) < 0 || aq_vm_load(name, &vm, err) < 0)
        return -1;
    int running = aq_run_read(&vm, &run, err);
    if (running < 0)
        return -1;
    aq_result_set_bool(call->result, "SKIPPED", !changed);
    aq_result_set_int(call->result, "DURATION", (aq_now() - started) / 1000000);
    aq_result_say(call->result, "%s stands alone%s", name, changed ? "" : " already");
    return aq_set_vm_fields(call->result, &vm, running > 0 ? &run : NULL, err);
}
