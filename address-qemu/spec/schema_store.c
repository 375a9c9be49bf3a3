/* SPDX-License-Identifier: MIT */
/* Values of every type: checked, and stored in the members that they are for. */
#include <stdlib.h>
#include <string.h>

#include "spec/environment.h"
#include "spec/schema_value.h"
#include "util/size.h"

static void *member_of(const struct aq_schema_value *value)
{
    return value->structure + value->key->at;
}

int aq_schema_fail_found(const struct aq_schema_value *value, const char *name, const char *wanted,
                         const char *found)
{
    return aq_spec_fail(value->spec, value->node->place, AQ_E_SPEC_INVALID, value->err,
                        "%s has to be %s, but is %s", name, wanted, found);
}

/* "mode has to be …, but is …". What came from the environment is not shown: it may be a password. */
static int fail_value(const struct aq_schema_value *value, const char *name, const char *wanted)
{
    char found[256];
    bool filled =
        value->key->environment && value->node->text != NULL && strstr(value->node->text, "${") != NULL;
    return aq_schema_fail_found(value, name, wanted,
                                filled ? "what the environment has" : aq_schema_found(value->node, found));
}

static int fail_type(const struct aq_schema_value *value, const char *name, enum aq_schema_type type)
{
    return fail_value(value, name, aq_schema_type_wanted(type));
}

static bool is_scalar(const struct aq_yaml_node *node)
{
    return node->kind != AQ_YAML_LIST && node->kind != AQ_YAML_MAPPING;
}

/* The scalar as plain text of that type, ${NAME} filled in where the key has that; NULL with the error. */
static char *read_text(const struct aq_schema_value *value, const char *name, enum aq_schema_type type)
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

static int store_text(const struct aq_schema_value *value)
{
    char *text = read_text(value, value->key->name, value->key->type);
    if (text == NULL)
        return -1;
    char **member = member_of(value);
    free(*member);
    *member = text;
    return 0;
}

static int store_mode(const struct aq_schema_value *value)
{
    int mode = is_scalar(value->node) ? aq_schema_mode(value->node->text) : -1;
    if (mode < 0)
        return fail_type(value, value->key->name, AQ_SCHEMA_MODE);
    *(int *)member_of(value) = mode;
    return 0;
}

static int store_duration(const struct aq_schema_value *value)
{
    struct aq_error reason = {0};
    int64_t *member = member_of(value);
    if (!is_scalar(value->node) || aq_parse_duration(value->node->text, member, &reason) < 0 || *member <= 0)
        return fail_type(value, value->key->name, AQ_SCHEMA_DURATION);
    return 0;
}

static int store_boolean(const struct aq_schema_value *value)
{
    bool only_true = value->key->type == AQ_SCHEMA_TRUE;
    if (value->node->kind != AQ_YAML_BOOLEAN || (only_true && value->node->number == 0))
        return fail_type(value, value->key->name, value->key->type);
    if (!only_true)
        *(bool *)member_of(value) = value->node->number != 0;
    return 0;
}

static int store_choice(const struct aq_schema_value *value)
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

static int judge_count(const struct aq_schema_value *value)
{
    if (value->key->max == 0 || value->node->count <= value->key->max)
        return 0;
    return aq_spec_fail(value->spec, value->node->place, AQ_E_SPEC_INVALID, value->err,
                        "%s has %zu entries, and may have %u", value->key->name, value->node->count,
                        value->key->max);
}

static int judge_container(const struct aq_schema_value *value, enum aq_yaml_kind kind)
{
    return value->node->kind == kind ? judge_count(value)
                                     : fail_type(value, value->key->name, value->key->type);
}

static int store_list(const struct aq_schema_value *value)
{
    struct aq_strings *list = member_of(value);
    if (judge_container(value, AQ_YAML_LIST) < 0)
        return -1;
    for (size_t i = 0; i < value->node->count; i++) {
        struct aq_schema_value item = *value;
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

static int fail_name(const struct aq_schema_value *value, const struct aq_yaml_node *item,
                     enum aq_schema_type type)
{
    return aq_spec_fail(value->spec, item->key_place, AQ_E_SPEC_INVALID, value->err,
                        "a key of %s has to be %s, but is \"%.200s\"", value->key->name,
                        aq_schema_type_wanted(type), item->key);
}

static int store_named(const struct aq_schema_value *value)
{
    struct aq_named_texts *texts = member_of(value);
    if (judge_container(value, AQ_YAML_MAPPING) < 0)
        return -1;
    texts->items = aq_alloc((value->node->count + 1) * sizeof *texts->items);
    for (size_t i = 0; i < value->node->count; i++) {
        struct aq_schema_value item = *value;
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
static int read_element(const struct aq_schema_value *value, const struct aq_yaml_node *node, char *element)
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

static int store_sections(const struct aq_schema_value *value)
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

int aq_schema_store(const struct aq_schema_value *value)
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
