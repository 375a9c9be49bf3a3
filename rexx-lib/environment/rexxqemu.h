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

/* Runs a script of `length` bytes on another machine, through SSH, as it would run here. `options` of rexx
   and `arguments` of the script, each NULL-terminated. Returns the exit status, as above. */
REXXQEMU_API int rexxqemu_remote(const char *destination, const char *text, size_t length,
                                 const char *const *options, char *const *arguments);
typedef int rexxqemu_remote_function(const char *, const char *, size_t, const char *const *, char *const *);

/* A function of functions/list.h, or QEMUWITH: 0, or 1 with *reason saying why not (valid until the next). */
REXXQEMU_API int rexxqemu_function(const char *name, ULONG argc, PRXSTRING argv, PRXSTRING result,
                                   const char **reason);
typedef int rexxqemu_function_function(const char *, ULONG, PRXSTRING, PRXSTRING, const char **);

/* The value, in the object that its variable holds, of a name such as vm.image: valid until the next call;
   NULL if it has none. */
REXXQEMU_API const char *rexxqemu_field(const char *name, size_t length, size_t *value_length);
typedef const char *rexxqemu_field_function(const char *, size_t, size_t *);

/* Asked for the value of a placeholder whose name no variable has: its value, or NULL. */
REXXQEMU_API void rexxqemu_set_lookup(rexxqemu_field_function *lookup);
typedef void rexxqemu_set_lookup_function(rexxqemu_field_function *lookup);

/* The functions that a script sees. */
REXXQEMU_API RexxFunctionHandler QemuLoadFuncs, QemuDropFuncs, QemuVersion;

#endif
