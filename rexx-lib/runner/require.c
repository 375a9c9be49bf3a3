/* SPDX-License-Identifier: MIT */
#include "require.h"

#include <stdio.h>
#include <string.h>

#include "dialect/source.h"
#include "run.h"

static const char *const modules[] = {"rexxjs/address-qemu", "org.rexxjs/address-qemu",
                                      "org.rexxjs/qemu-address", "address-qemu", "qemu-address"};

static char reason[512]; /* of the last REQUIRE that failed */

static bool is_one_of(const char *name, size_t length)
{
    for (unsigned i = 0; i < sizeof modules / sizeof *modules; i++)
        if (strlen(modules[i]) == length && memcmp(modules[i], name, length) == 0)
            return true;
    return false;
}

/* "registry:NAME" is a name; "cwd:…/NAME.js" is the file that the module came in, wherever it was. */
static bool is_qemu(const char *module, size_t length)
{
    static const char registry[] = "registry:", folder[] = "cwd:", suffix[] = ".js";
    size_t registry_length = strlen(registry), folder_length = strlen(folder), suffix_length = strlen(suffix);
    if (length > registry_length && memcmp(module, registry, registry_length) == 0)
        return is_one_of(module + registry_length, length - registry_length);
    if (length > folder_length + suffix_length && memcmp(module, folder, folder_length) == 0 &&
        memcmp(module + length - suffix_length, suffix, suffix_length) == 0) {
        const char *end = module + length - suffix_length;
        const char *slash = memrchr(module, '/', length);
        const char *name = slash != NULL ? slash + 1 : module + folder_length;
        return name < end && is_one_of(name, (size_t)(end - name));
    }
    return is_one_of(module, length);
}

static APIRET APIENTRY require(PCSZ routine, ULONG argc, PRXSTRING argv, PCSZ queue, PRXSTRING result)
{
    (void)routine, (void)queue;
    const char *module = argc > 0 ? argv[0].strptr : NULL;
    size_t length = argc > 0 ? RXSTRLEN(argv[0]) : 0;
    if (module == NULL || !is_qemu(module, length)) {
        snprintf(reason, sizeof reason,
                 "REQUIRE \"%.*s\": there is no such module; the one there is is \"%s\"",
                 (int)(length < 300 ? length : 300), module != NULL ? module : "", modules[0]);
        return 1;
    }
    if (argc > 1 && RXVALIDSTRING(argv[1]))
        RexxRegisterSubcomExe(argv[1].strptr, aq_run_command, NULL);
    result->strlength = 0;
    return 0;
}

void aq_require_register(void)
{
    RexxRegisterFunctionExe(AQ_REQUIRE_ROUTINE, require);
}

bool aq_require_takes(const RXSTRING *line)
{
    static const char prefix[] = "Error 40 ";
    if (reason[0] == '\0' || RXSTRLEN(*line) < strlen(prefix) ||
        memcmp(line->strptr, prefix, strlen(prefix)) != 0)
        return false;
    fflush(stdout);
    fprintf(stderr, "%.*s\nError 40.1: %s\n", (int)line->strlength, line->strptr, reason);
    reason[0] = '\0';
    return true;
}
