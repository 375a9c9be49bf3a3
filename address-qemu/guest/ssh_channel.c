/* SPDX-License-Identifier: MIT */
/* The channel through SSH: looking for the server, and the link to it. */
#include "guest/ssh_channel.h"

#include <fcntl.h>

enum {
    STANDS_MS = 1000, /* how long a failure stands before another try is worth it */
    DYING_MS = 300,   /* a QEMU that ends closes its connections a moment before it is gone */
};

void aq_ssh_leave(struct aq_ssh_channel *ssh)
{
    aq_ssh_link_close(ssh->link);
    ssh->link = NULL;
}

static bool is_of_the_way(enum aq_error_code code)
{
    return code == AQ_E_SSH_CONNECTION_LOST || code == AQ_E_SSH_CLOSED || code == AQ_E_SSH_UNREACHABLE ||
           code == AQ_E_SSH_SILENT || code == AQ_E_SSH_PROTOCOL;
}

static int fail_ended(const struct aq_ssh_channel *ssh, struct aq_error *err)
{
    return aq_fail(err, AQ_E_VM_NOT_RUNNING, "QEMU has ended, and the SSH connection to %s with it",
                   ssh->target->name);
}

int aq_ssh_blame(const struct aq_ssh_channel *ssh, struct aq_error *err)
{
    const struct aq_process_id *machine = &ssh->target->machine;
    struct aq_error ignored = {0};
    if (machine->pid == 0 || !is_of_the_way(err->code) ||
        aq_process_wait_gone(machine, aq_after_ms(DYING_MS), &ignored) <= 0)
        return -1;
    *err = (struct aq_error){0};
    return fail_ended(ssh, err);
}

static int fail_again(const struct aq_ssh_channel *ssh, struct aq_error *err)
{
    return aq_fail(err, ssh->failure.code, "%s", ssh->failure.text);
}

static void note_failure(struct aq_ssh_channel *ssh, const struct aq_error *failure)
{
    ssh->failure = *failure;
    aq_ssh_blame(ssh, &ssh->failure);
    ssh->failed_at = aq_now();
    aq_ssh_leave(ssh);
}

/* The channel's descriptor stays what it is, a copy of whatever the link has: whoever polls knows only it. */
static int open_link(struct aq_ssh_channel *ssh, struct aq_error *err)
{
    ssh->link = aq_ssh_link_open(ssh->target, err);
    if (ssh->link == NULL)
        return -1;
    if (ssh->base.port.fd < 0)
        ssh->base.port.fd = fcntl(aq_ssh_link_fd(ssh->link), F_DUPFD_CLOEXEC, 0);
    else
        dup3(aq_ssh_link_fd(ssh->link), ssh->base.port.fd, O_CLOEXEC);
    return 0;
}

/* A server that has closed a connection of which nothing was wanted just then is looked for anew. */
static void leave_if_closed(struct aq_ssh_channel *ssh)
{
    struct aq_error ignored = {0};
    if (ssh->link != NULL && aq_ssh_link_is_ready(ssh->link) && aq_ssh_link_step(ssh->link, &ignored) < 0)
        aq_ssh_leave(ssh);
}

static int ssh_greet(struct aq_channel *channel, struct aq_error *err)
{
    struct aq_ssh_channel *ssh = (struct aq_ssh_channel *)channel;
    struct aq_error failure = {0};
    if (ssh->failure.code != AQ_OK && aq_now() - ssh->failed_at < STANDS_MS * 1000000LL)
        return fail_again(ssh, err);
    leave_if_closed(ssh);
    int state = ssh->link == NULL ? open_link(ssh, &failure) : 0;
    if (state == 0)
        state = aq_ssh_link_step(ssh->link, &failure);
    /* A port that is tried again and again would say so no sooner than at the deadline. */
    if (state == 0 && ssh->target->machine.pid != 0 && !aq_process_alive(&ssh->target->machine))
        state = fail_ended(ssh, &failure);
    ssh->failure.code = AQ_OK;
    if (state >= 0)
        return state;
    note_failure(ssh, &failure);
    return fail_again(ssh, err);
}

static short ssh_greet_events(const struct aq_channel *channel)
{
    (void)channel;
    return POLLIN;
}

static int ssh_verdict(const struct aq_channel *channel, struct aq_error *err)
{
    const struct aq_ssh_channel *ssh = (const struct aq_ssh_channel *)channel;
    return ssh->link != NULL ? aq_ssh_link_verdict(ssh->link, err) : fail_again(ssh, err);
}

static int ssh_ping(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err)
{
    static const char *const argv[] = {"true", NULL};
    const struct aq_guest_exec exec = {.argv = argv, .deadline = deadline};
    aq_autoguestexit struct aq_guest_exit exit = {0};
    const struct aq_ssh_order order = {.exec = &exec, .ending = AQ_SSH_ABANDON, .late = AQ_E_SSH_SILENT};
    return aq_ssh_run((struct aq_ssh_channel *)channel, &order, &exit, err);
}

static const char *nothing(const struct aq_channel *channel)
{
    (void)channel;
    return "";
}

static void ssh_leave(struct aq_channel *channel)
{
    aq_ssh_leave((struct aq_ssh_channel *)channel);
}

static void ssh_close(struct aq_channel *channel)
{
    aq_ssh_leave((struct aq_ssh_channel *)channel);
    free(channel);
}

static const struct aq_channel_ops ssh_ops = {
    .name = "ssh",
    .greet = ssh_greet,
    .greet_events = ssh_greet_events,
    .verdict = ssh_verdict,
    .ping = ssh_ping,
    .exec = aq_ssh_exec,
    .put = aq_ssh_put,
    .get = aq_ssh_get,
    .sync = aq_ssh_sync,
    .build_id = nothing,
    .runner_path = nothing,
    .leave = ssh_leave,
    .close = ssh_close,
};

struct aq_channel *aq_channel_open_ssh(const struct aq_ssh_target *target)
{
    struct aq_ssh_channel *ssh = aq_alloc(sizeof *ssh);
    struct aq_error later = {0};
    ssh->base = (struct aq_channel){.ops = &ssh_ops, .port = {.fd = -1}};
    ssh->target = target;
    ssh_greet(&ssh->base, &later); /* starts looking; what is wrong shows when it is waited for */
    return &ssh->base;
}

const char *aq_channel_host_key(const struct aq_channel *channel)
{
    const struct aq_ssh_channel *ssh = (const struct aq_ssh_channel *)channel;
    return channel->ops == &ssh_ops && ssh->link != NULL ? aq_ssh_link_host_key(ssh->link) : "";
}
