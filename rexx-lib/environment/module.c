/* SPDX-License-Identifier: MIT */
/* The functions by which stock Regina takes ADDRESS QEMU in and lets it go. */
#include <stdio.h>
#include <string.h>

#include "address-qemu/address-qemu.h"
#include "checkpoint.h"
#include "functions/call.h"
#include "functions/list.h"
#include "pool.h"
#include "rexxqemu.h"
#include "signals.h"

#define ENVIRONMENT "QEMU"

/* Regina 3.6 answers 30 for a name that is registered already; newer ones, as documented, 10. */
static int registered(APIRET code)
{
    return code == RXSUBCOM_OK || code == RXSUBCOM_DUP || code == RXSUBCOM_NOTREG;
}

static APIRET answer(PRXSTRING result, const char *text)
{
    result->strlength = (ULONG)snprintf(result->strptr, RXAUTOBUFLEN, "%s", text);
    return 0;
}

int rexxqemu_function(const char *name, ULONG argc, PRXSTRING argv, PRXSTRING result, const char **reason)
{
    return aq_functions_call(name, argc, argv, result, reason);
}

/* Every function of RexxJS; what went wrong is in QEMU_ERROR. */
static APIRET APIENTRY function(PCSZ name, ULONG argc, PRXSTRING argv, PCSZ queue, PRXSTRING result)
{
    (void)queue;
    const char *reason = "";
    int failed = aq_functions_call(name, argc, argv, result, &reason);
    if (failed)
        aq_pool_set("QEMU_ERROR", strlen("QEMU_ERROR"), reason, strlen(reason));
    return (APIRET)failed;
}

/* Those that scripts write themselves. */
static const char *const functions[] = {
#define AQ_NAME(handler, name, ...) name,
    AQ_FUNCTION_LIST(AQ_NAME) "QEMUWITH"
#undef AQ_NAME
};

APIRET APIENTRY QemuLoadFuncs(PCSZ name, ULONG argc, PRXSTRING argv, PCSZ queue, PRXSTRING result)
{
    (void)name, (void)argc, (void)argv, (void)queue;
    APIRET code = RexxRegisterSubcomExe(ENVIRONMENT, rexxqemu_command, NULL);
    aq_signals_look();
    RexxRegisterFunctionExe("QEMUDROPFUNCS", QemuDropFuncs);
    RexxRegisterFunctionExe("QEMUVERSION", QemuVersion);
    aq_checkpoint_register();
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        RexxRegisterFunctionExe(functions[i], function);
    return answer(result, registered(code) ? "0" : "1");
}

APIRET APIENTRY QemuDropFuncs(PCSZ name, ULONG argc, PRXSTRING argv, PCSZ queue, PRXSTRING result)
{
    (void)name, (void)argc, (void)argv, (void)queue;
    RexxDeregisterSubcom(ENVIRONMENT, NULL);
    RexxDeregisterFunction("QEMULOADFUNCS");
    RexxDeregisterFunction("QEMUVERSION");
    RexxDeregisterFunction("QEMUDROPFUNCS");
    aq_checkpoint_deregister();
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        RexxDeregisterFunction(functions[i]);
    aq_signals_release();
    return answer(result, "0");
}

APIRET APIENTRY QemuVersion(PCSZ name, ULONG argc, PRXSTRING argv, PCSZ queue, PRXSTRING result)
{
    (void)name, (void)argc, (void)argv, (void)queue;
    return answer(result, aq_version());
}
