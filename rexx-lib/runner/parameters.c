/* SPDX-License-Identifier: MIT */
#include "parameters.h"

#include <string.h>
#include <strings.h>

static char **arguments;
static int argument_count;

void aq_parameters_set(char **args, int count)
{
    arguments = args;
    argument_count = count;
}

const char *aq_parameter_value(const char *name, size_t length, size_t *value_length)
{
    for (int i = argument_count; i-- > 0;) {
        const char *equals = strchr(arguments[i], '=');
        if (equals != NULL && equals > arguments[i] && (size_t)(equals - arguments[i]) == length &&
            strncasecmp(arguments[i], name, length) == 0) {
            *value_length = strlen(equals + 1);
            return equals + 1;
        }
    }
    return NULL;
}

bool aq_parameter_find(const char *name, size_t length, struct aq_buffer *to)
{
    size_t value_length;
    const char *value = aq_parameter_value(name, length, &value_length);
    if (value != NULL)
        aq_buffer_add(to, value, value_length);
    return value != NULL;
}
