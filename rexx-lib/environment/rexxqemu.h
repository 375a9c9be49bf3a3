/* SPDX-License-Identifier: MIT */
/*
 * What librexxqemu.so offers. Regina loads it by RxFuncAdd and calls QemuLoadFuncs; our own runner loads it
 * when the first command comes and calls the rest by these names.
 */
#ifndef AQ_ENVIRONMENT_REXXQEMU_H
#define AQ_ENVIRONMENT_REXXQEMU_H

#include "rexx.h"

#define REXXQEMU_API __attribute__((visibility("default")))

/* The handler of ADDRESS QEMU: runs the command and sets the caller's variables. */
REXXQEMU_API APIRET APIENTRY rexxqemu_command(PRXSTRING command, PUSHORT flags, PRXSTRING rc);
typedef RexxSubcomHandler rexxqemu_command_function;

/* Provisions a VM from `script` and runs the script in it, with its output on our standard streams. Returns
   the exit status: the script's, or the RC of what went wrong (said on stderr). `arguments` is one string, or
   NULL. */
REXXQEMU_API int rexxqemu_provision(const char *script, const char *arguments);
typedef int rexxqemu_provision_function(const char *script, const char *arguments);

/* The functions that a script sees. */
REXXQEMU_API RexxFunctionHandler QemuLoadFuncs, QemuDropFuncs, QemuVersion;

#endif
