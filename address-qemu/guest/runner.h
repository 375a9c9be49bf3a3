/* SPDX-License-Identifier: MIT */
/*
 * Our static rexx-guest in the guest: is this very version there, and if not, bring it. It is at once the
 * guest's REXX and the helper that serves the helper ports.
 */
#ifndef AQ_GUEST_RUNNER_H
#define AQ_GUEST_RUNNER_H

#include "guest/channel.h"

/* Where it goes; where /usr cannot be written, AQ_GUEST_RUNNER_FALLBACK. /usr/local/bin/rexx is made a link
   to it if nothing has that name: a user's own file is never replaced. */
#define AQ_GUEST_RUNNER_PATH "/usr/local/lib/address-qemu/rexx-guest"
#define AQ_GUEST_RUNNER_FALLBACK "/run/address-qemu/rexx-guest"
#define AQ_GUEST_RUNNER_LINK "/usr/local/bin/rexx"

#define AQ_BUILD_ID_TEXT 65 /* hex of up to 32 bytes and a NUL */

/* Reads the GNU build-id note out of an ELF file on the host, as hex. GUEST_RUNNER_MISSING when there is no
   such file or it has no note. (System V ABI, ELF-64; note type NT_GNU_BUILD_ID.) */
int aq_guest_runner_build_id(const char *path, char id[AQ_BUILD_ID_TEXT], struct aq_error *err);

/* What aq_guest_ensure_runner found or made. */
struct aq_guest_runner {
    char path[256]; /* in the guest */
    bool pushed;    /* it was not there in this version and has been brought */
};

/* Makes sure that the rexx-guest at `runner_path` on the host is in the guest in this very version. Through a
   helper of another version that one is replaced, and the channel then speaks to the new one. */
int aq_guest_ensure_runner(struct aq_channel *channel, const char *runner_path, aq_deadline deadline,
                           struct aq_guest_runner *runner, struct aq_error *err);

/* For a guest that has only the agent: ensures the runner through it and starts its server (`--serve
   --daemon`), which ends at once if one is running. Then a helper channel becomes ready. */
int aq_guest_install_helper(struct aq_channel *agent, const char *runner_path, aq_deadline deadline,
                            struct aq_error *err);

#endif
