/* SPDX-License-Identifier: MIT */
/* The edition for hosts. ADDRESS QEMU and all that it is linked with is loaded when the first command comes,
   so that a script that needs none of it starts as fast as under regina. */
#include <dlfcn.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "edition.h"
#include "parameters.h"
#include "refusal.h"
#include "rexxqemu.h"

#define LIBRARY "librexxqemu.so"
#define RC_MISSING 8

const char aq_edition_name[] = "rexx";

static void *library;
static char problem[1024];

/* ../lib (as in the build tree and in any prefix) beside the program, else where it was to be installed. */
static void *open_installed(void)
{
    char program[PATH_MAX], path[PATH_MAX + 64];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    for (int up = 0; length > 0 && up < 2; up++)
        while (length > 0 && program[--length] != '/')
            ;
    static const char *const folders[] = {"lib", AQ_LIBDIR_NAME};
    for (unsigned i = 0; length > 0 && i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%.*s/%s/" LIBRARY, (int)length, program, folders[i]);
        if (access(path, F_OK) == 0)
            return dlopen(path, RTLD_NOW | RTLD_LOCAL);
    }
    return dlopen(AQ_LIBDIR "/" LIBRARY, RTLD_NOW | RTLD_LOCAL);
}

/* A function of the library; NULL with `problem` set. */
static void *function(const char *name)
{
    if (library == NULL) {
        const char *chosen = secure_getenv("REXXQEMU_LIBRARY");
        library =
            chosen != NULL && *chosen != '\0' ? dlopen(chosen, RTLD_NOW | RTLD_LOCAL) : open_installed();
    }
    void *found = library != NULL ? dlsym(library, name) : NULL;
    if (found == NULL) {
        const char *why = dlerror();
        snprintf(problem, sizeof problem,
                 "cannot load ADDRESS QEMU: %.800s; install address-qemu anew, or let "
                 "REXXQEMU_LIBRARY name " LIBRARY,
                 why != NULL ? why : "it lacks a function");
    }
    return found;
}

/* The library's functions look placeholders up as the runner does. */
static void *prepared_function(const char *name)
{
    static bool prepared;
    void *found = function(name);
    if (found != NULL && !prepared) {
        rexxqemu_set_lookup_function *set = (rexxqemu_set_lookup_function *)function("rexxqemu_set_lookup");
        if (set == NULL)
            return NULL;
        set(aq_parameter_value);
        prepared = true;
    }
    return found;
}

int aq_edition_function(const char *name, ULONG argc, PRXSTRING argv, PRXSTRING result, const char **reason)
{
    static rexxqemu_function_function *call;
    if (call == NULL)
        call = (rexxqemu_function_function *)prepared_function("rexxqemu_function");
    *reason = problem;
    return call != NULL ? call(name, argc, argv, result, reason) : 1;
}

bool aq_edition_field(const char *name, size_t length, struct aq_buffer *to)
{
    static rexxqemu_field_function *find;
    if (find == NULL)
        find = (rexxqemu_field_function *)prepared_function("rexxqemu_field");
    size_t value_length = 0;
    const char *value = find != NULL ? find(name, length, &value_length) : NULL;
    if (value != NULL)
        aq_buffer_add(to, value, value_length);
    return value != NULL;
}

APIRET APIENTRY aq_edition_command(PRXSTRING command, PUSHORT flags, PRXSTRING rc)
{
    static rexxqemu_command_function *run;
    if (run == NULL)
        run = (rexxqemu_command_function *)prepared_function("rexxqemu_command");
    if (run == NULL)
        return aq_refuse(RC_MISSING, "LIBRARY_MISSING", problem, flags, rc);
    return run(command, flags, rc);
}

int aq_edition_provision(const char *script, const char *arguments)
{
    rexxqemu_provision_function *run = (rexxqemu_provision_function *)function("rexxqemu_provision");
    if (run != NULL)
        return run(script, arguments);
    fprintf(stderr, "rexx: %s\n", problem);
    return RC_MISSING;
}

int aq_edition_remote(const char *destination, const char *text, size_t length, const char *const *options,
                      char *const *arguments)
{
    rexxqemu_remote_function *run = (rexxqemu_remote_function *)function("rexxqemu_remote");
    if (run != NULL)
        return run(destination, text, length, options, arguments);
    fprintf(stderr, "rexx: %s\n", problem);
    return RC_MISSING;
}

int aq_edition_serve(int argc, char **argv)
{
    (void)argc, (void)argv;
    fputs("rexx: --serve is for rexx-guest, inside a virtual machine\n", stderr);
    return 2;
}

int aq_edition_grow(void)
{
    fputs("rexx: --grow is for rexx-guest, inside a virtual machine\n", stderr);
    return 2;
}

void aq_edition_version(void)
{
    RXSTRING regina = {0, NULL};
    ReginaVersion(&regina);
    printf("rexx (ADDRESS QEMU) " AQ_VERSION ", %.*s\n", (int)RXSTRLEN(regina), RXSTRPTR(regina));
    if (regina.strptr != NULL)
        RexxFreeMemory(regina.strptr);
}
