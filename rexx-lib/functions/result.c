/* SPDX-License-Identifier: MIT */
/* RESULT after a command of ADDRESS QEMU, for scripts that read RESULT.error and its kind. */
#include <string.h>

#include "functions/handlers.h"
#include "functions/value.h"
#include "pool.h"

/* Names that RexxJS has for what is called otherwise here. */
static const struct {
    const char *name, *is;
} other_names[] = {{"vmId", "name"}, {"vmId", "vm"}, {"snapshotId", "snapshot"}};

/* What `info` has: all that is no table and says something of the VM. */
static json_t *info(const json_t *result)
{
    json_t *object = json_object(), *member;
    const char *key;
    json_object_foreach((json_t *)result, key, member) if (!json_is_array(member) && !json_is_object(member))
        json_object_set(object, key, member);
    return object;
}

/* REXXJS_RESULT(): makes RESULT of QEMU_JSON. */
int aq_fn_set_result(struct aq_invocation *call)
{
    char problem[200];
    aq_autobuffer struct aq_buffer text = {0};
    json_t *result = aq_pool_fetch("QEMU_JSON", strlen("QEMU_JSON"), &text)
                         ? aq_value_parse(text.data, text.length, problem, sizeof problem)
                         : NULL;
    if (!json_is_object(result))
        result = json_object();
    for (size_t i = 0; i < sizeof other_names / sizeof *other_names; i++) {
        json_t *value = json_object_get(result, other_names[i].is);
        if (value != NULL && json_object_get(result, other_names[i].name) == NULL)
            json_object_set(result, other_names[i].name, value);
    }
    if (json_object_get(result, "info") == NULL)
        json_object_set_new(result, "info", info(result));
    aq_buffer_clear(&text);
    aq_value_write(result, &text);
    json_decref(result);
    aq_pool_set("RESULT", strlen("RESULT"), text.data, text.length);
    return aq_give(call, "", 0);
}
