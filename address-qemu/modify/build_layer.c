/* SPDX-License-Identifier: MIT */
/* The layers of a build: their stages, and their publication. */
#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "modify/build.h"
#include "modify/step_key.h"
#include "spec/step_note.h"

struct aq_parent aq_build_parent(const struct aq_build_run *run, size_t index)
{
    if (index == 0)
        return aq_parent_copy(&run->modify->base.parent);
    return aq_layer_as_parent(&run->modify->steps[index - 1].layer);
}

void aq_build_close_stage(struct aq_build_stage *stage)
{
    aq_stage_close(&stage->stage);
    free(stage->path);
    stage->path = NULL;
}

static int open_stage(const struct aq_build_run *run, size_t index, const struct aq_parent *parent,
                      struct aq_build_stage *stage, struct aq_error *err)
{
    aq_autofree char *folder = NULL;
    aq_build_close_stage(stage);
    aq_step_key_choose(run->modify->spec.steps[index].key, stage->id);
    if (aq_layer_stage(stage->id, &stage->stage, &folder, err) < 0)
        return -1;
    stage->path = aq_format("%s/" AQ_LAYER_DISK, folder);
    return aq_layer_make_overlay(&stage->stage, parent, run->modify->base.virtual_size, err);
}

int aq_build_open_stage(struct aq_build_run *run, struct aq_error *err)
{
    aq_autoparent struct aq_parent parent = aq_build_parent(run, run->now);
    return open_stage(run, run->now, &parent, &run->stage, err);
}

int aq_build_open_next(struct aq_build_run *run, struct aq_error *err)
{
    const struct aq_pin unknown = {
        0}; /* the header has only the name; the record is written when it is known */
    aq_autoparent struct aq_parent parent = aq_parent_make(AQ_PARENT_LAYER, run->stage.id, &unknown);
    return open_stage(run, run->now + 1, &parent, &run->next, err);
}

int aq_build_chain(const struct aq_build_run *run, struct aq_chain *chain, struct aq_error *err)
{
    aq_autoparent struct aq_parent parent = aq_build_parent(run, run->now);
    return aq_chain_of_disk(run->stage.path, &parent, chain, err);
}

/* What is kept of how it was made: the step, and what the next build on it wants to know. */
static json_t *describe(const struct aq_build_run *run)
{
    const struct aq_modify *modify = run->modify;
    const struct aq_modify_base *base = &modify->base;
    json_t *built =
        json_pack("{s:s, s:s, s:I, s:I, s:I, s:b}", "title", aq_build_step(run)->title, "os", base->os,
                  "memory", (json_int_t)base->memory, "cpus", (json_int_t)base->cpus, "ms",
                  (json_int_t)aq_build_step(run)->ms, "rexxjs_installed", (int)base->rexxjs_installed);
    if (base->root.count > 0)
        json_object_set_new(built, "root", aq_root_to_json(&base->root));
    json_object_set_new(built, "key", json_string(aq_build_spec_step(run)->key));
    json_object_set_new(built, "step", aq_step_note(&modify->spec, aq_build_spec_step(run)));
    return built;
}

/* From the lock of whoever made it to that of one who uses it. It is there afterwards or that is an error. */
static int hold(struct aq_build_run *run, struct aq_error *err)
{
    int fd = dup(run->stage.stage.folder);
    if (fd < 0 || flock(fd, LOCK_SH) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot hold the layer that was just made");
    run->holds[run->now + 1] = fd;
    return 0;
}

static int publish_as(struct aq_build_run *run, const char *kind, struct aq_error *err)
{
    struct aq_layer *layer = &aq_build_step(run)->layer;
    aq_layer_free(layer);
    *layer = (struct aq_layer){.kind = aq_strdup(kind)};
    if (strcmp(kind, AQ_LAYER_BUILT) == 0)
        memcpy(layer->id, run->stage.id, sizeof layer->id);
    else
        aq_layer_random_id(layer->id);
    layer->parent = aq_build_parent(run, run->now);
    layer->built = describe(run);
    int published = aq_layer_publish(&run->stage.stage, layer, true, err);
    if (published != 0)
        return published < 0 ? -1 : 0;
    return aq_fail(err, AQ_E_LAYER_IN_USE, "another process has made the layer of %s meanwhile; try again",
                   aq_build_step(run)->title);
}

int aq_build_publish(struct aq_build_run *run, struct aq_error *err)
{
    const char *key = aq_build_spec_step(run)->key;
    if (publish_as(run, AQ_LAYER_BUILT, err) < 0 || aq_step_key_note(key, run->stage.id, err) < 0 ||
        hold(run, err) < 0)
        return -1;
    aq_build_step(run)->status = AQ_MODIFY_BUILT;
    aq_step_key_release(key, run->locks[run->now]);
    run->locks[run->now] = -1;
    aq_build_close_stage(&run->stage);
    return 0;
}

void aq_build_keep_failed(struct aq_build_run *run)
{
    struct aq_error ignored = {0};
    if (publish_as(run, AQ_LAYER_FAILED, &ignored) < 0)
        aq_build_say(run, "what the command left could not be kept: %s", ignored.text);
    aq_build_close_stage(&run->stage);
}
