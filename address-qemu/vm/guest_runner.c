/* SPDX-License-Identifier: MIT */
#include "vm/guest_runner.h"

#include "guest/runner_path.h"

enum {
    TRANSFER_MS = 600000,
    HELPER_STARTS_MS = 10000,
};

static int prefer_helper(const struct aq_run *run, struct aq_guest *guest, const char *runner,
                         struct aq_error *err)
{
    if (guest->channel != guest->agent.channel)
        return 0;
    if (aq_guest_install_helper(guest->channel, runner, aq_after_ms(TRANSFER_MS), err) < 0)
        return -1;
    aq_guest_close(guest);
    struct aq_error ignored = {0};
    if (aq_guest_open_run(run, AQ_METHOD_HELPER, aq_after_ms(HELPER_STARTS_MS), guest, &ignored) == 0)
        return 0;
    aq_guest_close(guest);
    return aq_guest_open_run(run, AQ_METHOD_AGENT, aq_after_ms(HELPER_STARTS_MS), guest, err);
}

int aq_guest_need_runner_in(const struct aq_run *run, bool chosen, struct aq_guest *guest,
                            struct aq_guest_runner *runner, struct aq_error *err)
{
    aq_autofree char *local = aq_guest_runner_path(err);
    if (local == NULL || (!chosen && prefer_helper(run, guest, local, err) < 0))
        return -1;
    return aq_guest_ensure_runner(guest->channel, local, aq_after_ms(TRANSFER_MS), runner, err);
}

int aq_guest_need_runner(const struct aq_vm *vm, bool chosen, struct aq_guest *guest,
                         struct aq_guest_runner *runner, struct aq_error *err)
{
    struct aq_run run = {0};
    return aq_run_need(vm, &run, err) < 0 ? -1 : aq_guest_need_runner_in(&run, chosen, guest, runner, err);
}
