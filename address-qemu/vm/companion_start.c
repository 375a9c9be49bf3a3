/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/net.h"
#include "util/libexec.h"
#include "vm/companion.h"
#include "vm/forward.h"
#include "vm/network.h"
#include "vm/private_network.h"

enum {
    ANSWERS_MS = 20000,     /* a process's start, on a busy host */
    FOLLOWS_MS = 3000,      /* after QEMU's end: it has a console's last words to write */
    CABLE_BUFFER = 1 << 20, /* of the cable, each way: some frames of 64 KiB; the host may give less */
};

/* A start under way. */
struct start {
    const struct aq_vm *vm;
    int vm_folder, run_folder;
    struct aq_run *run;
    struct aq_companion_ends *ends;
    int control, console, cable; /* our end, and the companion's of the two that it shares with QEMU */
    aq_deadline deadline;
};

static void start_close(struct start *start)
{
    aq_cleanup_close(&start->control);
    aq_cleanup_close(&start->console);
    aq_cleanup_close(&start->cable);
}

void aq_companion_ends_close(struct aq_companion_ends *ends)
{
    aq_cleanup_close(&ends->console);
    aq_cleanup_close(&ends->cable);
    *ends = AQ_COMPANION_NO_ENDS;
}

static int make_pair(int type, int *ours, int *theirs, struct aq_error *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make a pair of sockets for the VM's companion");
    *ours = ends[0];
    *theirs = ends[1];
    return 0;
}

static int make_cable(struct start *start, struct aq_error *err)
{
    int size = CABLE_BUFFER;
    start->ends->mtu = AQ_NET_MTU;
    if (make_pair(SOCK_SEQPACKET, &start->cable, &start->ends->cable, err) < 0)
        return -1;
    setsockopt(start->cable, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    setsockopt(start->ends->cable, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    return 0;
}

/* Its own words go where QEMU's go. */
static int spawn(struct start *start, int log, struct aq_error *err)
{
    aq_autoclose int theirs = -1;
    aq_autofree char *program = aq_libexec_path("companion", AQ_E_COMPANION_MISSING, err);
    if (program == NULL || make_pair(SOCK_SEQPACKET, &start->control, &theirs, err) < 0)
        return -1;
    aq_autofree char *number = aq_format("%d", theirs);
    const char *const argv[] = {program, start->vm->name, number, NULL};
    return aq_process_detach(argv, log, &theirs, 1, &start->run->companion, err);
}

#define tell(start, passed, err, ...)                                                                        \
    aq_companion_call((start)->control, passed, NULL, (start)->deadline, err, __VA_ARGS__)

static int hand_log(struct start *start, const char *file, const char *command, struct aq_error *err)
{
    aq_autoclose int fd =
        openat(start->vm_folder, file, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot open the VM's %s", file);
    return tell(start, fd, err, "%s", command);
}

static int hand_socket(struct start *start, enum aq_qemu_socket which, const char *command,
                       struct aq_error *err)
{
    aq_autoclose int fd = aq_qemu_socket_make(start->run_folder, which, err);
    return fd < 0 ? -1 : tell(start, fd, err, "%s", command);
}

static int set_console(struct start *start, struct aq_error *err)
{
    /* What the last run said is kept until the next: it may tell why this start was needed. */
    renameat(start->vm_folder, AQ_VM_CONSOLE, start->vm_folder, AQ_VM_CONSOLE ".1");
    return hand_log(start, AQ_VM_CONSOLE, "console-log", err) < 0 ||
                   hand_socket(start, AQ_SOCKET_CONSOLE, "console-socket", err) < 0 ||
                   tell(start, start->console, err, "console") < 0
               ? -1
               : 0;
}

/* Each with a host port that is the VM's from here on. */
static int set_forwards(struct start *start, struct aq_error *err)
{
    struct aq_run *run = start->run;
    memcpy(run->ports, start->vm->ports, start->vm->port_count * sizeof *run->ports);
    run->port_count = start->vm->port_count;
    if (aq_run_host_port(run, AQ_SSH_PORT) == 0)
        run->ports[run->port_count++] =
            (struct aq_port_rule){.protocol = "tcp", .address = "127.0.0.1", .guest = AQ_SSH_PORT};
    for (unsigned i = 0; i < run->port_count; i++)
        if (aq_forward_open(start->control, &run->ports[i], start->deadline, err) < 0)
            return aq_error_context(err, "VM %s cannot start", start->vm->name);
    return 0;
}

static int set_card(struct start *start, struct aq_error *err)
{
    char address[AQ_IP_TEXT], domain[AQ_PRIVATE_DOMAIN];
    const struct aq_vm *vm = start->vm;
    bool private = aq_private_network_has(vm);
    return tell(start, start->cable, err, "card %s %s", vm->mac, aq_network_address(vm, address)) < 0 ||
                   hand_log(start, AQ_VM_DROPS, "drop-log", err) < 0 ||
                   tell(start, -1, err, "lease %s %s", vm->name,
                        private ? aq_private_network_domain(vm, domain) : "-") < 0
               ? -1
               : 0;
}

/* The others of its private network first: rules may have their names. */
static int set_network(struct start *start, struct aq_error *err)
{
    if (set_card(start, err) < 0 ||
        (aq_private_network_has(start->vm) &&
         aq_private_network_join(start->vm, start->run_folder, start->control, start->deadline, err) < 0) ||
        aq_network_tell_rules(start->control, start->vm->egress, start->deadline, err) < 0)
        return -1;
    return set_forwards(start, err);
}

static int set_up(struct start *start, struct aq_error *err)
{
    bool network = aq_network_has_gateway(start->vm);
    aq_autoclose int networks =
        network && aq_private_network_has(start->vm) ? aq_private_network_lock(err) : -1;
    if (network && aq_private_network_has(start->vm) && networks < 0)
        return -1;
    if (make_pair(SOCK_STREAM, &start->console, &start->ends->console, err) < 0 ||
        (network && make_cable(start, err) < 0) || set_console(start, err) < 0 ||
        (network && set_network(start, err) < 0) ||
        hand_socket(start, AQ_SOCKET_CONTROL, "control-socket", err) < 0)
        return -1;
    return tell(start, -1, err, "start");
}

int aq_companion_start(const struct aq_vm *vm, int vm_folder, int run_folder, struct aq_run *run,
                       struct aq_companion_ends *ends, struct aq_error *err)
{
    aq_cleanup(start_close) struct start start = {.vm = vm,
                                                  .vm_folder = vm_folder,
                                                  .run_folder = run_folder,
                                                  .run = run,
                                                  .ends = ends,
                                                  .control = -1,
                                                  .console = -1,
                                                  .cable = -1,
                                                  .deadline = aq_after_ms(ANSWERS_MS)};
    *ends = AQ_COMPANION_NO_ENDS;
    aq_autoclose int log =
        openat(vm_folder, AQ_VM_LOG, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (log < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot open the VM's %s", AQ_VM_LOG);
    if (spawn(&start, log, err) < 0)
        return -1;
    if (set_up(&start, err) == 0)
        return 0;
    aq_companion_ends_close(ends);
    aq_cleanup_close(&start.control); /* it ends when whoever starts it is gone */
    start.control = -1;
    aq_companion_settle(&run->companion);
    return -1;
}

void aq_companion_settle(const struct aq_process_id *companion)
{
    struct aq_error ignored = {0};
    if (companion->pid <= 0)
        return;
    aq_interrupt_hold();
    if (aq_process_wait_gone(companion, aq_after_ms(FOLLOWS_MS), &ignored) == 0 &&
        aq_process_signal(companion, SIGKILL))
        aq_process_wait_gone(companion, aq_after_ms(FOLLOWS_MS), &ignored);
    aq_interrupt_release();
}
