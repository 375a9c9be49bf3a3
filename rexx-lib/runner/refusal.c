/* SPDX-License-Identifier: MIT */
#include "refusal.h"

#include <stdio.h>
#include <string.h>

static void set(const char *name, const char *value)
{
    SHVBLOCK block = {.shvcode = RXSHV_SET};
    MAKERXSTRING(block.shvname, (char *)name, strlen(name));
    MAKERXSTRING(block.shvvalue, (char *)value, strlen(value));
    block.shvnamelen = block.shvname.strlength;
    block.shvvaluelen = block.shvvalue.strlength;
    RexxVariablePool(&block);
}

APIRET aq_refuse(int rc_number, const char *code, const char *text, PUSHORT flags, PRXSTRING rc)
{
    set("QEMU_SUCCESS", "0");
    set("QEMU_OUTPUT", "");
    set("QEMU_ERROR", text);
    set("QEMU_ERROR_CODE", code);
    *flags = RXSUBCOM_ERROR;
    rc->strlength = (ULONG)snprintf(rc->strptr, RXAUTOBUFLEN, "%d", rc_number);
    return 0;
}
