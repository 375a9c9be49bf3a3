/* SPDX-License-Identifier: MIT */
#include "image/base_record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "util/files.h"
#include "util/home.h"
#include "util/json.h"
#include "util/suggest.h"
#include "util/yaml.h"

#define RECORD_VERSION 1
#define RECORD_MAX ((size_t)256 << 10)

void aq_base_free(struct aq_base *base)
{
    free(base->name);
    free(base->path);
    free(base->source);
    free(base->os);
    free(base->format);
    free(base->created);
    json_decref(base->built);
    aq_boot_free(&base->boot);
    *base = (struct aq_base){0};
}

int aq_bases_open(struct aq_error *err)
{
    return aq_open_home_dir("bases", err);
}

static json_t *to_json(const struct aq_base *base)
{
    bool layered = base->layer[0] != '\0';
    const char *disk = layered ? base->layer : base->copy ? AQ_BASE_DISK : base->path;
    json_t *record =
        json_pack("{s:i, s:s, s:s, s:s, s:I, s:I, s:I, s:b, s:s, s:s, s:b, s:o}", "version", RECORD_VERSION,
                  "name", base->name, layered ? "layer" : "disk", disk, "format", base->format,
                  "virtual_size", (json_int_t)base->virtual_size, "memory", (json_int_t)base->memory, "cpus",
                  (json_int_t)base->cpus, "rexxjs_installed", base->rexxjs_installed, "os", base->os,
                  "created", base->created, "copy", base->copy, "pin", aq_pin_to_json(&base->pin));
    if (record == NULL)
        return NULL;
    if (base->source[0] != '\0')
        json_object_set_new(
            record, "source",
            json_pack("{s:s, s:o}", "path", base->source, "pin", aq_pin_to_json(&base->source_pin)));
    if (base->sha256[0] != '\0')
        json_object_set_new(record, "sha256", json_string(base->sha256));
    if (base->built != NULL)
        json_object_set(record, "built", base->built);
    if (base->boot.append != NULL)
        json_object_set_new(record, "boot", aq_boot_to_json(&base->boot));
    return record;
}

int aq_base_record_write(int folder, const struct aq_base *base, bool replace, struct aq_error *err)
{
    aq_autojson json_t *record = to_json(base);
    aq_autobuffer struct aq_buffer text = {0};
    if (record == NULL)
        return aq_fail(err, AQ_E_VALUE_INVALID,
                       "the path %s or another setting of the base %s is not UTF-8 and cannot be recorded",
                       base->path, base->name);
    if (aq_yaml_write(record, &text, err) < 0)
        return -1;
    if (replace)
        return aq_replace_file_at(folder, AQ_BASE_RECORD, text.data, text.length, err);
    return aq_write_new_file_at(folder, AQ_BASE_RECORD, text.data, text.length, 0600, err);
}

static int fail_invalid(const char *where, const char *key, struct aq_error *err)
{
    return aq_fail(err, AQ_E_RECORD_INVALID, "%s: %s is missing, or not what it has to be", where, key);
}

/* Where the disk is: an absolute path, a file beside the record, or a layer's. */
static int take_disk(const json_t *record, int bases, const char *name, struct aq_base *base)
{
    const char *disk = aq_json_text(record, "disk", ""), *layer = aq_json_text(record, "layer", NULL);
    struct aq_error ignored = {0};
    if (layer != NULL) {
        if (!aq_layer_id_valid(layer) || (base->path = aq_layer_path(layer, &ignored)) == NULL)
            return -1;
        memcpy(base->layer, layer, sizeof base->layer);
        return 0;
    }
    if (base->copy ? strcmp(disk, AQ_BASE_DISK) != 0 : disk[0] != '/')
        return -1;
    aq_autofree char *beside = aq_format("%s/%s", name, AQ_BASE_DISK);
    base->path = base->copy ? aq_path_at(bases, beside) : aq_strdup(disk);
    return 0;
}

static int64_t number_within(const json_t *record, const char *key, int64_t max)
{
    int64_t number = aq_json_int(record, key, -1);
    return number <= max ? number : -1;
}

static int take_source(const json_t *source, const char *where, struct aq_base *base, struct aq_error *err)
{
    base->source = aq_strdup(aq_json_text(source, "path", ""));
    if (source != NULL &&
        (base->source[0] != '/' || !aq_pin_from_json(json_object_get(source, "pin"), &base->source_pin)))
        return fail_invalid(where, "source", err);
    return 0;
}

static int take_digest(const json_t *record, const char *where, struct aq_base *base, struct aq_error *err)
{
    const char *sha256 = aq_json_text(record, "sha256", "");
    size_t length = strspn(sha256, "0123456789abcdef");
    if (sha256[length] != '\0' || (length != 0 && length != AQ_SHA256_TEXT - 1))
        return fail_invalid(where, "sha256", err);
    memcpy(base->sha256, sha256, length + 1);
    return 0;
}

static int from_json(const json_t *record, int bases, const char *name, const char *where,
                     struct aq_base *base, struct aq_error *err)
{
    int64_t size = number_within(record, "virtual_size", INT64_MAX);
    int64_t memory = number_within(record, "memory", UINT32_MAX);
    int64_t cpus = number_within(record, "cpus", UINT32_MAX);
    if (aq_json_int(record, "version", 0) != RECORD_VERSION)
        return fail_invalid(where, "version", err);
    base->copy = aq_json_bool(record, "copy", false);
    if (take_disk(record, bases, name, base) < 0)
        return fail_invalid(where, "disk", err);
    if (strcmp(aq_json_text(record, "format", ""), "qcow2") != 0)
        return fail_invalid(where, "format", err);
    if (size <= 0 || memory <= 0 || cpus <= 0)
        return fail_invalid(where, "virtual_size, memory or cpus", err);
    if (!aq_pin_from_json(json_object_get(record, "pin"), &base->pin))
        return fail_invalid(where, "pin", err);
    base->name = aq_strdup(name);
    base->format = aq_strdup("qcow2");
    base->os = aq_strdup(aq_json_text(record, "os", ""));
    base->created = aq_strdup(aq_json_text(record, "created", ""));
    base->virtual_size = (uint64_t)size;
    base->memory = (unsigned)memory;
    base->cpus = (unsigned)cpus;
    base->rexxjs_installed = aq_json_bool(record, "rexxjs_installed", false);
    base->built = json_incref(json_object_get(record, "built"));
    if (!aq_boot_from_json(json_object_get(record, "boot"), &base->boot))
        return fail_invalid(where, "boot", err);
    if (take_digest(record, where, base, err) < 0)
        return -1;
    return take_source(json_object_get(record, "source"), where, base, err);
}

int aq_base_fail_not_found(int bases, const char *name, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    struct aq_error ignored = {0};
    aq_folder_list(bases, &names, &ignored);
    aq_autofree char *absent = aq_format("no base is registered as %.80s", name);
    return aq_fail_unknown(err, AQ_E_BASE_NOT_FOUND, absent, name, &names, "list_bases shows what is");
}

int aq_base_record_read(int bases, const char *name, struct aq_base *base, struct aq_error *err)
{
    *base = (struct aq_base){0};
    if (!aq_name_valid(name))
        return aq_base_fail_not_found(bases, name, err);
    aq_autoclose int folder = openat(bases, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0 && errno == ENOENT)
        return aq_base_fail_not_found(bases, name, err);
    if (folder < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot open the folder of the base %s", name);
    aq_autobuffer struct aq_buffer text = {0};
    if (aq_read_file_at(folder, AQ_BASE_RECORD, RECORD_MAX, &text, err) < 0)
        return -1;
    aq_autofree char *where = aq_path_at(folder, AQ_BASE_RECORD);
    aq_autojson json_t *record = aq_yaml_parse(aq_buffer_text(&text), text.length, where, err);
    if (record == NULL)
        return -1;
    int result = from_json(record, bases, name, where, base, err);
    if (result < 0)
        aq_base_free(base);
    return result;
}
