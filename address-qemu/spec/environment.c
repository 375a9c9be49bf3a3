/* SPDX-License-Identifier: MIT */
#include "spec/environment.h"

#include <stdlib.h>
#include <string.h>

#include "util/json.h"

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789"

static bool is_utf8(const char *text)
{
    aq_autojson json_t *string = json_string(text);
    return string != NULL;
}

static int fail_form(const struct aq_spec *spec, struct aq_place place, const char *from,
                     struct aq_error *err)
{
    return aq_spec_fail(spec, place, AQ_E_SPEC_INVALID, err,
                        "\"%.40s\" has to be ${NAME} or ${NAME:-default}; a $ before a brace is written $$",
                        from);
}

/* Fills in the ${…} that `from` begins with. Returns what follows it; NULL with the error. */
static const char *fill_one(const struct aq_spec *spec, struct aq_place place, const char *from,
                            struct aq_buffer *filled, struct aq_error *err)
{
    const char *name = from + 2;
    size_t length = strspn(name, NAME_CHARACTERS);
    const char *fallback = strncmp(name + length, ":-", 2) == 0 ? name + length + 2 : NULL;
    const char *end = fallback != NULL ? strchr(fallback, '}') : name + length;
    if (length == 0 || strchr("0123456789", name[0]) != NULL || end == NULL || *end != '}') {
        fail_form(spec, place, from, err);
        return NULL;
    }
    aq_autofree char *variable = aq_strndup(name, length);
    const char *value = getenv(variable);
    if (fallback != NULL && (value == NULL || value[0] == '\0')) {
        aq_buffer_add(filled, fallback, (size_t)(end - fallback));
    } else if (value == NULL) {
        aq_spec_fail(spec, place, AQ_E_SPEC_INVALID, err,
                     "${%s} is not set in the environment; set it, or give a default: ${%s:-default}",
                     variable, variable);
        return NULL;
    } else if (!is_utf8(value)) {
        aq_spec_fail(spec, place, AQ_E_SPEC_INVALID, err,
                     "${%s} is not UTF-8 in the environment, as a spec is", variable);
        return NULL;
    } else {
        aq_buffer_add_text(filled, value);
    }
    return end + 1;
}

char *aq_environment_fill(const struct aq_spec *spec, struct aq_place place, const char *text,
                          struct aq_error *err)
{
    aq_autobuffer struct aq_buffer filled = {0};
    aq_buffer_add(&filled, "", 0);
    while (*text != '\0') {
        size_t length = strcspn(text, "$");
        aq_buffer_add(&filled, text, length);
        text += length;
        if (text[0] == '$' && text[1] == '{') {
            text = fill_one(spec, place, text, &filled, err);
            if (text == NULL)
                return NULL;
        } else if (text[0] == '$') {
            aq_buffer_add_char(&filled, '$');
            text += text[1] == '$' ? 2 : 1;
        }
    }
    return aq_steal_ptr(&filled.data);
}
