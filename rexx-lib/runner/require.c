/* SPDX-License-Identifier: MIT */
#include "require.h"

#include <stdbool.h>
#include <string.h>

#include "dialect/source.h"
#include "reason.h"
#include "run.h"

/* Names of ADDRESS QEMU, and of ADDRESS EXPECTATIONS, which needs no module. */
static const char *const modules[] = {"rexxjs/address-qemu",
                                      "org.rexxjs/address-qemu",
                                      "org.rexxjs/qemu-address",
                                      "address-qemu",
                                      "qemu-address",
                                      NULL};
static const char *const expectations[] = {"rexxjs/address-expectations", "org.rexxjs/expectations-address",
                                           "expectations-address", "address-expectations", NULL};

static bool is_one_of(const char *const *names, const char *name, size_t length)
{
    for (; *names != NULL; names++)
        if (strlen(*names) == length && memcmp(*names, name, length) == 0)
            return true;
    return false;
}

static bool starts(const char *module, size_t length, const char *with)
{
    return length > strlen(with) && memcmp(module, with, strlen(with)) == 0;
}

/* "registry:NAME" is a name; "cwd:…/NAME.js" and "../…/NAME.js" are the file that the module came in,
 * wherever it was. */
static bool is_module(const char *const *names, const char *module, size_t length)
{
    static const char registry[] = "registry:", suffix[] = ".js";
    size_t suffix_length = strlen(suffix);
    if (starts(module, length, registry))
        return is_one_of(names, module + strlen(registry), length - strlen(registry));
    bool is_file = starts(module, length, "cwd:") || starts(module, length, "./") ||
                   starts(module, length, "../") || starts(module, length, "/");
    if (is_file && length > suffix_length &&
        memcmp(module + length - suffix_length, suffix, suffix_length) == 0) {
        const char *end = module + length - suffix_length;
        const char *name = end;
        while (name > module && name[-1] != '/' && name[-1] != ':')
            name--;
        return is_one_of(names, name, (size_t)(end - name));
    }
    return is_one_of(names, module, length);
}

static APIRET APIENTRY require(PCSZ routine, ULONG argc, PRXSTRING argv, PCSZ queue, PRXSTRING result)
{
    (void)routine, (void)queue;
    result->strlength = 0;
    const char *module = argc > 0 ? argv[0].strptr : NULL;
    size_t length = argc > 0 ? RXSTRLEN(argv[0]) : 0;
    if (module != NULL && is_module(expectations, module, length))
        return 0;
    if (module == NULL || !is_module(modules, module, length))
        return (APIRET)aq_reason_set("REQUIRE \"%.*s\": there is no such module; the one there is is \"%s\"",
                                     (int)(length < 300 ? length : 300), module != NULL ? module : "",
                                     modules[0]);
    if (argc > 1 && RXVALIDSTRING(argv[1]))
        RexxRegisterSubcomExe(argv[1].strptr, aq_run_command, NULL);
    return 0;
}

void aq_require_register(void)
{
    RexxRegisterFunctionExe(AQ_REQUIRE_ROUTINE, require);
}
