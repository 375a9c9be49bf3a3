/* SPDX-License-Identifier: MIT */
#include <strings.h>

#include "command/arguments.h"
#include "command/help.h"
#include "spec/reference.h"
#include "util/suggest.h"

static int run(struct aq_call *call, struct aq_error *err);

static const struct aq_param params[] = {
    {"verb", AQ_TYPE_TEXT, .positional = true, .meaning = "the verb to explain; all in short unless given"},
    {"topic", AQ_TYPE_CHOICE, .choices = "verbs|reference|errors|spec", .fallback = "verbs",
     .meaning = "the list of verbs, the whole reference as Markdown, the error codes, or the keys of a spec"},
    {NULL},
};

static const struct aq_field sets[] = {
    {"OUTPUT", "the text"},
    {"COUNT", "how many verbs there are"},
    {"VERBS.n.NAME", "a verb; also `GROUP`, `SUMMARY`, `EXAMPLE`"},
    {"NAME", "the verb that is explained"},
    {"PARAMS.n.NAME", "a key of it; also `TYPE`, `REQUIRED`, `DEFAULT`, `ALIASES`, `MEANING`"},
    {NULL},
};

const struct aq_verb aq_verb_help = {
    .name = "help",
    .group = "Host",
    .summary = "List the verbs, or explain one",
    .params = params,
    .sets = sets,
    .example = "help clone",
    .read_only = true,
    .run = run,
};

static void params_as_rows(const struct aq_verb *verb, aq_result *result)
{
    struct aq_table *table = aq_result_table(result, "PARAMS");
    for (const struct aq_param *param = verb->params; param != NULL && param->name != NULL; param++) {
        aq_table_row(table);
        aq_table_text(table, "NAME", param->name);
        aq_table_text(table, "TYPE", aq_type_name(param));
        aq_table_bool(table, "REQUIRED", param->required);
        aq_table_text(table, "DEFAULT", param->fallback != NULL ? param->fallback : "");
        aq_table_text(table, "ALIASES", param->aliases != NULL ? param->aliases : "");
        aq_table_text(table, "MEANING", param->meaning);
    }
}

static void verbs_as_rows(aq_result *result)
{
    struct aq_table *table = aq_result_table(result, "VERBS");
    for (size_t i = 0; i < aq_verb_count; i++) {
        aq_table_row(table);
        aq_table_text(table, "NAME", aq_verbs[i]->name);
        aq_table_text(table, "GROUP", aq_verbs[i]->group);
        aq_table_text(table, "SUMMARY", aq_verbs[i]->summary);
        aq_table_text(table, "EXAMPLE", aq_verbs[i]->example);
    }
    aq_result_set_int(result, "COUNT", (int64_t)aq_verb_count);
}

static int unknown(const char *name, struct aq_error *err)
{
    aq_autostrings struct aq_strings names = {0};
    aq_verb_names(&names);
    aq_autofree char *absent = aq_format("there is no verb %s to give help on", name);
    return aq_fail_unknown(err, AQ_E_HELP_NOT_FOUND, absent, name, &names, "`help` lists those there are");
}

static int help_on(const char *name, struct aq_call *call, struct aq_buffer *text, struct aq_error *err)
{
    const struct aq_verb *verb = aq_verb_find(name);
    if (verb == NULL)
        return unknown(name, err);
    aq_result_set_text(call->result, "NAME", verb->name);
    params_as_rows(verb, call->result);
    aq_help_verb(verb, text);
    return 0;
}

static int run(struct aq_call *call, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer text = {0};
    const char *verb = aq_arg_text(call, "verb"), *topic = aq_arg_text(call, "topic");
    if (verb != NULL) {
        if (help_on(verb, call, &text, err) < 0)
            return -1;
    } else if (strcasecmp(topic, "reference") == 0) {
        aq_help_reference(&text);
    } else if (strcasecmp(topic, "errors") == 0) {
        aq_help_errors(&text);
    } else if (strcasecmp(topic, "spec") == 0) {
        aq_spec_reference(&text);
    } else {
        aq_help_overview(&text);
        verbs_as_rows(call->result);
    }
    aq_result_say(call->result, "%s", aq_buffer_text(&text));
    return 0;
}
