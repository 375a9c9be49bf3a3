/* SPDX-License-Identifier: MIT */
/* Reads a mapping by its table: every key known, every value of its type, into the members that they are for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/environment.h"
#include "spec/schema.h"
#include "util/size.h"
#include "util/suggest.h"

/* One value under way into its member. */
struct value {
    const struct aq_spec *spec;
    const struct aq_schema_section *section;
    const struct aq_schema_key *key;
    const struct aq_yaml_node *node;
    char *structure;
    struct aq_error *err;
};

static void *member_of(const struct value *value)
{
    return value->structure + value->key->at;
}

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

static int fail_found(const struct value *value, const char *name, const char *wanted, const char *found)
{
    return aq_spec_fail(value->spec, value->node->place, AQ_E_SPEC_INVALID, value->err,
                        "%s has to be %s, but is %s", name, wanted, found);
}

/* "mode has to be …, but is …". What came from the environment is not shown: it may be a password. */
static int fail_value(const struct value *value, const char *name, const char *wanted)
{
    char found[256];
    bool filled =
        value->key->environment && value->node->text != NULL && strstr(value->node->text, "${") != NULL;
    return fail_found(value, name, wanted,
                      filled ? "what the environment has" : aq_schema_found(value->node, found));
}

static int fail_type(const struct value *value, const char *name, enum aq_schema_type type)
{
    return fail_value(value, name, aq_schema_type_wanted(type));
}

static bool is_scalar(const struct aq_yaml_node *node)
{
    return node->kind != AQ_YAML_LIST && node->kind != AQ_YAML_MAPPING;
}

/* The scalar as plain text of that type, ${NAME} filled in where the key has that; NULL with the error. */
static char *read_text(const struct value *value, const char *name, enum aq_schema_type type)
{
    const struct aq_yaml_node *node = value->node;
    bool fits = type == AQ_SCHEMA_TEXT ? node->kind == AQ_YAML_TEXT && (node->text[0] != '\0' || node->quoted)
                                       : is_scalar(node);
    if (!fits) {
        fail_type(value, name, type);
        return NULL;
    }
    aq_autofree char *text = value->key->environment
                                 ? aq_environment_fill(value->spec, node->place, node->text, value->err)
                                 : aq_strdup(node->text);
    if (text == NULL)
        return NULL;
    const char *wanted;
    char *plain = aq_schema_plain(type, text, &wanted);
    if (plain == NULL)
        fail_value(value, name, wanted);
    return plain;
}

static int store_text(const struct value *value)
{
    char *text = read_text(value, value->key->name, value->key->type);
    if (text == NULL)
        return -1;
    char **member = member_of(value);
    free(*member);
    *member = text;
    return 0;
}

static int store_mode(const struct value *value)
{
    int mode = is_scalar(value->node) ? aq_schema_mode(value->node->text) : -1;
    if (mode < 0)
        return fail_type(value, value->key->name, AQ_SCHEMA_MODE);
    *(int *)member_of(value) = mode;
    return 0;
}

static int store_duration(const struct value *value)
{
    struct aq_error reason = {0};
    int64_t *member = member_of(value);
    if (!is_scalar(value->node) || aq_parse_duration(value->node->text, member, &reason) < 0 || *member <= 0)
        return fail_type(value, value->key->name, AQ_SCHEMA_DURATION);
    return 0;
}

static int store_boolean(const struct value *value)
{
    bool only_true = value->key->type == AQ_SCHEMA_TRUE;
    if (value->node->kind != AQ_YAML_BOOLEAN || (only_true && value->node->number == 0))
        return fail_type(value, value->key->name, value->key->type);
    if (!only_true)
        *(bool *)member_of(value) = value->node->number != 0;
    return 0;
}

static int store_choice(const struct value *value)
{
    unsigned number = 0;
    size_t length = is_scalar(value->node) ? strlen(value->node->text) : 0;
    for (const char *choice = value->key->choices; *choice != '\0'; number++) {
        size_t here = strcspn(choice, "|");
        if (here == length && strncmp(choice, value->node->text, length) == 0) {
            *(unsigned *)member_of(value) = number;
            return 0;
        }
        choice += here + (choice[here] == '|');
    }
    aq_autobuffer struct aq_buffer wanted = {0};
    aq_buffer_add_text(&wanted, "one of ");
    for (const char *c = value->key->choices; *c != '\0'; c++)
        aq_buffer_add(&wanted, *c == '|' ? ", " : c, *c == '|' ? 2 : 1);
    return fail_value(value, value->key->name, wanted.data);
}

static int judge_count(const struct value *value)
{
    if (value->key->max == 0 || value->node->count <= value->key->max)
        return 0;
    return aq_spec_fail(value->spec, value->node->place, AQ_E_SPEC_INVALID, value->err,
                        "%s has %zu entries, and may have %u", value->key->name, value->node->count,
                        value->key->max);
}

static int judge_container(const struct value *value, enum aq_yaml_kind kind)
{
    return value->node->kind == kind ? judge_count(value)
                                     : fail_type(value, value->key->name, value->key->type);
}

static int store_list(const struct value *value)
{
    struct aq_strings *list = member_of(value);
    if (judge_container(value, AQ_YAML_LIST) < 0)
        return -1;
    for (size_t i = 0; i < value->node->count; i++) {
        struct value item = *value;
        aq_autofree char *name = aq_format("an entry of %s", value->key->name);
        item.node = &value->node->items[i];
        aq_autofree char *text = read_text(&item, name, value->key->each);
        if (text == NULL)
            return -1;
        if (aq_strings_has(list, text))
            return aq_spec_fail(value->spec, item.node->place, AQ_E_SPEC_INVALID, value->err,
                                "%s has \"%.200s\" twice", value->key->name, text);
        aq_strings_add(list, text);
    }
    return 0;
}

static int compare_named(const void *a, const void *b)
{
    return strcmp(((const struct aq_named_text *)a)->name, ((const struct aq_named_text *)b)->name);
}

static int fail_name(const struct value *value, const struct aq_yaml_node *item, enum aq_schema_type type)
{
    return aq_spec_fail(value->spec, item->key_place, AQ_E_SPEC_INVALID, value->err,
                        "a key of %s has to be %s, but is \"%.200s\"", value->key->name,
                        aq_schema_type_wanted(type), item->key);
}

static int store_named(const struct value *value)
{
    struct aq_named_texts *texts = member_of(value);
    if (judge_container(value, AQ_YAML_MAPPING) < 0)
        return -1;
    texts->items = aq_alloc((value->node->count + 1) * sizeof *texts->items);
    for (size_t i = 0; i < value->node->count; i++) {
        struct value item = *value;
        item.node = &value->node->items[i];
        const char *wanted;
        char *name = aq_schema_plain(AQ_SCHEMA_VARIABLE, item.node->key, &wanted);
        if (name == NULL)
            return fail_name(value, item.node, AQ_SCHEMA_VARIABLE);
        texts->items[texts->count++].name = name;
        if (!is_scalar(item.node))
            return fail_type(&item, name, AQ_SCHEMA_TEXT);
        texts->items[i].text = value->key->environment ? aq_environment_fill(value->spec, item.node->place,
                                                                             item.node->text, value->err)
                                                       : aq_strdup(item.node->text);
        if (texts->items[i].text == NULL)
            return -1;
    }
    qsort(texts->items, texts->count, sizeof *texts->items, compare_named);
    return 0;
}

/* Reads one mapping of an array into its room, which is counted already. */
static int read_element(const struct value *value, const struct aq_yaml_node *node, char *element)
{
    const struct aq_schema_section *section = value->key->section;
    *(struct aq_place *)element = node->key != NULL ? node->key_place : node->place;
    if (value->key->type == AQ_SCHEMA_SECTION_MAP) {
        const char *wanted;
        char *name = aq_schema_plain(value->key->each, node->key, &wanted);
        if (name == NULL)
            return fail_name(value, node, value->key->each);
        memcpy(element + section->key_at, &name, sizeof name);
    }
    return aq_schema_read(value->spec, section, node, element, value->err);
}

static int store_sections(const struct value *value)
{
    const struct aq_schema_section *section = value->key->section;
    bool map = value->key->type == AQ_SCHEMA_SECTION_MAP;
    if (judge_container(value, map ? AQ_YAML_MAPPING : AQ_YAML_LIST) < 0)
        return -1;
    char *elements = aq_alloc((value->node->count + 1) * section->size);
    memcpy(member_of(value), &elements, sizeof elements);
    size_t *count = (size_t *)(value->structure + value->key->count_at);
    for (size_t i = 0; i < value->node->count; i++) {
        ++*count;
        if (read_element(value, &value->node->items[i], elements + i * section->size) < 0)
            return -1;
    }
    return 0;
}

static int store(const struct value *value)
{
    switch (value->key->type) {
    case AQ_SCHEMA_MODE:
        return store_mode(value);
    case AQ_SCHEMA_DURATION:
        return store_duration(value);
    case AQ_SCHEMA_BOOLEAN:
    case AQ_SCHEMA_TRUE:
        return store_boolean(value);
    case AQ_SCHEMA_CHOICE:
        return store_choice(value);
    case AQ_SCHEMA_LIST:
        return store_list(value);
    case AQ_SCHEMA_NAMED:
        return store_named(value);
    case AQ_SCHEMA_SECTION:
        return aq_schema_read(value->spec, value->key->section, value->node, value->structure, value->err);
    case AQ_SCHEMA_SECTIONS:
    case AQ_SCHEMA_SECTION_MAP:
        return store_sections(value);
    default:
        return store_text(value);
    }
}

/* "X" is no key here: the nearest one that is, or all of them. */
static int fail_unknown(const struct value *value)
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

static int read_item(struct value *value)
{
    for (value->key = value->section->keys; value->key->name != NULL; value->key++)
        if (strcmp(value->key->name, value->node->key) == 0)
            return store(value);
    return fail_unknown(value);
}

static int judge_required(const struct value *value, const struct aq_yaml_node *mapping)
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
    struct value value = {.spec = spec, .section = section, .node = node, .structure = structure, .err = err};
    char found[256];
    set_defaults(section, structure);
    if (node->kind != AQ_YAML_MAPPING)
        return fail_found(&value, section->called, "keys with values (name: value)",
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
