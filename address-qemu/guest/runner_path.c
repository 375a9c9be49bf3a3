/* SPDX-License-Identifier: MIT */
#include "guest/runner_path.h"

#include <stdlib.h>
#include <unistd.h>

#include "util/libexec.h"
#include "util/memory.h"

char *aq_guest_runner_path(struct aq_error *err)
{
    const char *chosen = getenv("ADDRESS_QEMU_GUEST_RUNNER");
    if (chosen == NULL || chosen[0] == '\0')
        return aq_libexec_path("rexx-guest", AQ_E_GUEST_RUNNER_MISSING, err);
    if (access(chosen, R_OK) == 0)
        return aq_strdup(chosen);
    aq_fail(err, AQ_E_GUEST_RUNNER_MISSING, "ADDRESS_QEMU_GUEST_RUNNER names %s, which cannot be read",
            chosen);
    return NULL;
}
