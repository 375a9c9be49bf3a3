/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "image/base.h"
#include "image/identity.h"
#include "modify/modify.h"
#include "modify/step_key.h"
#include "util/json.h"
#include "util/random.h"

#define DIGEST_PREFIX "sha256:"

/* For clones of what is made of a layer that does not say. */
enum { MEMORY_MIB = 1024, CPUS = 2 };

static void take_built(struct aq_modify_base *base, const json_t *built)
{
    aq_root_from_built(built, &base->root);
    base->memory = (unsigned)aq_json_int(built, "memory", base->memory);
    base->cpus = (unsigned)aq_json_int(built, "cpus", base->cpus);
}

/* What the layer itself does not say (it is the disk of a VM), what it stands on may: the file systems are
   where they were. What is not known is found out by inspection. */
static void inherit_root(const struct aq_parent *parent, struct aq_root *root)
{
    struct aq_error unknown = {0};
    aq_autolayer struct aq_layer layer = {0};
    aq_autobase struct aq_base below = {0};
    if (parent->kind == AQ_PARENT_BASE && aq_base_load(parent->name, &below, &unknown) == 0)
        aq_root_from_built(below.built, root);
    if (parent->kind != AQ_PARENT_LAYER || aq_layer_load(parent->name, &layer, &unknown) < 0)
        return;
    aq_root_from_built(layer.built, root);
    if (root->count == 0)
        inherit_root(&layer.parent, root);
}

static int resolve_layer(const char *id, struct aq_modify_base *base, struct aq_error *err)
{
    aq_autolayer struct aq_layer layer = {0};
    char text[AQ_LAYER_SHORT_TEXT];
    if (aq_layer_load(id, &layer, err) < 0 || aq_layer_check(&layer, err) < 0)
        return -1;
    base->name = aq_strdup(aq_layer_short(id, text));
    base->parent = aq_layer_as_parent(&layer);
    base->os = aq_strdup(aq_json_text(layer.built, "os", ""));
    base->memory = MEMORY_MIB;
    base->cpus = CPUS;
    base->rexxjs_installed = aq_json_bool(layer.built, "rexxjs_installed", false);
    base->virtual_size = layer.virtual_size;
    take_built(base, layer.built);
    if (base->root.count == 0)
        inherit_root(&layer.parent, &base->root);
    memcpy(base->identity, layer.id, AQ_SHA256_TEXT);
    return 0;
}

static int resolve_base(const char *name, struct aq_modify_base *base, struct aq_error *err)
{
    aq_autobase struct aq_base found = {0};
    if (aq_base_load(name, &found, err) < 0 || aq_base_check(&found, err) < 0 ||
        aq_base_identity(&found, base->identity, err) < 0)
        return -1;
    base->name = aq_strdup(found.name);
    base->parent = aq_base_as_parent(&found);
    base->os = aq_strdup(found.os);
    base->rexxjs_installed = found.rexxjs_installed;
    base->virtual_size = found.virtual_size;
    take_built(base, found.built);
    base->memory = found.memory;
    base->cpus = found.cpus;
    return 0;
}

static int resolve(struct aq_modify *modify, struct aq_error *err)
{
    const char *name = modify->spec.base;
    if (strncmp(name, DIGEST_PREFIX, strlen(DIGEST_PREFIX)) == 0)
        return resolve_layer(name + strlen(DIGEST_PREFIX), &modify->base, err);
    return resolve_base(name, &modify->base, err);
}

/* Each step has to stand on the one before; where one is missing, all that follow are. */
static int look_up(struct aq_modify *modify, struct aq_error *err)
{
    aq_autoparent struct aq_parent parent = aq_parent_copy(&modify->base.parent);
    for (size_t i = 0; i < modify->spec.step_count; i++) {
        struct aq_modify_step *step = &modify->steps[i];
        step->status = AQ_MODIFY_TODO;
        int found = i > 0 && modify->steps[i - 1].status == AQ_MODIFY_TODO
                        ? 0
                        : aq_step_key_find(modify->spec.steps[i].key, &parent, &step->layer, err);
        if (found < 0)
            return -1;
        if (found == 0)
            continue;
        step->status = AQ_MODIFY_CACHED;
        aq_parent_free(&parent);
        parent = aq_layer_as_parent(&step->layer);
    }
    return 0;
}

int aq_modify_load(const struct aq_modify_request *request, struct aq_modify *modify, struct aq_error *err)
{
    modify->no_cache = request->no_cache;
    if (aq_spec_load(&request->spec, &modify->spec, err) < 0 || resolve(modify, err) < 0 ||
        aq_spec_prepare(&modify->spec, modify->base.identity, err) < 0)
        return -1;
    modify->steps = aq_alloc((modify->spec.step_count + 1) * sizeof *modify->steps);
    for (size_t i = 0; i < modify->spec.step_count; i++) {
        modify->steps[i].title = aq_step_title(&modify->spec, &modify->spec.steps[i]);
        modify->steps[i].status = AQ_MODIFY_TODO;
    }
    return request->no_cache ? 0 : look_up(modify, err);
}

unsigned aq_modify_count(const struct aq_modify *modify, enum aq_modify_status status)
{
    unsigned count = 0;
    for (size_t i = 0; i < modify->spec.step_count; i++)
        count += modify->steps[i].status == status;
    return count;
}

const struct aq_layer *aq_modify_top(const struct aq_modify *modify)
{
    size_t count = modify->spec.step_count;
    const struct aq_modify_step *last = count > 0 ? &modify->steps[count - 1] : NULL;
    return last != NULL && (last->status == AQ_MODIFY_CACHED || last->status == AQ_MODIFY_BUILT)
               ? &last->layer
               : NULL;
}

void aq_modify_free(struct aq_modify *modify)
{
    for (size_t i = 0; modify->steps != NULL && i < modify->spec.step_count; i++) {
        free(modify->steps[i].title);
        free(modify->steps[i].reason);
        aq_layer_free(&modify->steps[i].layer);
    }
    free(modify->steps);
    free(modify->base.name);
    free(modify->base.os);
    aq_parent_free(&modify->base.parent);
    aq_spec_free(&modify->spec);
    *modify = (struct aq_modify)AQ_MODIFY_NONE;
}
