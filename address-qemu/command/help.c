/* SPDX-License-Identifier: MIT */
#include "command/help.h"

#include <string.h>

#include "command/arguments.h"

void aq_help_groups(void (*each)(const char *group, void *data), void *data)
{
    for (size_t i = 0; i < aq_verb_count; i++) {
        size_t first = 0;
        while (strcmp(aq_verbs[first]->group, aq_verbs[i]->group) != 0)
            first++;
        if (first == i)
            each(aq_verbs[i]->group, data);
    }
}

/* The column in which all summaries begin. */
static int name_width(void)
{
    size_t width = 0;
    for (size_t i = 0; i < aq_verb_count; i++)
        if (strlen(aq_verbs[i]->name) > width)
            width = strlen(aq_verbs[i]->name);
    return (int)width;
}

static void overview_group(const char *group, void *data)
{
    struct aq_buffer *text = data;
    int width = name_width();
    aq_buffer_format(text, "%s%s\n", text->length != 0 ? "\n" : "", group);
    for (size_t i = 0; i < aq_verb_count; i++)
        if (strcmp(aq_verbs[i]->group, group) == 0)
            aq_buffer_format(text, "  %-*s  %s\n", width, aq_verbs[i]->name, aq_verbs[i]->summary);
}

void aq_help_overview(struct aq_buffer *text)
{
    aq_help_groups(overview_group, text);
    aq_buffer_add_text(text, "\nhelp VERB tells more about one.\n");
}

static void usage_key(const struct aq_param *param, struct aq_buffer *text)
{
    aq_buffer_format(text, " %s%s=%s%s%s", param->required ? "" : "[", param->name, aq_type_name(param),
                     param->required ? "" : "]", param->repeatable ? "…" : "");
}

void aq_help_verb(const struct aq_verb *verb, struct aq_buffer *text)
{
    aq_buffer_format(text, "%s: %s\n\n  %s", verb->name, verb->summary, verb->name);
    for (const struct aq_param *param = verb->params; param != NULL && param->name != NULL; param++)
        usage_key(param, text);
    aq_buffer_add_text(text, "\n\n");
    if (verb->details != NULL)
        aq_buffer_format(text, "%s\n\n", verb->details);
    for (const struct aq_param *param = verb->params; param != NULL && param->name != NULL; param++) {
        aq_buffer_format(text, "  %-16s %s", param->name, param->meaning);
        if (param->fallback != NULL)
            aq_buffer_format(text, " (default: %s)", param->fallback);
        if (param->aliases != NULL)
            aq_buffer_format(text, " (also: %s)", param->aliases);
        aq_buffer_add_char(text, '\n');
    }
    if (verb->sets != NULL)
        aq_buffer_add_text(text, "\nSets:\n");
    for (const struct aq_field *field = verb->sets; field != NULL && field->name != NULL; field++)
        aq_buffer_format(text, "  QEMU_%-24s %s\n", field->name, field->meaning);
    aq_buffer_format(text, "\nExample:\n  %s\n", verb->example);
    if (verb->aliases != NULL)
        aq_buffer_format(text, "\nAlso called: %s\n", verb->aliases);
}
