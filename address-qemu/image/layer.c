/* SPDX-License-Identifier: MIT */
#include "image/layer.h"

#include <string.h>

#include "image/layer_record.h"
#include "util/files.h"
#include "util/random.h"

/* How long another process may hold a layer before that is an error: making an overlay takes milliseconds,
 * building another layer on it may take long, but holds it shared. */
enum { WAIT_MS = 60000 };

bool aq_layer_id_valid(const char *id)
{
    return strspn(id, "0123456789abcdef") == AQ_LAYER_ID_TEXT - 1 && id[AQ_LAYER_ID_TEXT - 1] == '\0';
}

const char *aq_layer_random_id(char id[AQ_LAYER_ID_TEXT])
{
    unsigned char bytes[(AQ_LAYER_ID_TEXT - 1) / 2];
    aq_random_bytes(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(id + 2 * i, 3, "%02x", bytes[i]);
    return id;
}

const char *aq_layer_short(const char *id, char text[AQ_LAYER_SHORT_TEXT])
{
    snprintf(text, AQ_LAYER_SHORT_TEXT, "%.*s", AQ_LAYER_SHORT_TEXT - 1, id);
    return text;
}

static int fail_not_found(const char *id, struct aq_error *err)
{
    return aq_fail(err, AQ_E_LAYER_NOT_FOUND, "there is no layer %.80s; `tree` shows those there are", id);
}

int aq_layer_load(const char *id, struct aq_layer *layer, struct aq_error *err)
{
    *layer = (struct aq_layer){0};
    aq_autoclose int layers = aq_layers_open(err);
    if (layers < 0)
        return -1;
    int read = aq_layer_id_valid(id) ? aq_layer_record_read(layers, id, layer, err) : -2;
    return read == -2 ? fail_not_found(id, err) : read;
}

int aq_layer_check(const struct aq_layer *layer, struct aq_error *err)
{
    char id[AQ_LAYER_SHORT_TEXT];
    struct aq_pin found;
    aq_layer_short(layer->id, id);
    if (!aq_pin_of_path(layer->path, &found))
        return aq_fail(err, AQ_E_LAYER_MISSING, "the layer %s is gone: there is no file %s; put it back", id,
                       layer->path);
    if (aq_pin_equal(&found, &layer->seal))
        return 0;
    aq_autofree char *difference = aq_pin_difference(&layer->seal, &found, layer->path);
    return aq_fail(err, AQ_E_LAYER_CHANGED, "the layer %s changed: %s; put back what it was", id, difference);
}

const char *aq_layer_status(const struct aq_layer *layer)
{
    struct aq_pin found;
    if (!aq_pin_of_path(layer->path, &found))
        return "missing";
    return aq_pin_equal(&found, &layer->seal) ? "ready" : "changed";
}

char *aq_layer_path(const char *id, struct aq_error *err)
{
    aq_autoclose int layers = aq_layers_open(err);
    aq_autofree char *below = aq_format("%s/%s", id, AQ_LAYER_DISK);
    return layers < 0 ? NULL : aq_path_at(layers, below);
}

struct aq_parent aq_layer_as_parent(const struct aq_layer *layer)
{
    return aq_parent_make(AQ_PARENT_LAYER, layer->id, &layer->seal);
}

int aq_layer_list(struct aq_strings *ids, struct aq_error *err)
{
    aq_autoclose int layers = aq_layers_open(err);
    aq_autostrings struct aq_strings names = {0};
    if (layers < 0)
        return -1;
    aq_stage_sweep(layers);
    if (aq_folder_list(layers, &names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++)
        if (aq_layer_id_valid(names.items[i]))
            aq_strings_add(ids, names.items[i]);
    return 0;
}

static int lock_at(int layers, const char *id, enum aq_lock kind, int wait_ms, struct aq_error *err)
{
    int fd = -1;
    char text[AQ_LAYER_SHORT_TEXT];
    switch (aq_layer_id_valid(id) ? aq_folder_lock(layers, id, kind, wait_ms, &fd, err) : AQ_LOCK_ABSENT) {
    case AQ_LOCK_HELD:
        return fd;
    case AQ_LOCK_ABSENT:
        return fail_not_found(id, err);
    case AQ_LOCK_BUSY:
        return aq_fail(err, AQ_E_LAYER_IN_USE, "another process is at work on the layer %s; try again later",
                       aq_layer_short(id, text));
    default:
        return -1;
    }
}

int aq_layer_lock(const char *id, enum aq_lock kind, struct aq_error *err)
{
    aq_autoclose int layers = aq_layers_open(err);
    return layers < 0 ? -1 : lock_at(layers, id, kind, WAIT_MS, err);
}

int aq_layer_remove(const char *id, aq_dependents *above, struct aq_error *err)
{
    aq_autoclose int layers = aq_layers_open(err);
    if (layers < 0)
        return -1;
    aq_autoclose int lock = lock_at(layers, id, AQ_LOCK_EXCLUSIVE, 0, err);
    const struct aq_parent self = {.kind = AQ_PARENT_LAYER, .name = (char *)id};
    if (lock < 0 || aq_refuse_dependents(&self, above, "be removed", err) < 0)
        return -1;
    return aq_folder_remove(layers, id, err);
}

int aq_layer_remove_held(const char *id, struct aq_error *err)
{
    aq_autoclose int layers = aq_layers_open(err);
    return layers < 0 ? -1 : aq_folder_remove(layers, id, err);
}
