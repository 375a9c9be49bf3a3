/* SPDX-License-Identifier: MIT */
/* The functions by which stock Regina takes ADDRESS QEMU in and lets it go. */
#include <stdio.h>
#include <string.h>

#include "address-qemu/address-qemu.h"
#include "checkpoint.h"
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

APIRET APIENTRY QemuLoadFuncs(PCSZ name, ULONG argc, PRXSTRING argv, PCSZ queue, PRXSTRING result)
{
    (void)name, (void)argc, (void)argv, (void)queue;
    APIRET code = RexxRegisterSubcomExe(ENVIRONMENT, rexxqemu_command, NULL);
    aq_signals_look();
    RexxRegisterFunctionExe("QEMUDROPFUNCS", QemuDropFuncs);
    RexxRegisterFunctionExe("QEMUVERSION", QemuVersion);
    aq_checkpoint_register();
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
    aq_signals_release();
    return answer(result, "0");
}

APIRET APIENTRY QemuVersion(PCSZ name, ULONG argc, PRXSTRING argv, PCSZ queue, PRXSTRING result)
{
    (void)name, (void)argc, (void)argv, (void)queue;
    return answer(result, aq_version());
}
