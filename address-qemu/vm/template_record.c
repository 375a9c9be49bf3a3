/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "util/files.h"
#include "util/json.h"
#include "util/yaml.h"
#include "vm/template.h"

/* The version of the record's format; a later one is refused rather than half understood. */
enum { FORMAT = 1, RECORD_MAX = 64 * 1024 };

void aq_template_free(struct aq_template *template)
{
    char *const strings[] = {template->name,    template->base,   template->vm,     template->warm,
                             template->network, template->egress, template->qemu,   template->machine,
                             template->cpu,     template->shape,  template->window, template->created};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        free(strings[i]);
    aq_parent_free(&template->parent);
    aq_strings_free(&template->keys);
    *template = (struct aq_template){0};
}

static json_t *keys_to_json(const struct aq_strings *keys)
{
    json_t *list = json_array();
    for (size_t i = 0; i < keys->count; i++)
        json_array_append_new(list, json_string(keys->items[i]));
    return list;
}

static void set_text(json_t *record, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0')
        json_object_set_new(record, key, json_string(text));
}

static json_t *to_json(const struct aq_template *template)
{
    json_t *record = json_object();
    json_object_set_new(record, "format", json_integer(FORMAT));
    set_text(record, "id", template->id);
    set_text(record, "base", template->base);
    set_text(record, "vm", template->vm);
    set_text(record, "warm", template->warm);
    json_object_set_new(record, "provisioned", json_boolean(template->provisioned));
    json_object_set_new(record, "parent", aq_parent_to_json(&template->parent));
    json_object_set_new(record, "disk_size", json_integer((json_int_t) template->disk_size));
    json_object_set_new(record, "memory", json_integer(template->memory));
    json_object_set_new(record, "cpus", json_integer(template->cpus));
    set_text(record, "network", template->network);
    set_text(record, "egress", template->egress);
    set_text(record, "mac", template->mac);
    json_object_set_new(record, "ram", aq_pin_to_json(&template->ram));
    json_object_set_new(record, "state", aq_pin_to_json(&template->state));
    set_text(record, "qemu", template->qemu);
    set_text(record, "machine", template->machine);
    set_text(record, "cpu", template->cpu);
    set_text(record, "shape", template->shape);
    set_text(record, "accel", aq_accel_name(template->accel));
    json_object_set_new(record, "closed", json_boolean(template->closed));
    set_text(record, "window", template->window);
    json_object_set_new(record, "settled", json_boolean(template->settled));
    json_object_set_new(record, "keys", keys_to_json(&template->keys));
    set_text(record, "created", template->created);
    return record;
}

int aq_template_write(int folder, const struct aq_template *template, struct aq_error *err)
{
    aq_autojson json_t *record = to_json(template);
    aq_autobuffer struct aq_buffer text = {0};
    if (aq_yaml_write(record, &text, err) < 0)
        return -1;
    return aq_write_new_file_at(folder, AQ_TEMPLATE_RECORD, text.data, text.length, 0600, err);
}

static int invalid(const struct aq_template *template, const char *member, struct aq_error *err)
{
    return aq_fail(err, AQ_E_RECORD_INVALID,
                   "the record of the template %s has no usable %s; `remove_template name=%s` clears it away",
                   template->name, member, template->name);
}

static int take_keys(const json_t *list, struct aq_template *template)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *path = json_string_value(json_array_get(list, i));
        if (path == NULL || path[0] != '/')
            return -1;
        aq_strings_add(&template->keys, path);
    }
    return 0;
}

static void take_texts(const json_t *record, struct aq_template *template)
{
    template->base = aq_strdup(aq_json_text(record, "base", ""));
    template->vm = aq_strdup(aq_json_text(record, "vm", ""));
    template->warm = aq_strdup(aq_json_text(record, "warm", ""));
    template->network = aq_strdup(aq_json_text(record, "network", "user"));
    template->egress = aq_strdup(aq_json_text(record, "egress", "any"));
    template->qemu = aq_strdup(aq_json_text(record, "qemu", ""));
    template->machine = aq_strdup(aq_json_text(record, "machine", ""));
    template->cpu = aq_strdup(aq_json_text(record, "cpu", ""));
    template->shape = aq_strdup(aq_json_text(record, "shape", ""));
    template->window = aq_strdup(aq_json_text(record, "window", ""));
    template->created = aq_strdup(aq_json_text(record, "created", ""));
    template->accel = strcmp(aq_json_text(record, "accel", ""), "kvm") == 0 ? AQ_ACCEL_KVM : AQ_ACCEL_TCG;
    template->provisioned = aq_json_bool(record, "provisioned", true);
    template->closed = aq_json_bool(record, "closed", false);
    template->settled = aq_json_bool(record, "settled", false);
    snprintf(template->id, sizeof template->id, "%s", aq_json_text(record, "id", ""));
    snprintf(template->mac, sizeof template->mac, "%s", aq_json_text(record, "mac", ""));
}

static int take_members(const json_t *record, struct aq_template *template, struct aq_error *err)
{
    int64_t format = aq_json_int(record, "format", 0);
    int64_t memory = aq_json_int(record, "memory", 0), cpus = aq_json_int(record, "cpus", 0);
    int64_t disk_size = aq_json_int(record, "disk_size", 0);
    if (format > FORMAT)
        return aq_fail(err, AQ_E_NOT_SUPPORTED,
                       "the template %s was made by a later version of address-qemu (record format %d, this "
                       "knows %d)",
                       template->name, (int)format, FORMAT);
    if (format < 1)
        return invalid(template, "format", err);
    if (memory <= 0 || memory > UINT32_MAX || cpus <= 0 || cpus > 4096 || disk_size <= 0)
        return invalid(template, "memory, cpus or disk_size", err);
    template->memory = (unsigned)memory;
    template->cpus = (unsigned)cpus;
    template->disk_size = (uint64_t)disk_size;
    take_texts(record, template);
    if (!aq_parent_from_json(json_object_get(record, "parent"), &template->parent) ||
        template->parent.kind != AQ_PARENT_LAYER)
        return invalid(template, "parent", err);
    if (!aq_pin_from_json(json_object_get(record, "ram"), &template->ram) ||
        !aq_pin_from_json(json_object_get(record, "state"), &template->state))
        return invalid(template, "ram or state", err);
    return take_keys(json_object_get(record, "keys"), template) == 0 ? 0 : invalid(template, "keys", err);
}

int aq_template_load_at(int templates, const char *name, struct aq_template *template, struct aq_error *err)
{
    char path[AQ_NAME_MAX + sizeof "/" AQ_TEMPLATE_RECORD];
    aq_autobuffer struct aq_buffer text = {0};
    struct aq_error reason = {0};
    snprintf(path, sizeof path, "%s/" AQ_TEMPLATE_RECORD, name);
    if (aq_read_file_at(templates, path, RECORD_MAX, &text, &reason) < 0)
        return reason.code == AQ_E_FILE_NOT_FOUND ? -2 : aq_fail(err, reason.code, "%s", reason.text);
    template->name = aq_strdup(name);
    aq_autofree char *where = aq_format("templates/%s", path);
    aq_autojson json_t *record = aq_yaml_parse(aq_buffer_text(&text), text.length, where, err);
    return record == NULL ? -1 : take_members(record, template, err);
}
