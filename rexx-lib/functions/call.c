/* SPDX-License-Identifier: MIT */
#include "functions/call.h"

#include <string.h>

#include "functions/handlers.h"

static const struct {
    const char *name;
    aq_handler *handler;
} handlers[] = {
#define AQ_ENTRY(handler, name, ...) {name, aq_fn_##handler},
    AQ_FUNCTION_LIST(AQ_ENTRY) AQ_HELPER_LIST(AQ_ENTRY)
#undef AQ_ENTRY
};

int aq_functions_call(const char *name, ULONG argc, PRXSTRING argv, PRXSTRING result, const char **reason)
{
    static struct aq_invocation call;
    call = (struct aq_invocation){.name = name, .argc = argc, .argv = argv, .result = result};
    *reason = call.reason;
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
        if (strcmp(handlers[i].name, name) == 0)
            return handlers[i].handler(&call) < 0 ? 1 : 0;
    aq_refuse_call(&call, "there is no such function here");
    return 1;
}
