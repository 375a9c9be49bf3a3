/* SPDX-License-Identifier: MIT */
#include "image/parent.h"

#include <string.h>

#include "image/base.h"
#include "image/layer.h"
#include "util/home.h"
#include "util/json.h"
#include "util/names.h"

/* The member of a record that names a parent of each kind. */
static const char *const keys[] = {
    [AQ_PARENT_BASE] = "base", [AQ_PARENT_LAYER] = "layer", [AQ_PARENT_FILE] = "file"};

void aq_parent_free(struct aq_parent *parent)
{
    free(parent->name);
    *parent = (struct aq_parent){0};
}

struct aq_parent aq_parent_make(enum aq_parent_kind kind, const char *name, const struct aq_pin *pin)
{
    return (struct aq_parent){.kind = kind, .name = aq_strdup(name), .pin = *pin};
}

struct aq_parent aq_parent_copy(const struct aq_parent *parent)
{
    struct aq_parent copy = *parent;
    copy.name = parent->name != NULL ? aq_strdup(parent->name) : NULL;
    return copy;
}

bool aq_parent_same(const struct aq_parent *a, const struct aq_parent *b)
{
    return a->kind == b->kind && (a->kind == AQ_PARENT_NONE || strcmp(a->name, b->name) == 0);
}

char *aq_parent_text(const struct aq_parent *parent)
{
    char text[AQ_LAYER_SHORT_TEXT];
    switch (parent->kind) {
    case AQ_PARENT_BASE:
        return aq_format("the base %s", parent->name);
    case AQ_PARENT_LAYER:
        return aq_format("the layer %s", aq_layer_short(parent->name, text));
    case AQ_PARENT_FILE:
        return aq_format("the file %s", parent->name);
    default:
        return aq_strdup("nothing");
    }
}

json_t *aq_parent_to_json(const struct aq_parent *parent)
{
    if (parent->kind == AQ_PARENT_NONE)
        return NULL;
    return json_pack("{s:s, s:o}", keys[parent->kind], parent->name, "pin", aq_pin_to_json(&parent->pin));
}

static bool name_valid(enum aq_parent_kind kind, const char *name)
{
    return kind == AQ_PARENT_BASE    ? aq_name_valid(name)
           : kind == AQ_PARENT_LAYER ? aq_layer_id_valid(name)
                                     : name[0] == '/';
}

bool aq_parent_from_json(const json_t *json, struct aq_parent *parent)
{
    *parent = (struct aq_parent){0};
    if (json == NULL)
        return true;
    if (!aq_pin_from_json(json_object_get(json, "pin"), &parent->pin))
        return false;
    for (enum aq_parent_kind kind = AQ_PARENT_BASE; kind <= AQ_PARENT_FILE; kind++) {
        const char *name = aq_json_text(json, keys[kind], NULL);
        if (name == NULL)
            continue;
        if (parent->kind != AQ_PARENT_NONE || !name_valid(kind, name)) {
            aq_parent_free(parent);
            return false;
        }
        *parent = aq_parent_make(kind, name, &parent->pin);
    }
    return parent->kind != AQ_PARENT_NONE;
}

int aq_parent_lock(const struct aq_parent *parent, enum aq_lock kind, struct aq_error *err)
{
    switch (parent->kind) {
    case AQ_PARENT_BASE:
        return aq_base_lock(parent->name, kind, err);
    case AQ_PARENT_LAYER:
        return aq_layer_lock(parent->name, kind, err);
    default:
        return aq_open_home(err);
    }
}

static int base_backing(const char *name, char **backing, struct aq_error *err)
{
    aq_autobase struct aq_base base = {0};
    if (aq_base_load(name, &base, err) < 0)
        return -1;
    *backing = base.copy ? aq_format("../../bases/%s/%s", name, AQ_BASE_DISK) : aq_strdup(base.path);
    return 0;
}

int aq_parent_backing(const struct aq_parent *parent, char **backing, struct aq_error *err)
{
    *backing = NULL;
    switch (parent->kind) {
    case AQ_PARENT_BASE:
        return base_backing(parent->name, backing, err);
    case AQ_PARENT_LAYER:
        *backing = aq_format("../../layers/%s/%s", parent->name, AQ_LAYER_DISK);
        return 0;
    case AQ_PARENT_FILE:
        *backing = aq_strdup(parent->name);
        return 0;
    default:
        return 0;
    }
}
