/* SPDX-License-Identifier: MIT */
#include "util/libexec.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/memory.h"

/* Relative to where this very code was loaded from: PREFIX/lib/liba.so or
   PREFIX/lib/x86_64-linux-gnu/liba.so, or the build tree, or a test program that it is linked into. */
static char *beside_library(const char *program)
{
    Dl_info info;
    char real[PATH_MAX];
    if (dladdr((void *)(uintptr_t)aq_libexec_path, &info) == 0 || realpath(info.dli_fname, real) == NULL)
        return NULL;
    for (int up = 0; up < 4; up++) {
        char *slash = strrchr(real, '/');
        if (slash == NULL || slash == real)
            return NULL;
        *slash = '\0';
        aq_autofree char *path = aq_format("%s/libexec/address-qemu/%s", real, program);
        if (access(path, R_OK) == 0)
            return aq_steal_ptr(&path);
    }
    return NULL;
}

char *aq_libexec_path(const char *program, enum aq_error_code code, struct aq_error *err)
{
    char *beside = beside_library(program);
    if (beside != NULL)
        return beside;
    aq_autofree char *installed = aq_format(AQ_LIBEXEC_DIR "/%s", program);
    if (access(installed, R_OK) == 0)
        return aq_steal_ptr(&installed);
    aq_fail(err, code,
            "%s is neither beside the library (libexec/address-qemu) nor in " AQ_LIBEXEC_DIR
            "; install address-qemu anew",
            program);
    return NULL;
}
