/* SPDX-License-Identifier: MIT */
/* Steps in libguestfs's appliance: one launch for as many of them as come one after another. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "image/qcow2.h"
#include "modify/build.h"
#include "offline/bundle_write.h"
#include "util/files.h"

#define REST "rest.qcow2"
#define SECRETS "/run/aq-secrets/"

enum {
    FILES_MS = 3600000,
    RELABEL_MS = 60000,
    CAPTURE = 256 << 10,
};

static bool is_offline(const struct aq_step *step)
{
    return step->kind == AQ_STEP_FILES || step->command->when == AQ_WHEN_OFFLINE;
}

/* One past the last step that this appliance is going to do. */
static size_t last_offline(const struct aq_build_run *run)
{
    size_t at = run->now;
    while (at < run->modify->spec.step_count && is_offline(&run->modify->spec.steps[at]))
        at++;
    return at;
}

static void say_waiting(void *data)
{
    aq_build_say(data, "waiting for another build that uses the same cache");
}

static void say_line(void *data, const char *line)
{
    aq_build_say(data, "%s", line);
}

/* What the steps to come need beside the image itself. */
static int gather(struct aq_build_run *run, bool *network, bool *files, struct aq_error *err)
{
    aq_autostrings struct aq_strings folders = {0};
    size_t end = last_offline(run);
    for (size_t i = run->now; i < end; i++) {
        const struct aq_step *step = &run->modify->spec.steps[i];
        if (step->kind == AQ_STEP_FILES) {
            *files = true;
            if (aq_build_bundle(run, i, err) < 0)
                return -1;
            continue;
        }
        *network = *network || step->command->network;
        for (size_t c = 0; c < step->command->caches.count; c++)
            aq_strings_add(&folders, step->command->caches.items[c]);
    }
    return aq_cache_disks_open(run->modify->base.name, &folders, say_waiting, run, &run->caches, err);
}

static int start(struct aq_build_run *run, struct aq_error *err)
{
    struct aq_appliance_drive drives[2 + AQ_CACHE_DISKS_MAX];
    unsigned count = 0;
    bool network = false, files = false;
    if (gather(run, &network, &files, err) < 0 || aq_build_open_stage(run, err) < 0)
        return -1;
    drives[count++] = (struct aq_appliance_drive){run->stage.path, "qcow2", "main"};
    if (files)
        drives[count++] = (struct aq_appliance_drive){run->bundle_path, "raw", "bundle"};
    for (unsigned i = 0; i < run->caches.count; i++)
        drives[count++] =
            (struct aq_appliance_drive){run->caches.items[i].path, "raw", run->caches.items[i].label};
    const struct aq_appliance_request request = {
        .drives = drives,
        .drive_count = count,
        .network = network,
        .progress = say_line,
        .progress_data = run,
    };
    run->appliance = aq_appliance_open(&request, err);
    return run->appliance == NULL ? -1 : aq_appliance_mount(run->appliance, &run->modify->base.root, err);
}

static int put_files(struct aq_build_run *run, struct aq_error *err)
{
    static const char *const arguments[] = {"files", AQ_APPLIANCE_DEVICES "bundle", NULL};
    struct aq_guest_exec exec = {.deadline = aq_after_ms(FILES_MS)};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    if (aq_appliance_agent(run->appliance, arguments, &exec, &exit, err) < 0)
        return -1;
    return exit.exit_code == 0 ? 0
                               : aq_bundle_fail(&run->modify->spec, aq_build_spec_step(run),
                                                aq_buffer_text(&exit.errors), err);
}

static int hand_over_secret(struct aq_build_run *run, const char *id, const char *path, struct aq_error *err)
{
    aq_autosecret struct aq_buffer value = {0};
    if (aq_secret_read(&run->modify->spec, id, &value, err) < 0)
        return -1;
    return aq_appliance_put(run->appliance, path, aq_buffer_text(&value), value.length, err);
}

static int make_arguments(struct aq_build_run *run, struct aq_strings *arguments, struct aq_error *err)
{
    const struct aq_command *command = aq_build_spec_step(run)->command;
    aq_strings_add(arguments, "step");
    if (command->network)
        aq_strings_add(arguments, "--network");
    for (size_t i = 0; i < command->env.count; i++) {
        aq_strings_add(arguments, "--env");
        aq_strings_format(arguments, "%s=%s", command->env.items[i].name, command->env.items[i].text);
    }
    for (size_t i = 0; i < command->secrets.count; i++) {
        const char *id = command->secrets.items[i];
        aq_autofree char *path = aq_format(SECRETS "%s", id);
        if (hand_over_secret(run, id, path, err) < 0)
            return -1;
        aq_strings_add(arguments, "--secret");
        aq_strings_format(arguments, "%s=%s", id, path);
    }
    for (size_t i = 0; i < command->caches.count; i++) {
        const struct aq_cache_disk *disk = aq_cache_disk_of(&run->caches, command->caches.items[i]);
        aq_strings_add(arguments, "--cache");
        aq_strings_format(arguments, AQ_APPLIANCE_DEVICES "%s=%s", disk->label, disk->folder);
    }
    aq_strings_add(arguments, command->text);
    return 0;
}

static int run_command(struct aq_build_run *run, struct aq_error *err)
{
    const struct aq_command *command = aq_build_spec_step(run)->command;
    aq_autostrings struct aq_strings arguments = {0};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    if (make_arguments(run, &arguments, err) < 0)
        return -1;
    struct aq_guest_exec exec = {
        .deadline = command->timeout_ms > 0 ? aq_after_ms(command->timeout_ms) : 0,
        .capture_limit = CAPTURE,
        .on_output = run->watch->output,
        .on_output_data = run->watch->data,
    };
    if (aq_appliance_agent(run->appliance, (const char *const *)arguments.items, &exec, &exit, err) < 0)
        return err->code == AQ_E_COMMAND_TIMEOUT ? aq_error_context(err, "%s", aq_build_step(run)->title)
                                                 : -1;
    return aq_build_judge_command(run, exit.exit_code, &exit.output, &exit.errors, err);
}

/* Files that are new, or were written anew, have no label yet. */
static int ask_for_labels(struct aq_build_run *run, struct aq_error *err)
{
    static const char *const arguments[] = {"relabel", NULL};
    struct aq_guest_exec exec = {.deadline = aq_after_ms(RELABEL_MS)};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    if (aq_appliance_agent(run->appliance, arguments, &exec, &exit, err) < 0)
        return -1;
    if (exit.exit_code != 0)
        return aq_fail(err, AQ_E_APPLIANCE_FAILED, "the image's SELinux labels: %.400s",
                       aq_buffer_text(&exit.errors));
    run->modify->relabel = run->modify->relabel || exit.output.length > 0;
    return 0;
}

/* The overlay in which the appliance goes on once this step's layer is whole: the next step's, or one that
   nobody keeps. free() it. */
static char *open_next(struct aq_build_run *run, bool keep, struct aq_error *err)
{
    if (keep && run->now + 1 < last_offline(run))
        return aq_build_open_next(run, err) < 0 ? NULL : aq_strdup(run->next.path);
    unlinkat(run->work.folder, REST, 0);
    aq_autofree char *rest = aq_format("%s/" REST, run->work_path);
    aq_autoclose int fd = aq_make_file_at(run->work.folder, REST, NULL, 0, 0600, err);
    if (fd < 0 || aq_qcow2_write_overlay(fd, rest, run->stage.path, run->modify->base.virtual_size, err) < 0)
        return NULL;
    return aq_steal_ptr(&rest);
}

static int cut(struct aq_build_run *run, bool keep, struct aq_error *err)
{
    aq_autofree char *next = open_next(run, keep, err);
    return next == NULL ? -1 : aq_appliance_cut(run->appliance, next, err);
}

/* The command's own failure is what is told, whatever becomes of its disk. */
static void keep_failed(struct aq_build_run *run)
{
    struct aq_error ignored = {0};
    if (run->watch->keep_failed && cut(run, false, &ignored) == 0)
        aq_build_keep_failed(run);
}

static int carry_out(struct aq_build_run *run, struct aq_error *err)
{
    if (run->appliance == NULL && start(run, err) < 0)
        return -1;
    aq_build_step(run)->appliance = true;
    if (aq_build_spec_step(run)->kind == AQ_STEP_FILES)
        return put_files(run, err);
    if (run_command(run, err) == 0)
        return 0;
    if (err->code == AQ_E_GUEST_COMMAND_FAILED)
        keep_failed(run);
    return -1;
}

int aq_build_in_appliance(struct aq_build_run *run, struct aq_error *err)
{
    aq_deadline started = aq_now();
    if (carry_out(run, err) < 0 || ask_for_labels(run, err) < 0 || cut(run, true, err) < 0)
        return -1;
    aq_build_step(run)->ms = (aq_now() - started) / 1000000;
    if (aq_build_publish(run, err) < 0)
        return -1;
    run->stage = run->next;
    run->next = (struct aq_build_stage){.stage = AQ_STAGE_NONE};
    return 0;
}

int aq_build_renew_in_appliance(struct aq_build_run *run, const char *bundle, struct aq_error *err)
{
    const struct aq_appliance_drive drives[] = {{run->stage.path, "qcow2", "main"},
                                                {bundle, "raw", "bundle"}};
    const struct aq_appliance_request request = {
        .drives = drives, .drive_count = 2, .progress = say_line, .progress_data = run};
    run->appliance = aq_appliance_open(&request, err);
    int done = run->appliance == NULL ||
                       aq_appliance_mount(run->appliance, &run->modify->base.root, err) < 0 ||
                       put_files(run, err) < 0 || cut(run, false, err) < 0
                   ? -1
                   : 0;
    aq_appliance_close(aq_steal_ptr(&run->appliance));
    return done;
}
