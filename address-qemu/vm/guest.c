/* SPDX-License-Identifier: MIT */
#include "vm/guest.h"

#include <string.h>

#include "qemu/qmp.h"
#include "util/clock.h"
#include "vm/console.h"
#include "vm/guest_auto.h"
#include "vm/halt.h"
#include "vm/serial.h"
#include "vm/ssh.h"

enum {
    BOOT_MS = 180000,  /* a guest without KVM on a busy host may need this long */
    VERDICT_MS = 6000, /* a guest that is up answers within milliseconds; a silent agent is given 5 s */
    QMP_MS = 2000,
    CONSOLE_LINES = 12,
    SERIAL_MS = 60000, /* for a login at the console, when all else has failed */
};

enum aq_method aq_method_of(const char *name)
{
    static const struct {
        const char *name;
        enum aq_method method;
    } methods[] = {{"helper", AQ_METHOD_HELPER},
                   {"agent", AQ_METHOD_AGENT},
                   {"guest-agent", AQ_METHOD_AGENT}, /* as the original had it */
                   {"ssh", AQ_METHOD_SSH},
                   {"serial", AQ_METHOD_SERIAL}};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(methods[i].name, name) == 0)
            return methods[i].method;
    return AQ_METHOD_AUTO;
}

bool aq_guest_is_booting(const struct aq_run *run)
{
    return aq_uptime_ms(run->process.start_time) < BOOT_MS;
}

aq_deadline aq_guest_patience(const struct aq_run *run)
{
    int64_t left = BOOT_MS - aq_uptime_ms(run->process.start_time);
    return aq_after_ms(left > VERDICT_MS ? left : VERDICT_MS);
}

bool aq_guest_listens(const struct aq_run *run)
{
    static const enum aq_qemu_socket ports[] = {AQ_QEMU_HELPER, AQ_QEMU_AGENT};
    struct aq_error ignored = {0};
    aq_deadline deadline = aq_after_ms(QMP_MS);
    aq_autoclose int folder = aq_run_open_folder(run, &ignored);
    aq_autoqmp struct aq_qmp *qmp = folder < 0 ? NULL : aq_qmp_connect(folder, deadline, &ignored);
    for (size_t i = 0; qmp != NULL && i < sizeof ports / sizeof *ports; i++)
        if (aq_qmp_port_open(qmp, ports[i], deadline, &ignored) != 0)
            return true;
    return qmp == NULL;
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

int aq_guest_try_helper(struct aq_guest *guest, aq_deadline deadline, struct aq_error *err)
{
    if (aq_qemu_connect_helper(guest->run_folder, deadline, &guest->helper.connection, err) < 0)
        return -1;
    const struct aq_channel_port port = port_of(guest, &guest->helper);
    guest->helper.channel = aq_channel_open_helper(&port);
    return 0;
}

int aq_guest_try_agent(struct aq_guest *guest, aq_deadline deadline, struct aq_error *err)
{
    if (aq_qemu_connect(guest->run_folder, AQ_QEMU_AGENT, deadline, &guest->agent.connection, err) < 0)
        return -1;
    const struct aq_channel_port port = port_of(guest, &guest->agent);
    guest->agent.channel = aq_channel_open_agent(&port);
    return 0;
}

static void drop_way(struct aq_guest_way *way)
{
    aq_channel_close(way->channel);
    way->channel = NULL;
    aq_qemu_disconnect(&way->connection);
}

static void drop_ssh(struct aq_guest *guest)
{
    aq_channel_close(guest->ssh);
    guest->ssh = NULL;
}

void aq_guest_take(struct aq_guest *guest, struct aq_channel *channel)
{
    guest->channel = channel;
    if (channel != guest->helper.channel)
        drop_way(&guest->helper);
    if (channel != guest->agent.channel)
        drop_way(&guest->agent);
    if (channel != guest->ssh)
        drop_ssh(guest);
    if (channel != guest->serial.channel)
        drop_way(&guest->serial);
}

static int take_ready(struct aq_guest *guest, struct aq_channel *channel, aq_deadline deadline,
                      struct aq_error *err)
{
    if (aq_channel_ready(channel, deadline, err) < 0)
        return -1;
    guest->channel = channel;
    return 0;
}

/* --- SSH that was asked for --- */

/* Has our key let in through the helper or the agent, and reads the host keys where none is known: what is
   pinned or was said stays. */
static int prepare_ssh(const struct aq_vm *vm, bool known, aq_deadline deadline, struct aq_error *err)
{
    aq_autoguest struct aq_guest inside = AQ_GUEST_CLOSED;
    if (aq_guest_open(vm, AQ_METHOD_PORTS, deadline, &inside, err) < 0)
        return -1;
    return known ? aq_vm_ssh_let_in(vm, inside.channel, err)
                 : aq_vm_ssh_prepare(vm, inside.channel, deadline, err);
}

static int fail_unknown(const struct aq_vm *vm, const struct aq_error *why, struct aq_error *err)
{
    return aq_fail(
        err, AQ_E_SSH_HOST_KEY_UNKNOWN,
        "the host key of the VM %s is not known, and it cannot be asked for it: %s. `configure_ssh "
        "vm=%s host_key=SHA256:…` says which it is, trust=first takes the one that is seen first",
        vm->name, why->text, vm->name);
}

static int connect_ssh(const struct aq_vm *vm, const struct aq_run *run, aq_deadline deadline,
                       struct aq_guest *guest, struct aq_error *err)
{
    drop_ssh(guest);
    if (aq_vm_ssh_target(vm, run, &guest->target, err) < 0)
        return -1;
    guest->ssh = aq_channel_open_ssh(&guest->target);
    if (take_ready(guest, guest->ssh, deadline, err) < 0)
        return -1;
    return aq_vm_ssh_keep(vm, &guest->target, guest->ssh, err);
}

/* A guest that does not let our key in may not have been told of it; if there is no way to tell it, the
   refusal stands. */
static int open_ssh(const struct aq_vm *vm, const struct aq_run *run, aq_deadline deadline,
                    struct aq_guest *guest, struct aq_error *err)
{
    struct aq_error refusal = {0}, why = {0};
    if (aq_vm_ssh_target(vm, run, &guest->target, err) < 0)
        return -1;
    bool known = aq_vm_ssh_is_known(vm);
    if (!known && prepare_ssh(vm, false, deadline, &why) < 0)
        return aq_error_rc(why.code) == AQ_RC_INTERRUPTED ? aq_fail(err, why.code, "%s", why.text)
                                                          : fail_unknown(vm, &why, err);
    if (connect_ssh(vm, run, deadline, guest, &refusal) == 0)
        return 0;
    if (known && refusal.code == AQ_E_SSH_KEY_REFUSED &&
        prepare_ssh(vm, true, aq_earlier(deadline, aq_after_ms(VERDICT_MS)), &why) == 0)
        return connect_ssh(vm, run, deadline, guest, err);
    aq_fail(err, refusal.code, "%s", refusal.text);
    if (refusal.code == AQ_E_SSH_SILENT || refusal.code == AQ_E_SSH_CLOSED ||
        refusal.code == AQ_E_SSH_UNREACHABLE)
        aq_guest_add_console(vm, err);
    return -1;
}

/* --- the console --- */

static int open_serial(const struct aq_vm *vm, aq_deadline deadline, struct aq_guest *guest,
                       struct aq_error *err)
{
    if (aq_vm_serial_login(vm, &guest->login, err) < 0 ||
        aq_qemu_connect(guest->run_folder, AQ_SOCKET_CONSOLE, deadline, &guest->serial.connection, err) < 0)
        return -1;
    const struct aq_channel_port port = {.fd = aq_steal_fd(&guest->serial.connection.fd)};
    guest->serial.channel = aq_channel_open_serial(&port, &guest->login);
    if (take_ready(guest, guest->serial.channel, deadline, err) == 0)
        return 0;
    if (err->code == AQ_E_GUEST_NOT_READY)
        aq_guest_add_console(vm, err);
    return -1;
}

/* When nothing else has answered, and somebody has said who logs in there. */
static int come_down_to_serial(const struct aq_vm *vm, const struct aq_error *why, struct aq_guest *guest,
                               struct aq_error *err)
{
    struct aq_error own = {0};
    bool said = vm->console.user != NULL && vm->console.user[0] != '\0';
    if (said && aq_error_rc(why->code) != AQ_RC_INTERRUPTED && why->code != AQ_E_VM_NOT_RUNNING) {
        drop_way(&guest->helper);
        drop_way(&guest->agent);
        drop_ssh(guest);
        if (open_serial(vm, aq_after_ms(SERIAL_MS), guest, &own) == 0) {
            snprintf(guest->reason, sizeof guest->reason, "%.1000s", why->text);
            return 0;
        }
    }
    aq_fail(err, why->code, "%s", why->text);
    size_t used = strlen(err->text);
    if (own.code != AQ_OK)
        snprintf(err->text + used, sizeof err->text - used, "; nor is there a way by the console: %.1500s",
                 own.text);
    return -1;
}

/* --- all of them --- */

/* Through what needs no network. */
static int open_port(enum aq_method method, aq_deadline deadline, struct aq_guest *guest,
                     struct aq_error *err)
{
    switch (method) {
    case AQ_METHOD_HELPER:
        return aq_guest_try_helper(guest, deadline, err) < 0
                   ? -1
                   : take_ready(guest, guest->helper.channel, deadline, err);
    case AQ_METHOD_AGENT:
        return aq_guest_try_agent(guest, deadline, err) < 0
                   ? -1
                   : take_ready(guest, guest->agent.channel, deadline, err);
    default:
        return aq_guest_open_auto(guest, NULL, deadline, err);
    }
}

static int open_any(const struct aq_vm *vm, const struct aq_run *run, aq_deadline deadline,
                    struct aq_guest *guest, struct aq_error *err)
{
    struct aq_error unusable = {0};
    bool ssh = aq_vm_ssh_is_known(vm) && aq_vm_ssh_target(vm, run, &guest->target, &unusable) == 0;
    struct aq_error why = {0};
    if (aq_guest_open_auto(guest, ssh ? &guest->target : NULL, deadline, &why) == 0)
        return 0;
    return come_down_to_serial(vm, &why, guest, err);
}

int aq_guest_open_run(const struct aq_run *run, enum aq_method method, aq_deadline deadline,
                      struct aq_guest *guest, struct aq_error *err)
{
    guest->run_folder = aq_run_open_folder(run, err);
    return guest->run_folder < 0 ? -1 : open_port(method, deadline, guest, err);
}

static int open_running(const struct aq_vm *vm, const struct aq_run *run, enum aq_method method,
                        aq_deadline deadline, struct aq_guest *guest, struct aq_error *err)
{
    if (method == AQ_METHOD_PORTS)
        return aq_guest_open_run(run, method, deadline, guest, err);
    guest->run_folder = aq_run_open_folder(run, err);
    if (guest->run_folder < 0)
        return -1;
    if (method == AQ_METHOD_SSH)
        return open_ssh(vm, run, deadline, guest, err);
    if (method == AQ_METHOD_SERIAL)
        return open_serial(vm, deadline, guest, err);
    if ((method == AQ_METHOD_AUTO ? open_any(vm, run, deadline, guest, err)
                                  : open_port(method, deadline, guest, err)) < 0)
        return -1;
    if (guest->channel != guest->ssh && guest->channel != guest->serial.channel)
        aq_vm_ssh_learn(vm, run, guest->channel);
    return 0;
}

int aq_guest_open(const struct aq_vm *vm, enum aq_method method, aq_deadline deadline, struct aq_guest *guest,
                  struct aq_error *err)
{
    struct aq_run run = {0};
    if (aq_run_need(vm, &run, err) < 0)
        return -1;
    if (open_running(vm, &run, method, deadline, guest, err) == 0)
        return 0;
    aq_vm_blame_halt(vm, err);
    return -1;
}

void aq_guest_close(struct aq_guest *guest)
{
    drop_way(&guest->helper);
    drop_way(&guest->agent);
    drop_ssh(guest);
    drop_way(&guest->serial);
    aq_vm_serial_login_free(&guest->login);
    aq_vm_ssh_target_free(&guest->target);
    aq_cleanup_close(&guest->run_folder);
    *guest = AQ_GUEST_CLOSED;
}

/* Lines with nothing in them tell nothing; whoever looks for a login's prompt makes many. */
static void drop_blank_lines(struct aq_buffer *text)
{
    size_t to = 0;
    for (size_t at = 0, next; at < text->length; at = next) {
        size_t length = strcspn(text->data + at, "\n");
        next = at + length + (at + length < text->length);
        if (strspn(text->data + at, " \t") >= length)
            continue;
        memmove(text->data + to, text->data + at, next - at);
        to += next - at;
    }
    text->length = to;
    text->data[to] = '\0';
}

void aq_guest_add_console(const struct aq_vm *vm, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer tail = {0};
    struct aq_error ignored = {0};
    if (aq_console_tail(vm, CONSOLE_LINES, &tail, &ignored) < 0 || tail.length == 0)
        return;
    drop_blank_lines(&tail);
    if (tail.length == 0)
        return;
    size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, "\nthe end of the guest's console:\n%s", tail.data);
}
