/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "command/arguments.h"
#include "command/help.h"

/* A cell of a Markdown table: a bar would end it. */
static void add_cell(struct aq_buffer *markdown, const char *text)
{
    for (; *text != '\0'; text++)
        aq_buffer_format(markdown, *text == '|' ? "\\%c" : "%c", *text);
}

/* A REXX string in double quotes. */
static void add_string(struct aq_buffer *markdown, const char *text)
{
    aq_buffer_add_char(markdown, '"');
    for (; *text != '\0'; text++)
        aq_buffer_format(markdown, *text == '"' ? "\"%c" : "%c", *text);
    aq_buffer_add_char(markdown, '"');
}

static void add_params(const struct aq_verb *verb, struct aq_buffer *markdown)
{
    if (verb->params == NULL || verb->params->name == NULL)
        return;
    aq_buffer_add_text(markdown, "| key | type | default | meaning |\n|---|---|---|---|\n");
    for (const struct aq_param *param = verb->params; param->name != NULL; param++) {
        aq_buffer_format(markdown, "| `%s`", param->name);
        if (param->aliases != NULL)
            aq_buffer_format(markdown, " (also `%s`)", param->aliases);
        aq_buffer_add_text(markdown, " | ");
        add_cell(markdown, aq_type_name(param));
        aq_buffer_add_text(markdown, param->repeatable ? ", several | " : " | ");
        if (param->required)
            aq_buffer_add_text(markdown, "*required*");
        else if (param->fallback != NULL)
            aq_buffer_format(markdown, "`%s`", param->fallback);
        aq_buffer_add_text(markdown, " | ");
        add_cell(markdown, param->meaning);
        aq_buffer_add_text(markdown, " |\n");
    }
    aq_buffer_add_char(markdown, '\n');
}

static void add_fields(const struct aq_verb *verb, struct aq_buffer *markdown)
{
    if (verb->sets == NULL)
        return;
    aq_buffer_add_text(markdown, "Sets:\n\n");
    for (const struct aq_field *field = verb->sets; field->name != NULL; field++)
        aq_buffer_format(markdown, "- `QEMU_%s`: %s\n", field->name, field->meaning);
    aq_buffer_add_char(markdown, '\n');
}

static void add_verb(const struct aq_verb *verb, struct aq_buffer *markdown)
{
    aq_buffer_format(markdown, "### %s\n\n%s.", verb->name, verb->summary);
    if (verb->aliases != NULL)
        aq_buffer_format(markdown, " Also called `%s`.", verb->aliases);
    aq_buffer_add_text(markdown, "\n\n");
    if (verb->details != NULL)
        aq_buffer_format(markdown, "%s\n\n", verb->details);
    add_params(verb, markdown);
    add_fields(verb, markdown);
    aq_buffer_add_text(markdown, "```rexx\nADDRESS QEMU ");
    add_string(markdown, verb->example);
    aq_buffer_add_text(markdown, "\n```\n\n");
}

static void add_group(const char *group, void *data)
{
    struct aq_buffer *markdown = data;
    aq_buffer_format(markdown, "## %s\n\n", group);
    for (size_t i = 0; i < aq_verb_count; i++)
        if (strcmp(aq_verbs[i]->group, group) == 0)
            add_verb(aq_verbs[i], markdown);
}

void aq_help_reference(struct aq_buffer *markdown)
{
    aq_buffer_add_text(
        markdown,
        "# The verbs\n\n"
        "Made from the verbs' own descriptions by `ADDRESS QEMU \"help topic=reference\"`: do not edit.\n"
        "How a command is written, and what every verb sets besides its own, is in\n"
        "[the language](language.md); what an error code means in "
        "[troubleshooting](troubleshooting.md).\n\n");
    aq_help_groups(add_group, markdown);
    markdown->length--; /* one newline ends the page */
    markdown->data[markdown->length] = '\0';
}

void aq_help_errors(struct aq_buffer *markdown)
{
    aq_buffer_add_text(markdown,
                       "| QEMU_ERROR_CODE | RC | what it means, and what mends it |\n|---|---|---|\n");
    for (int code = AQ_OK + 1; code < AQ_ERROR_COUNT; code++) {
        aq_buffer_format(markdown, "| `%s` | %d | ", aq_error_name(code), (int)aq_error_rc(code));
        add_cell(markdown, aq_error_meaning(code));
        aq_buffer_add_text(markdown, " |\n");
    }
}
