/* SPDX-License-Identifier: MIT */
#include "image/layer_record.h"

#include <string.h>

#include "util/files.h"
#include "util/home.h"
#include "util/json.h"
#include "util/yaml.h"

#define RECORD_VERSION 1
#define RECORD_MAX ((size_t)256 << 10)

void aq_layer_free(struct aq_layer *layer)
{
    free(layer->path);
    free(layer->kind);
    aq_parent_free(&layer->parent);
    free(layer->created);
    free(layer->origin_vm);
    free(layer->origin_id);
    free(layer->origin_snapshot);
    json_decref(layer->built);
    *layer = (struct aq_layer){0};
}

int aq_layers_open(struct aq_error *err)
{
    return aq_open_home_dir("layers", err);
}

/* Where a frozen layer came from; NULL when there is nothing to say. */
static json_t *origin_to_json(const struct aq_layer *layer)
{
    if (layer->origin_id == NULL || layer->origin_id[0] == '\0')
        return NULL;
    json_t *origin = json_pack("{s:s, s:s}", "vm", layer->origin_vm, "id", layer->origin_id);
    if (layer->origin_snapshot != NULL && layer->origin_snapshot[0] != '\0')
        json_object_set_new(origin, "snapshot", json_string(layer->origin_snapshot));
    return origin;
}

static json_t *to_json(const struct aq_layer *layer)
{
    json_t *record = json_pack("{s:i, s:s, s:s, s:I, s:s, s:o}", "version", RECORD_VERSION, "id", layer->id,
                               "kind", layer->kind, "virtual_size", (json_int_t)layer->virtual_size,
                               "created", layer->created, "seal", aq_pin_to_json(&layer->seal));
    json_t *parent = aq_parent_to_json(&layer->parent), *origin = origin_to_json(layer);
    if (parent != NULL)
        json_object_set_new(record, "parent", parent);
    if (origin != NULL)
        json_object_set_new(record, "origin", origin);
    if (layer->sha256[0] != '\0')
        json_object_set_new(record, "sha256", json_string(layer->sha256));
    if (layer->built != NULL)
        json_object_set(record, "built", layer->built);
    return record;
}

int aq_layer_record_write(int folder, const struct aq_layer *layer, struct aq_error *err)
{
    aq_autojson json_t *record = to_json(layer);
    aq_autobuffer struct aq_buffer text = {0};
    if (record == NULL)
        return aq_fail(err, AQ_E_VALUE_INVALID, "the record of the layer %s is not UTF-8", layer->id);
    if (aq_yaml_write(record, &text, err) < 0)
        return -1;
    return aq_write_new_file_at(folder, AQ_LAYER_RECORD, text.data, text.length, 0600, err);
}

static int fail_invalid(const char *where, const char *key, struct aq_error *err)
{
    return aq_fail(err, AQ_E_RECORD_INVALID, "%s: %s is missing, or not what it has to be", where, key);
}

static int take_texts(const json_t *record, const char *where, struct aq_layer *layer, struct aq_error *err)
{
    const char *sha256 = aq_json_text(record, "sha256", "");
    const json_t *origin = json_object_get(record, "origin");
    if (sha256[0] != '\0' && !aq_layer_id_valid(sha256)) /* as long, and of the same digits */
        return fail_invalid(where, "sha256", err);
    memcpy(layer->sha256, sha256, strlen(sha256) + 1);
    layer->kind = aq_strdup(aq_json_text(record, "kind", ""));
    layer->created = aq_strdup(aq_json_text(record, "created", ""));
    layer->origin_vm = aq_strdup(aq_json_text(origin, "vm", ""));
    layer->origin_id = aq_strdup(aq_json_text(origin, "id", ""));
    layer->origin_snapshot = aq_strdup(aq_json_text(origin, "snapshot", ""));
    layer->built = json_incref(json_object_get(record, "built"));
    return layer->kind[0] != '\0' ? 0 : fail_invalid(where, "kind", err);
}

static int from_json(const json_t *record, const char *id, const char *where, struct aq_layer *layer,
                     struct aq_error *err)
{
    int64_t size = aq_json_int(record, "virtual_size", 0);
    if (aq_json_int(record, "version", 0) != RECORD_VERSION)
        return fail_invalid(where, "version", err);
    if (strcmp(aq_json_text(record, "id", ""), id) != 0)
        return fail_invalid(where, "id", err);
    if (size <= 0)
        return fail_invalid(where, "virtual_size", err);
    if (!aq_pin_from_json(json_object_get(record, "seal"), &layer->seal))
        return fail_invalid(where, "seal", err);
    if (!aq_parent_from_json(json_object_get(record, "parent"), &layer->parent))
        return fail_invalid(where, "parent", err);
    snprintf(layer->id, sizeof layer->id, "%s", id);
    layer->virtual_size = (uint64_t)size;
    return take_texts(record, where, layer, err);
}

int aq_layer_record_read(int layers, const char *id, struct aq_layer *layer, struct aq_error *err)
{
    *layer = (struct aq_layer){0};
    char name[AQ_LAYER_ID_TEXT + sizeof "/" AQ_LAYER_RECORD];
    snprintf(name, sizeof name, "%s/%s", id, AQ_LAYER_RECORD);
    aq_autobuffer struct aq_buffer text = {0};
    struct aq_error reason = {0};
    if (aq_read_file_at(layers, name, RECORD_MAX, &text, &reason) < 0)
        return reason.code == AQ_E_FILE_NOT_FOUND ? -2 : aq_fail(err, reason.code, "%s", reason.text);
    aq_autofree char *where = aq_format("layers/%s", name);
    aq_autojson json_t *record = aq_yaml_parse(aq_buffer_text(&text), text.length, where, err);
    if (record == NULL || from_json(record, id, where, layer, err) < 0) {
        aq_layer_free(layer);
        return -1;
    }
    snprintf(name, sizeof name, "%s/%s", id, AQ_LAYER_DISK);
    layer->path = aq_path_at(layers, name);
    return 0;
}
