/* SPDX-License-Identifier: MIT */
#include "routines.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "dialect/functions.h"
#include "edition.h"
#include "pool.h"
#include "reason.h"
#include "rexx.h"
#include "run.h"
#include "script.h"

/* A routine in a file that had to be made plain REXX. */
struct routine {
    char *name; /* in upper case, as it is called */
    struct aq_script script;
    struct routine *next;
};
static struct routine *routines;

static APIRET APIENTRY call_function(PCSZ name, ULONG argc, PRXSTRING argv, PCSZ queue, PRXSTRING result)
{
    (void)queue;
    const char *reason = NULL;
    if (aq_edition_function(name, argc, argv, result, &reason) == 0) {
        aq_reason_clear();
        return 0;
    }
    return (APIRET)aq_reason_set("%s", reason);
}

static APIRET APIENTRY call_routine(PCSZ name, ULONG argc, PRXSTRING argv, PCSZ queue, PRXSTRING result)
{
    (void)queue;
    for (struct routine *routine = routines; routine != NULL; routine = routine->next)
        if (strcmp(routine->name, name) == 0)
            return (APIRET)aq_run_routine(&routine->script, argc, argv, result);
    return 1;
}

static char *upper(const char *name, size_t length)
{
    char *copy = aq_strndup(name, length);
    for (char *c = copy; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return copy;
}

/* The file that Regina would take for the routine, which it looks for as the name is called; NULL. */
static char *find_file(const struct aq_name *name)
{
    aq_autofree char *as_called =
        name->flags & AQ_NAME_QUOTED ? aq_strndup(name->at, name->length) : upper(name->at, name->length);
    return aq_script_find(as_called);
}

/* A file that Regina can read is left to it. */
static void take_file(const struct aq_name *name, const char *path)
{
    struct routine *routine = aq_alloc(sizeof *routine);
    if (!aq_script_load_routine(path, &routine->script)) {
        aq_script_free(&routine->script);
        free(routine);
        return;
    }
    routine->name = upper(name->at, name->length);
    routine->next = routines;
    routines = routine;
    RexxRegisterFunctionExe(routine->name, call_routine);
    aq_routines_register(&routine->script.traits);
}

static bool is_taken(const struct aq_name *name)
{
    aq_autofree char *called = upper(name->at, name->length);
    for (const struct routine *routine = routines; routine != NULL; routine = routine->next)
        if (strcmp(routine->name, called) == 0)
            return true;
    return false;
}

static void register_functions(void)
{
    for (size_t i = 0; aq_function_name(i) != NULL; i++)
        RexxRegisterFunctionExe(aq_function_name(i), call_function);
    for (size_t i = 0; aq_helper_name(i) != NULL; i++)
        RexxRegisterFunctionExe(aq_helper_name(i), call_function);
}

void aq_routines_register_all(void)
{
    register_functions();
    RexxRegisterFunctionExe(AQ_WITH_FUNCTION, call_function);
}

/* A name that is called and no label of the script. */
static void take_name(const struct aq_name *name, bool rexxjs)
{
    if (aq_is_builtin(name->at, name->length) || is_taken(name))
        return;
    aq_autofree char *path = find_file(name);
    if (path != NULL)
        take_file(name, path);
    else if (!rexxjs && aq_function_is_ours(name->at, name->length)) {
        aq_autofree char *called = upper(name->at, name->length);
        RexxRegisterFunctionExe(called, call_function);
    }
}

void aq_routines_register(const struct aq_source_traits *traits)
{
    if (traits->rexxjs)
        register_functions();
    if (traits->redirects ||
        (aq_names_flags(&traits->names, AQ_WITH_FUNCTION, strlen(AQ_WITH_FUNCTION)) & AQ_NAME_CALLED) != 0)
        RexxRegisterFunctionExe(AQ_WITH_FUNCTION, call_function);
    for (size_t i = 0; i < traits->names.room; i++) {
        const struct aq_name *name = &traits->names.slots[i];
        if (name->at != NULL && (name->flags & AQ_NAME_CALLED) && !(name->flags & AQ_NAME_LABEL))
            take_name(name, traits->rexxjs);
    }
}

bool aq_routines_field(const char *name, size_t length, struct aq_buffer *to)
{
    const char *period = memchr(name, '.', length);
    aq_autobuffer struct aq_buffer root = {0};
    if (period == NULL || !aq_pool_fetch(name, (size_t)(period - name), &root))
        return false;
    /* Only what begins like an object is worth loading what reads objects. */
    const char *text = aq_buffer_text(&root);
    return text[0] == ' ' && (text[1] == '{' || text[1] == '[') && aq_edition_field(name, length, to);
}
