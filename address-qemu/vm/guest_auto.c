/* SPDX-License-Identifier: MIT */
#include "vm/guest_auto.h"

#include <string.h>

#include "guest/channel_ops.h"

enum {
    SSH_AFTER_MS = 1500,   /* a guest that is up has answered by then through its ports, if it does at all */
    HELPER_FIRST_MS = 20,  /* a helper that is there has answered by then, or soon after */
    AGENT_ANSWER_MS = 500, /* an agent that is there has answered by then */
    HELPER_GRACE_MS = 250, /* how much later than the agent the helper may come up and still be preferred */
    PORTS_GRACE_MS = 1000, /* and how much later than SSH either of them */
    SLICE_MS = 1000,       /* between looks at an agent that another process is using */
    BUSY_PAUSE_MS = 50,    /* should a verdict be given at once */
};

enum way { HELPER, AGENT, SSH, WAYS };

struct search {
    struct aq_guest *guest;
    const struct aq_ssh_target *target; /* NULL: no SSH */
    aq_deadline deadline;
    aq_deadline ssh_from;
};

/* Begins with the ways that can be tried by now. The agent serves one process at a time: when another has it,
   the next turn tries again. */
static int begin_ways(struct search *search, struct aq_error *err)
{
    struct aq_error busy = {0};
    struct aq_guest *guest = search->guest;
    if (guest->helper.channel == NULL && aq_guest_try_helper(guest, search->deadline, err) < 0)
        return -1;
    if (guest->agent.channel == NULL && aq_guest_try_agent(guest, aq_now(), &busy) < 0 &&
        busy.code != AQ_E_VM_BUSY)
        return aq_fail(err, busy.code, "%s", busy.text);
    if (guest->ssh == NULL && search->target != NULL && aq_ms_left(search->ssh_from) == 0)
        guest->ssh = aq_channel_open_ssh(search->target);
    return 0;
}

/* How long to wait for those before the others are looked at. */
static aq_deadline next_turn(const struct search *search)
{
    const struct aq_guest *guest = search->guest;
    aq_deadline until = search->deadline;
    if (guest->agent.channel == NULL || guest->ssh != NULL)
        until = aq_earlier(until, aq_after_ms(SLICE_MS));
    if (guest->ssh == NULL && search->target != NULL)
        until = aq_earlier(until, search->ssh_from);
    return until;
}

static bool is_ready_soon(struct aq_channel *channel, int64_t milliseconds)
{
    struct aq_error ignored = {0};
    return channel != NULL && aq_channel_ready(channel, aq_after_ms(milliseconds), &ignored) == 0;
}

static void add_reason(struct aq_guest *guest, struct aq_channel *channel, const char *otherwise)
{
    struct aq_error why = {0};
    if (channel != NULL)
        aq_channel_ready(channel, aq_now(), &why);
    size_t used = strlen(guest->reason);
    snprintf(guest->reason + used, sizeof guest->reason - used, "%s%.400s", used > 0 ? "; " : "",
             channel == NULL ? otherwise : why.text);
}

/* The agent has been asked. If nobody took its answer it would try to write it again and again, and the guest
   would not come to rest. */
static void hear_agent_out(struct aq_channel *agent)
{
    if (agent != NULL && agent->port.guest_open(agent->port.data) == 1)
        is_ready_soon(agent, AGENT_ANSWER_MS);
}

/* Is it there? Then the agent need not be asked. */
static bool take_helper(struct search *search)
{
    struct aq_error later = {0};
    struct aq_guest *guest = search->guest;
    if (aq_guest_try_helper(guest, search->deadline, &later) < 0)
        return false; /* it is tried again with the others */
    struct aq_channel *helper = guest->helper.channel;
    if (!is_ready_soon(helper, HELPER_FIRST_MS) &&
        (helper->port.guest_open(helper->port.data) != 1 || !is_ready_soon(helper, HELPER_GRACE_MS)))
        return false;
    aq_guest_take(guest, helper);
    return true;
}

static void take_first(struct search *search, int first)
{
    struct aq_guest *guest = search->guest;
    struct aq_channel *const ways[WAYS] = {guest->helper.channel, guest->agent.channel, guest->ssh};
    struct aq_channel *const ports[] = {ways[HELPER], ways[AGENT]};
    struct aq_error ignored = {0};
    if (first == SSH) {
        int better = aq_channel_first_ready(ports, 2, aq_after_ms(PORTS_GRACE_MS), &ignored);
        first = better >= 0 ? better : SSH;
    }
    if (first == AGENT && is_ready_soon(ways[HELPER], HELPER_GRACE_MS))
        first = HELPER;
    if (first == SSH) {
        add_reason(guest, ways[HELPER], "");
        add_reason(guest, ways[AGENT], "another process is using the agent");
    }
    if (first != AGENT)
        hear_agent_out(ways[AGENT]);
    aq_guest_take(guest, ways[first]);
}

/* No way has answered, and there is no more time, or there is no VM any more. */
static int fail(const struct search *search, const struct aq_error *why, struct aq_error *err)
{
    struct aq_error ssh = {0};
    aq_fail(err, why->code, "%s", why->text);
    if (search->guest->ssh == NULL || aq_error_rc(why->code) == AQ_RC_INTERRUPTED)
        return -1;
    aq_channel_ready(search->guest->ssh, aq_now(), &ssh);
    size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, "; nor is there a way through SSH: %s", ssh.text);
    return -1;
}

/* QEMU has closed the ports: nothing else will answer either. */
static bool is_gone(struct aq_channel *channel)
{
    struct aq_error why = {0};
    return channel != NULL && aq_channel_ready(channel, aq_now(), &why) < 0 &&
           why.code == AQ_E_VM_NOT_RUNNING;
}

int aq_guest_open_auto(struct aq_guest *guest, const struct aq_ssh_target *target, aq_deadline deadline,
                       struct aq_error *err)
{
    struct search search = {guest, target, deadline, aq_after_ms(SSH_AFTER_MS)};
    if (take_helper(&search))
        return 0;
    for (;;) {
        if (begin_ways(&search, err) < 0)
            return -1;
        struct aq_error silent = {0};
        struct aq_channel *const ways[WAYS] = {guest->helper.channel, guest->agent.channel, guest->ssh};
        int first = aq_channel_first_ready(ways, WAYS, next_turn(&search), &silent);
        if (first >= 0) {
            take_first(&search, first);
            return 0;
        }
        if (aq_error_rc(silent.code) == AQ_RC_INTERRUPTED || silent.code == AQ_E_VM_NOT_RUNNING ||
            aq_ms_left(deadline) == 0 || is_gone(ways[HELPER]))
            return fail(&search, &silent, err);
        if (aq_sleep_until(aq_after_ms(BUSY_PAUSE_MS), err) < 0)
            return -1;
    }
}
