/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "functions/handlers.h"
#include "functions/stem.h"
#include "functions/value.h"

/* Sets the stem that the nth argument names, if there is one. -1 after the refusal. */
int aq_set_stem_argument(struct aq_invocation *call, ULONG n, const json_t *value)
{
    const RXSTRING *stem = aq_argument(call, n);
    if (stem == NULL)
        return 0;
    int shown = (int)(stem->strlength < 60 ? stem->strlength : 60);
    if (!aq_stem_is(stem->strptr, stem->strlength))
        return aq_refuse_call(call, "a stem's name is a symbol that ends with a period, but this is \"%.*s\"",
                              shown, stem->strptr);
    if (!aq_stem_set(stem->strptr, stem->strlength, value))
        return aq_refuse_call(call, "the stem %.*s would have more than %d variables", shown, stem->strptr,
                              AQ_STEM_VARIABLES_MAX);
    return 0;
}

int aq_fn_json_parse(struct aq_invocation *call)
{
    char problem[256];
    const RXSTRING *text = aq_argument_needed(call, 0, "a JSON text");
    if (text == NULL)
        return -1;
    json_t *value = aq_value_parse(text->strptr, text->strlength, problem, sizeof problem);
    if (value == NULL)
        return aq_refuse_call(call, "the text is not JSON: %s", problem);
    int done = aq_set_stem_argument(call, 1, value);
    if (done == 0)
        done = aq_give_value(call, value);
    json_decref(value);
    return done;
}

/* What is to be written: the value, or the stem that is named. A new reference, NULL after the refusal. */
static json_t *subject(struct aq_invocation *call)
{
    const RXSTRING *value = aq_argument_needed(call, 0, "an object, or a stem's name");
    if (value == NULL)
        return NULL;
    if (!aq_stem_is(value->strptr, value->strlength))
        return aq_value_of(value->strptr, value->strlength);
    json_t *object = aq_stem_get(value->strptr, value->strlength);
    if (object == NULL)
        aq_refuse_call(call, "there is nothing in the stem %.*s", (int)value->strlength, value->strptr);
    return object;
}

int aq_fn_json_stringify(struct aq_invocation *call)
{
    int64_t indent;
    if (aq_argument_number(call, 1, "indent", 0, 0, 10, &indent) < 0)
        return -1;
    json_t *value = subject(call);
    if (value == NULL)
        return -1;
    aq_autobuffer struct aq_buffer text = {0};
    aq_value_write_json(value, (unsigned)indent, &text);
    json_decref(value);
    return aq_give(call, text.data, text.length);
}
