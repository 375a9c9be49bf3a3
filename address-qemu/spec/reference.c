/* SPDX-License-Identifier: MIT */
#include "spec/reference.h"

#include <string.h>

#include "spec/check.h"
#include "spec/schema.h"

/* A cell of a Markdown table: a bar would end it. */
static void add_cell(struct aq_buffer *markdown, const char *text)
{
    for (; *text != '\0'; text++)
        aq_buffer_format(markdown, *text == '|' ? "\\%c" : "%c", *text);
}

static const char *type_name(const struct aq_schema_key *key)
{
    const struct aq_schema_key each = {.type = key->each};
    return aq_schema_type_name(key->type == AQ_SCHEMA_LIST ? &each : key);
}

static void add_kinds(const struct aq_schema_key *key, struct aq_buffer *markdown)
{
    if (key->kinds == 0)
        return;
    aq_autobuffer struct aq_buffer kinds = {0};
    aq_schema_kinds(aq_schema_entry_keys, key->kinds, &kinds);
    aq_buffer_add_text(markdown, " With ");
    for (const char *kind = kinds.data; kind != NULL;) {
        const char *comma = strstr(kind, ", ");
        aq_buffer_format(markdown, "`%.*s`%s", (int)(comma != NULL ? comma - kind : (long)strlen(kind)), kind,
                         comma != NULL ? ", " : "");
        kind = comma != NULL ? comma + 2 : NULL;
    }
    aq_buffer_format(markdown, key->needs != NULL ? " and `%s: true`." : ".", key->needs);
}

static void add_key(const struct aq_schema_key *key, struct aq_buffer *markdown)
{
    aq_buffer_format(markdown, "| `%s` | %s", key->name, key->type == AQ_SCHEMA_LIST ? "list of " : "");
    add_cell(markdown, type_name(key));
    aq_buffer_format(markdown, "%s | ", key->environment ? ", `${}`" : "");
    if (key->required)
        aq_buffer_add_text(markdown, "*required*");
    else if (key->fallback != NULL)
        aq_buffer_format(markdown, "`%s`", key->fallback);
    aq_buffer_add_text(markdown, " | ");
    add_cell(markdown, key->meaning);
    aq_buffer_add_char(markdown, '.');
    add_kinds(key, markdown);
    if (key->max > 0)
        aq_buffer_format(markdown, " At most %u.", key->max);
    if (key->example != NULL) {
        aq_buffer_add_text(markdown, " `");
        add_cell(markdown, key->example);
        aq_buffer_add_char(markdown, '`');
    }
    aq_buffer_add_text(markdown, " |\n");
}

static void add_section(const struct aq_schema_section *section, struct aq_buffer *markdown)
{
    aq_buffer_format(markdown, "\n## %s\n\n%s\n\n| key | type | default | meaning |\n|---|---|---|---|\n",
                     section->heading, section->details);
    for (const struct aq_schema_key *key = section->keys; key->name != NULL; key++)
        add_key(key, markdown);
}

/* The types that are not plain English. */
static void add_types(struct aq_buffer *markdown)
{
    static const enum aq_schema_type types[] = {AQ_SCHEMA_BASE,     AQ_SCHEMA_GUEST_PATH, AQ_SCHEMA_HOST_PATH,
                                                AQ_SCHEMA_URL,      AQ_SCHEMA_CHECKSUM,   AQ_SCHEMA_ACCOUNT,
                                                AQ_SCHEMA_VARIABLE, AQ_SCHEMA_SECRET,     AQ_SCHEMA_GLOB,
                                                AQ_SCHEMA_MODE,     AQ_SCHEMA_DURATION};
    aq_buffer_add_text(markdown, "\n## The types\n\n| type | what it may be |\n|---|---|\n");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const struct aq_schema_key key = {.type = types[i]};
        aq_buffer_format(markdown, "| %s | ", aq_schema_type_name(&key));
        add_cell(markdown, aq_schema_type_wanted(types[i]));
        aq_buffer_add_text(markdown, " |\n");
    }
}

void aq_spec_reference(struct aq_buffer *markdown)
{
    aq_buffer_add_text(
        markdown,
        "# Every key of a spec\n\n"
        "Made from the tables that specs are checked with, by `ADDRESS QEMU \"help topic=spec\"`: do not "
        "edit.\n"
        "What a spec is for, and how it is carried out, is in [changing disks from a spec](modify.md).\n\n"
        "`${}` in a key's type: `${NAME}` in its value is filled in from the environment, and\n"
        "`${NAME:-default}` where NAME may be missing or empty; a name that is not set is an error, and `$$` "
        "is\n"
        "one `$`. In all other keys a `$` is just that: `command` and `content` are their own languages.\n\n"
        "What is wrong is an error with file, line and column (`SPEC_INVALID`), before anything is touched: "
        "a key\n"
        "that is not here, a value of another type, two entries for one path.\n");
    for (const struct aq_schema_section *const *section = aq_schema_sections; *section != NULL; section++)
        add_section(*section, markdown);
    add_types(markdown);
}
