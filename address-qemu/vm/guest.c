/* SPDX-License-Identifier: MIT */
#include "vm/guest.h"

#include <string.h>

#include "qemu/qmp.h"
#include "util/clock.h"
#include "vm/console.h"

enum {
    BOOT_MS = 180000,       /* a guest without KVM on a busy host may need this long */
    VERDICT_MS = 6000,      /* a guest that is up answers within milliseconds; a silent agent is given 5 s */
    HELPER_GRACE_MS = 250,  /* how much later than the agent the helper may come up and still be preferred */
    HELPER_SLICE_MS = 1000, /* between looks at an agent that another process is using */
    BUSY_PAUSE_MS = 50,     /* should the helper's verdict be given at once */
    QMP_MS = 2000,
    CONSOLE_LINES = 12,
};

enum aq_method aq_method_of(const char *name)
{
    return strcmp(name, "helper") == 0  ? AQ_METHOD_HELPER
           : strcmp(name, "agent") == 0 ? AQ_METHOD_AGENT
                                        : AQ_METHOD_AUTO;
}

aq_deadline aq_guest_patience(const struct aq_run *run)
{
    int64_t left = BOOT_MS - aq_uptime_ms(run->process.start_time);
    return aq_after_ms(left > VERDICT_MS ? left : VERDICT_MS);
}

/* Has the guest opened the port? Asked seldom, while a channel waits. */
static int guest_open(void *data)
{
    const struct aq_guest_way *way = data;
    struct aq_error ignored = {0};
    aq_deadline deadline = aq_after_ms(QMP_MS);
    aq_autoqmp struct aq_qmp *qmp = aq_qmp_connect(way->run_folder, deadline, &ignored);
    return qmp != NULL ? aq_qmp_port_open(qmp, way->connection.which, deadline, &ignored) : -1;
}

static struct aq_channel_port port_of(struct aq_guest *guest, struct aq_guest_way *way)
{
    way->run_folder = guest->run_folder;
    return (struct aq_channel_port){aq_steal_fd(&way->connection.fd), guest_open, way};
}

static int try_helper(struct aq_guest *guest, aq_deadline deadline, struct aq_error *err)
{
    if (aq_qemu_connect_helper(guest->run_folder, deadline, &guest->helper.connection, err) < 0)
        return -1;
    const struct aq_channel_port port = port_of(guest, &guest->helper);
    guest->helper.channel = aq_channel_open_helper(&port);
    return 0;
}

static int try_agent(struct aq_guest *guest, aq_deadline deadline, struct aq_error *err)
{
    if (aq_qemu_connect(guest->run_folder, AQ_QEMU_AGENT, deadline, &guest->agent.connection, err) < 0)
        return -1;
    const struct aq_channel_port port = port_of(guest, &guest->agent);
    guest->agent.channel = aq_channel_open_agent(&port);
    return 0;
}

static void drop(struct aq_guest_way *way)
{
    aq_channel_close(way->channel);
    way->channel = NULL;
    aq_qemu_disconnect(&way->connection);
}

static int take_ready(struct aq_guest *guest, struct aq_guest_way *way, aq_deadline deadline,
                      struct aq_error *err)
{
    if (aq_channel_ready(way->channel, deadline, err) < 0)
        return -1;
    guest->channel = way->channel;
    return 0;
}

/* Whichever answers first, but the helper if it is only a moment later. */
static int take_first(struct aq_guest *guest, aq_deadline deadline, struct aq_error *err)
{
    struct aq_channel *const both[] = {guest->helper.channel, guest->agent.channel};
    int first = aq_channel_first_ready(both, 2, deadline, err);
    if (first < 0)
        return -1;
    struct aq_error ignored = {0};
    if (first == 1 && take_ready(guest, &guest->helper, aq_after_ms(HELPER_GRACE_MS), &ignored) < 0)
        guest->channel = guest->agent.channel;
    else
        guest->channel = guest->helper.channel;
    drop(guest->channel == guest->helper.channel ? &guest->agent : &guest->helper);
    return 0;
}

/* The agent serves one process at a time. While another has it, the helper is listened to, and the agent
 * tried now and then: whichever can be had first. */
static int open_beside_another(struct aq_guest *guest, aq_deadline deadline, struct aq_error *err)
{
    for (;;) {
        struct aq_error silent = {0}, busy = {0};
        aq_deadline slice = aq_after_ms(HELPER_SLICE_MS);
        if (take_ready(guest, &guest->helper, slice < deadline ? slice : deadline, &silent) == 0)
            return 0;
        if (try_agent(guest, aq_now(), &busy) == 0)
            return take_first(guest, deadline, err);
        bool wait = aq_error_rc(silent.code) != AQ_RC_INTERRUPTED && silent.code != AQ_E_VM_NOT_RUNNING;
        if (busy.code != AQ_E_VM_BUSY)
            return aq_fail(err, busy.code, "%s", busy.text);
        if (!wait || aq_ms_left(deadline) == 0)
            return aq_fail(err, silent.code, "%s", silent.text);
        if (aq_sleep_until(aq_after_ms(BUSY_PAUSE_MS), err) < 0)
            return -1;
    }
}

static int open_auto(struct aq_guest *guest, aq_deadline deadline, struct aq_error *err)
{
    struct aq_error busy = {0};
    if (try_helper(guest, deadline, err) < 0)
        return -1;
    if (try_agent(guest, aq_now(), &busy) == 0)
        return take_first(guest, deadline, err);
    if (busy.code != AQ_E_VM_BUSY)
        return aq_fail(err, busy.code, "%s", busy.text);
    return open_beside_another(guest, deadline, err);
}

int aq_guest_open(const struct aq_vm *vm, enum aq_method method, aq_deadline deadline, struct aq_guest *guest,
                  struct aq_error *err)
{
    struct aq_run run = {0};
    return aq_run_need(vm, &run, err) < 0 ? -1 : aq_guest_open_run(&run, method, deadline, guest, err);
}

int aq_guest_open_run(const struct aq_run *run, enum aq_method method, aq_deadline deadline,
                      struct aq_guest *guest, struct aq_error *err)
{
    guest->run_folder = aq_run_open_folder(run, err);
    if (guest->run_folder < 0)
        return -1;
    switch (method) {
    case AQ_METHOD_HELPER:
        return try_helper(guest, deadline, err) < 0 ? -1 : take_ready(guest, &guest->helper, deadline, err);
    case AQ_METHOD_AGENT:
        return try_agent(guest, deadline, err) < 0 ? -1 : take_ready(guest, &guest->agent, deadline, err);
    case AQ_METHOD_AUTO:
        break;
    }
    return open_auto(guest, deadline, err);
}

void aq_guest_close(struct aq_guest *guest)
{
    drop(&guest->helper);
    drop(&guest->agent);
    aq_cleanup_close(&guest->run_folder);
    *guest = AQ_GUEST_CLOSED;
}

void aq_guest_add_console(const struct aq_vm *vm, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer tail = {0};
    struct aq_error ignored = {0};
    if (aq_console_tail(vm, CONSOLE_LINES, &tail, &ignored) < 0 || tail.length == 0)
        return;
    size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, "\nthe end of the guest's console:\n%s", tail.data);
}
