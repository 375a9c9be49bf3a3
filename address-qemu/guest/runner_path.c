/* SPDX-License-Identifier: MIT */
#include "guest/runner_path.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/memory.h"

#define RUNNER "address-qemu/rexx-guest"

/* Relative to where this very code was loaded from: PREFIX/lib/liba.so or
   PREFIX/lib/x86_64-linux-gnu/liba.so, or the build tree, or a test program that it is linked into. */
static char *beside_library(void)
{
    Dl_info info;
    char real[PATH_MAX];
    if (dladdr((void *)(uintptr_t)aq_guest_runner_path, &info) == 0 || realpath(info.dli_fname, real) == NULL)
        return NULL;
    for (int up = 0; up < 4; up++) {
        char *slash = strrchr(real, '/');
        if (slash == NULL || slash == real)
            return NULL;
        *slash = '\0';
        aq_autofree char *path = aq_format("%s/libexec/" RUNNER, real);
        if (access(path, R_OK) == 0)
            return aq_steal_ptr(&path);
    }
    return NULL;
}

char *aq_guest_runner_path(struct aq_error *err)
{
    const char *chosen = getenv("ADDRESS_QEMU_GUEST_RUNNER");
    if (chosen != NULL && chosen[0] != '\0') {
        if (access(chosen, R_OK) == 0)
            return aq_strdup(chosen);
        aq_fail(err, AQ_E_GUEST_RUNNER_MISSING, "ADDRESS_QEMU_GUEST_RUNNER names %s, which cannot be read",
                chosen);
        return NULL;
    }
    char *beside = beside_library();
    if (beside != NULL)
        return beside;
    if (access(AQ_LIBEXEC_DIR "/rexx-guest", R_OK) == 0)
        return aq_strdup(AQ_LIBEXEC_DIR "/rexx-guest");
    aq_fail(err, AQ_E_GUEST_RUNNER_MISSING,
            "rexx-guest is neither beside the library (libexec/" RUNNER ") nor at " AQ_LIBEXEC_DIR
            "/rexx-guest; install it, or name it in ADDRESS_QEMU_GUEST_RUNNER");
    return NULL;
}
