/* SPDX-License-Identifier: MIT */
#include "modify/build.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "modify/step_key.h"
#include "offline/ext4.h"
#include "util/files.h"
#include "util/home.h"
#include "util/size.h"

#define SAID_MAX 1500

void aq_build_say(const struct aq_build_run *run, const char *format, ...)
{
    char line[1024];
    if (run->watch->say == NULL)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    run->watch->say(run->watch->data, line);
}

static void say_step(struct aq_build_run *run, const char *what)
{
    aq_build_say(run, "step %zu/%zu %s%s", run->now + 1, run->modify->spec.step_count, what,
                 aq_build_step(run)->title);
}

static void say_waiting(void *data)
{
    aq_build_say(data, "waiting for another build that makes the same layer");
}

static void say_cached(struct aq_build_run *run)
{
    for (run->now = 0; run->now < run->first; run->now++)
        say_step(run, "CACHED ");
}

/* Somebody else may have made it while we waited. */
static int look_again(struct aq_build_run *run, size_t index, struct aq_error *err)
{
    struct aq_modify_step *step = &run->modify->steps[index];
    if (index != run->first || run->modify->no_cache)
        return 0;
    aq_autoparent struct aq_parent parent = aq_build_parent(run, index);
    int found = aq_step_key_find(run->modify->spec.steps[index].key, &parent, &step->layer, err);
    if (found <= 0)
        return found;
    step->status = AQ_MODIFY_CACHED;
    aq_step_key_release(run->modify->spec.steps[index].key, run->locks[index]);
    run->locks[index] = -1;
    run->first++;
    return 0;
}

/* The keys of all that is to be made, in the order of the steps: whoever wants some of the same waits at the
 * first. */
static int lock_keys(struct aq_build_run *run, struct aq_error *err)
{
    for (size_t i = run->first; i < run->modify->spec.step_count; i++) {
        run->locks[i] = aq_step_key_lock(run->modify->spec.steps[i].key, say_waiting, run, err);
        if (run->locks[i] < 0 || look_again(run, i, err) < 0)
            return -1;
    }
    return 0;
}

static int open_work(struct aq_build_run *run, struct aq_error *err)
{
    aq_autoclose int cache = aq_open_home_dir("cache", err);
    if (cache < 0)
        return -1;
    aq_stage_sweep(cache);
    if (aq_stage_open(cache, "build", &run->work, err) < 0)
        return -1;
    run->work_path = aq_path_at(cache, run->work.name);
    return 0;
}

/* All that the steps want from elsewhere, before anything is touched. */
static int fetch(struct aq_build_run *run, struct aq_error *err)
{
    for (size_t i = run->first; i < run->modify->spec.step_count; i++)
        if (aq_step_fetch(&run->modify->spec, &run->modify->spec.steps[i], run->watch->download, err) < 0)
            return -1;
    return 0;
}

static int do_step(struct aq_build_run *run, struct aq_error *err)
{
    const struct aq_step *step = aq_build_spec_step(run);
    if (step->kind == AQ_STEP_COMMAND && step->command->when == AQ_WHEN_GUEST) {
        aq_appliance_close(aq_steal_ptr(&run->appliance));
        aq_cache_disks_close(&run->caches);
        return aq_build_in_guest(run, err);
    }
    int done = step->kind == AQ_STEP_FILES ? aq_build_files_directly(run, err) : 0;
    return done != 0 ? (done < 0 ? -1 : 0) : aq_build_in_appliance(run, err);
}

static int do_steps(struct aq_build_run *run, struct aq_error *err)
{
    for (run->now = run->first; run->now < run->modify->spec.step_count; run->now++) {
        struct aq_modify_step *step = aq_build_step(run);
        char text[AQ_SIZE_TEXT];
        say_step(run, "");
        step->status = AQ_MODIFY_FAILED;
        if (do_step(run, err) < 0)
            return -1;
        aq_build_say(run, "step %zu/%zu done in %s", run->now + 1, run->modify->spec.step_count,
                     aq_duration_text(step->ms, text));
    }
    return 0;
}

/* The base, and what is there already, stay while we build on them. */
static int hold_parents(struct aq_build_run *run, struct aq_error *err)
{
    aq_autoparent struct aq_parent parent = aq_build_parent(run, run->first);
    aq_autochain struct aq_chain chain = {0};
    run->holds[run->first] = aq_parent_lock(&parent, AQ_LOCK_SHARED, err);
    return run->holds[run->first] < 0 ? -1 : aq_chain_add(&parent, &chain, err);
}

/* Where the base does not say where it has its file systems, it may be simple to tell; else libguestfs has to
 * look. */
static int find_root(struct aq_build_run *run, struct aq_error *err)
{
    aq_autochain struct aq_chain chain = {0};
    aq_autoparent struct aq_parent parent = aq_build_parent(run, run->first);
    enum aq_ext4_outcome outcome;
    int partition;
    if (run->modify->base.root.count > 0)
        return 0;
    aq_autofree char *folder = aq_build_export_folder(run, err);
    if (folder == NULL || aq_chain_add(&parent, &chain, err) < 0)
        return -1;
    const struct aq_ext4_request request = {
        .chain = chain.images, .chain_count = chain.count, .folder = folder};
    if (aq_ext4_find(&request, &outcome, &partition, err) < 0)
        return -1;
    if (outcome == AQ_EXT4_DONE)
        aq_root_set_partition(&run->modify->base.root, partition);
    return 0;
}

static int build(struct aq_build_run *run, struct aq_error *err)
{
    if (lock_keys(run, err) < 0)
        return -1;
    say_cached(run);
    if (run->first == run->modify->spec.step_count)
        return 0;
    if (hold_parents(run, err) < 0 || fetch(run, err) < 0 || open_work(run, err) < 0 ||
        find_root(run, err) < 0)
        return -1;
    return do_steps(run, err);
}

static void run_free(struct aq_build_run *run)
{
    size_t count = run->modify->spec.step_count;
    aq_appliance_close(run->appliance);
    aq_build_close_stage(&run->stage);
    aq_build_close_stage(&run->next);
    aq_cache_disks_close(&run->caches);
    aq_cleanup_close(&run->bundle);
    aq_stage_close(&run->work);
    for (size_t i = 0; i < count; i++)
        aq_step_key_release(run->modify->spec.steps[i].key, run->locks[i]);
    for (size_t i = 0; i <= count; i++)
        aq_cleanup_close(&run->holds[i]);
    free(run->locks);
    free(run->holds);
    free(run->bundle_path);
    free(run->work_path);
}

int aq_modify_build(struct aq_modify *modify, const struct aq_modify_watch *watch, struct aq_error *err)
{
    size_t count = modify->spec.step_count;
    struct aq_build_run run = {
        .modify = modify,
        .watch = watch,
        .first = aq_modify_count(modify, AQ_MODIFY_CACHED),
        .work = AQ_STAGE_NONE,
        .stage = {.stage = AQ_STAGE_NONE},
        .next = {.stage = AQ_STAGE_NONE},
        .bundle = -1,
        .locks = aq_alloc((count + 1) * sizeof *run.locks),
        .holds = aq_alloc((count + 1) * sizeof *run.holds),
    };
    for (size_t i = 0; i <= count; i++)
        run.locks[i] = run.holds[i] = -1;
    int built = build(&run, err);
    aq_interrupt_hold();
    run_free(&run);
    aq_interrupt_release();
    if (built < 0 && aq_must_end()) { /* whatever it broke off */
        err->code = AQ_OK;
        aq_fail(err, AQ_E_INTERRUPTED, "interrupted; the layers that were finished are kept");
    }
    return built;
}

int aq_build_judge_command(struct aq_build_run *run, int exit_code, const struct aq_buffer *output,
                           const struct aq_buffer *errors, struct aq_error *err)
{
    if (exit_code == 0)
        return 0;
    const struct aq_buffer *from = errors->length > 0 ? errors : output;
    aq_autobuffer struct aq_buffer said = {0};
    aq_buffer_add(&said, aq_buffer_text(from), from->length);
    aq_secrets_mask(&run->modify->spec, aq_build_spec_step(run)->command, &said);
    size_t length = said.length < SAID_MAX ? said.length : SAID_MAX;
    run->modify->exit_code = exit_code;
    aq_spec_fail(
        &run->modify->spec, aq_build_spec_step(run)->place, AQ_E_GUEST_COMMAND_FAILED, err,
        "%s ended with exit code %d; the layers before it are kept, and the next run starts here%s%.*s",
        aq_build_step(run)->title, exit_code, length > 0 ? ". It said: " : "", (int)length,
        aq_buffer_text(&said) + (said.length - length));
    return -1;
}
