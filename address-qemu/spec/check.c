/* SPDX-License-Identifier: MIT */
#include "spec/check.h"

#include <string.h>

#include "util/base64.h"
#include "util/json.h"
#include "util/size.h"

void aq_schema_kinds(const struct aq_schema_key *keys, unsigned kinds, struct aq_buffer *text)
{
    for (const struct aq_schema_key *key = keys; key->name != NULL; key++)
        if (key->kind != 0 && (kinds & 1U << (key->kind - 1)) != 0)
            aq_buffer_format(text, "%s%s", text->length > 0 ? ", " : "", key->name);
}

static const struct aq_schema_key *key_of(const struct aq_yaml_node *item)
{
    const struct aq_schema_key *key = aq_schema_entry_keys;
    while (strcmp(key->name, item->key) != 0)
        key++;
    return key;
}

/* The one key that makes the entry what it is; NULL with the error. */
static const struct aq_yaml_node *find_maker(const struct aq_spec *spec, const struct aq_yaml_node *node,
                                             struct aq_error *err)
{
    const struct aq_yaml_node *maker = NULL;
    for (size_t i = 0; i < node->count; i++) {
        const struct aq_yaml_node *item = &node->items[i];
        if (key_of(item)->kind == 0)
            continue;
        if (maker != NULL) {
            aq_spec_fail(spec, item->key_place, AQ_E_SPEC_INVALID, err,
                         "the entry has \"%s\" already, so it cannot have \"%s\" too", maker->key, item->key);
            return NULL;
        }
        maker = item;
    }
    if (maker == NULL) {
        aq_autobuffer struct aq_buffer all = {0};
        aq_schema_kinds(aq_schema_entry_keys, ~0U, &all);
        aq_spec_fail(spec, node->place, AQ_E_SPEC_INVALID, err,
                     "an entry of files has exactly one of %s; this one has none", all.data);
    }
    return maker;
}

static int judge_key(const struct aq_spec *spec, const struct aq_yaml_node *node,
                     const struct aq_yaml_node *item, const struct aq_yaml_node *maker, struct aq_error *err)
{
    const struct aq_schema_key *key = key_of(item);
    unsigned kind = key_of(maker)->kind;
    if (key->kinds != 0 && (key->kinds & 1U << (kind - 1)) == 0) {
        aq_autobuffer struct aq_buffer goes_with = {0};
        aq_schema_kinds(aq_schema_entry_keys, key->kinds, &goes_with);
        return aq_spec_fail(spec, item->key_place, AQ_E_SPEC_INVALID, err,
                            "\"%s\" goes with %s, and the entry has \"%s\"", item->key, goes_with.data,
                            maker->key);
    }
    const struct aq_yaml_node *needed = key->needs != NULL ? aq_schema_item(node, key->needs) : NULL;
    if (key->needs != NULL && (needed == NULL || needed->number == 0))
        return aq_spec_fail(spec, item->key_place, AQ_E_SPEC_INVALID, err, "\"%s\" needs \"%s: true\"",
                            item->key, key->needs);
    return 0;
}

/* A file that is put into a folder keeps its name: what its path is then. */
static void name_in_folder(struct aq_entry *entry)
{
    const char *end = entry->from + strlen(entry->from);
    while (end > entry->from && end[-1] == '/')
        end--;
    const char *name = end;
    while (name > entry->from && name[-1] != '/')
        name--;
    bool root = entry->path[1] == '\0';
    char *path = aq_format("%s/%.*s", root ? "" : entry->path, (int)(end - name), name);
    free(entry->path);
    entry->path = path;
}

/* The path without the slash at its end, where a folder may be meant. */
static int settle_path(const struct aq_spec *spec, const struct aq_yaml_node *node, struct aq_entry *entry,
                       struct aq_error *err)
{
    struct aq_place place = aq_schema_item(node, "path")->place;
    size_t length = strlen(entry->path);
    bool slashed = entry->path[length - 1] == '/';
    bool folder =
        entry->kind == AQ_ENTRY_SOURCE || entry->kind == AQ_ENTRY_MKDIR || entry->kind == AQ_ENTRY_DELETE;
    if (length == 1 && (entry->kind != AQ_ENTRY_SOURCE || entry->replace))
        return aq_spec_fail(
            spec, place, AQ_E_SPEC_INVALID, err,
            "the path / is the whole system: only a source can go there, without \"replace\"");
    if (slashed && !folder)
        return aq_spec_fail(spec, place, AQ_E_SPEC_INVALID, err,
                            "the path %s is a folder's, by the slash at its end; the name of a file was "
                            "expected",
                            entry->path);
    if (length > 1 && slashed)
        entry->path[length - 1] = '\0';
    if (slashed && entry->kind == AQ_ENTRY_SOURCE && !entry->recursive)
        name_in_folder(entry);
    return 0;
}

static int settle_content(const struct aq_spec *spec, struct aq_entry *entry, struct aq_error *err)
{
    if (entry->encoding == AQ_ENCODING_TEXT) {
        aq_buffer_add_text(&entry->content, entry->from);
        return 0;
    }
    aq_autobuffer struct aq_buffer digits = {0};
    for (const char *from = entry->from; *from != '\0'; from++)
        if (strchr(" \t\r\n", *from) == NULL)
            aq_buffer_add_char(&digits, *from);
    if (!aq_base64_decode(aq_buffer_text(&digits), digits.length, &entry->content))
        return aq_spec_fail(spec, entry->from_place, AQ_E_SPEC_INVALID, err,
                            "content is not base64, which encoding says it is");
    return 0;
}

int aq_entry_finish(const struct aq_spec *spec, const struct aq_yaml_node *node, void *structure,
                    struct aq_error *err)
{
    struct aq_entry *entry = structure;
    const struct aq_yaml_node *maker = find_maker(spec, node, err);
    if (maker == NULL)
        return -1;
    entry->kind = key_of(maker)->kind - 1;
    entry->from_place = maker->place;
    for (size_t i = 0; i < node->count; i++)
        if (judge_key(spec, node, &node->items[i], maker, err) < 0)
            return -1;
    if (entry->kind == AQ_ENTRY_URL && entry->checksum == NULL)
        return aq_spec_fail(spec, maker->place, AQ_E_SPEC_INVALID, err,
                            "a url needs a checksum (sha256:…), so that what comes is what was meant");
    if (entry->append && entry->recursive)
        return aq_spec_fail(
            spec, aq_schema_item(node, "append")->key_place, AQ_E_SPEC_INVALID, err,
            "a folder cannot be appended to a file: \"append\" and \"recursive\" exclude each "
            "other");
    if (settle_path(spec, node, entry, err) < 0)
        return -1;
    return entry->kind == AQ_ENTRY_CONTENT ? settle_content(spec, entry, err) : 0;
}

int aq_command_finish(const struct aq_spec *spec, const struct aq_yaml_node *node, void *structure,
                      struct aq_error *err)
{
    struct aq_command *command = structure;
    const struct aq_yaml_node *text = aq_schema_item(node, "command");
    command->text_place = text->place;
    if (command->text[strspn(command->text, " \t\r\n")] == '\0')
        return aq_spec_fail(spec, text->place, AQ_E_SPEC_INVALID, err, "command has nothing in it to run");
    return 0;
}

int aq_secret_finish(const struct aq_spec *spec, const struct aq_yaml_node *node, void *structure,
                     struct aq_error *err)
{
    const struct aq_secret *secret = structure;
    if ((secret->env != NULL) != (secret->file != NULL))
        return 0;
    return aq_spec_fail(spec, node->place, AQ_E_SPEC_INVALID, err,
                        "the secret %s has to have exactly one of env and file, but has %s", secret->id,
                        secret->env != NULL ? "both" : "neither");
}

static int judge_paths(const struct aq_spec *spec, const struct aq_yaml_node *files, struct aq_error *err)
{
    aq_autojson json_t *lines = json_object();
    for (size_t i = 0; i < spec->entry_count; i++) {
        const char *path = spec->entries[i].path;
        json_int_t line = json_integer_value(json_object_get(lines, path));
        if (line != 0)
            return aq_spec_fail(spec, aq_schema_item(&files->items[i], "path")->place, AQ_E_SPEC_INVALID, err,
                                "the path %s has an entry already, in line %d", path, (int)line);
        json_object_set_new(lines, path, json_integer(spec->entries[i].place.line));
    }
    return 0;
}

static bool has_secret(const struct aq_spec *spec, const char *id)
{
    for (size_t i = 0; i < spec->secret_count; i++)
        if (strcmp(spec->secrets[i].id, id) == 0)
            return true;
    return false;
}

static int judge_secrets(const struct aq_spec *spec, const struct aq_yaml_node *commands,
                         struct aq_error *err)
{
    for (size_t i = 0; i < spec->command_count; i++) {
        const struct aq_strings *used = &spec->commands[i].secrets;
        for (size_t j = 0; j < used->count; j++)
            if (!has_secret(spec, used->items[j]))
                return aq_spec_fail(spec, aq_schema_item(&commands->items[i], "secrets")->items[j].place,
                                    AQ_E_SPEC_INVALID, err, "there is no secret %s under \"secrets\"",
                                    used->items[j]);
    }
    return 0;
}

int aq_spec_finish(const struct aq_spec *spec, const struct aq_yaml_node *node, void *structure,
                   struct aq_error *err)
{
    (void)structure; /* it is the spec */
    if (spec->entry_count + spec->command_count == 0)
        return aq_spec_fail(spec, node->place, AQ_E_SPEC_INVALID, err,
                            "there is nothing to do: entries of files or post_modification were expected");
    if (judge_paths(spec, aq_schema_item(node, "files"), err) < 0)
        return -1;
    return judge_secrets(spec, aq_schema_item(node, "post_modification"), err);
}
