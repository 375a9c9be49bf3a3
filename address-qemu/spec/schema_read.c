/* SPDX-License-Identifier: MIT */
/* Reads a mapping by its table: every key is known, and those that are needed are there. */
#include <stdio.h>
#include <string.h>

#include "spec/schema_value.h"
#include "util/size.h"
#include "util/suggest.h"

const struct aq_yaml_node *aq_schema_item(const struct aq_yaml_node *node, const char *key)
{
    for (size_t i = 0; i < node->count; i++)
        if (strcmp(node->items[i].key, key) == 0)
            return &node->items[i];
    return NULL;
}

const char *aq_schema_found(const struct aq_yaml_node *node, char text[256])
{
    switch (node->kind) {
    case AQ_YAML_LIST:
        return "a list";
    case AQ_YAML_MAPPING:
        return "a mapping";
    case AQ_YAML_INTEGER:
        snprintf(text, 256, "the number %s", node->text);
        return text;
    case AQ_YAML_BOOLEAN:
        return node->text;
    case AQ_YAML_TEXT:
        break;
    }
    if (node->text[0] == '\0' && !node->quoted)
        return "nothing";
    snprintf(text, 256, "\"%.200s%s\"", node->text, strlen(node->text) > 200 ? "…" : "");
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20)
            *c = ' ';
    return text;
}

/* "X" is no key here: the nearest one that is, or all of them. */
static int fail_unknown(const struct aq_schema_value *value)
{
    const char *names[32];
    size_t count = 0;
    aq_autobuffer struct aq_buffer all = {0};
    for (const struct aq_schema_key *key = value->section->keys; key->name != NULL; key++) {
        aq_buffer_format(&all, "%s%s", count > 0 ? ", " : "", key->name);
        names[count++] = key->name;
    }
    const char *nearest = aq_suggest(value->node->key, names, count);
    if (nearest != NULL)
        return aq_spec_fail(value->spec, value->node->key_place, AQ_E_SPEC_INVALID, value->err,
                            "%s has no key \"%.200s\"; did you mean \"%s\"?", value->section->called,
                            value->node->key, nearest);
    return aq_spec_fail(value->spec, value->node->key_place, AQ_E_SPEC_INVALID, value->err,
                        "%s has no key \"%.200s\"; its keys: %s", value->section->called, value->node->key,
                        aq_buffer_text(&all));
}

static int read_item(struct aq_schema_value *value)
{
    for (value->key = value->section->keys; value->key->name != NULL; value->key++)
        if (strcmp(value->key->name, value->node->key) == 0)
            return aq_schema_store(value);
    return fail_unknown(value);
}

static int judge_required(const struct aq_schema_value *value, const struct aq_yaml_node *mapping)
{
    for (const struct aq_schema_key *key = value->section->keys; key->name != NULL; key++)
        if (key->required && aq_schema_item(mapping, key->name) == NULL)
            return aq_spec_fail(value->spec, mapping->place, AQ_E_SPEC_INVALID, value->err, "%s needs \"%s\"",
                                value->section->called, key->name);
    return 0;
}

/* Of what is not zero when it is not said. */
static void set_defaults(const struct aq_schema_section *section, char *structure)
{
    struct aq_error none = {0};
    for (const struct aq_schema_key *key = section->keys; key->name != NULL; key++) {
        if (key->type == AQ_SCHEMA_MODE)
            *(int *)(structure + key->at) = -1;
        if (key->type == AQ_SCHEMA_DURATION)
            aq_parse_duration(key->fallback, (int64_t *)(structure + key->at), &none);
    }
}

int aq_schema_read(const struct aq_spec *spec, const struct aq_schema_section *section,
                   const struct aq_yaml_node *node, void *structure, struct aq_error *err)
{
    struct aq_schema_value value = {
        .spec = spec, .section = section, .node = node, .structure = structure, .err = err};
    char found[256];
    set_defaults(section, structure);
    if (node->kind != AQ_YAML_MAPPING)
        return aq_schema_fail_found(&value, section->called, "keys with values (name: value)",
                                    aq_schema_found(node, found));
    for (size_t i = 0; i < node->count; i++) {
        value.node = &node->items[i];
        if (read_item(&value) < 0)
            return -1;
    }
    if (judge_required(&value, node) < 0)
        return -1;
    return section->finish != NULL ? section->finish(spec, node, structure, err) : 0;
}
