/* SPDX-License-Identifier: MIT */
#include "qemu/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char *const names[AQ_SOCKETS] = {
    [AQ_QEMU_QMP] = "qmp",
    [AQ_QEMU_AGENT] = "agent",
    [AQ_QEMU_HELPER] = "helper0",
    [AQ_QEMU_HELPER + 1] = "helper1",
    [AQ_QEMU_HELPER + 2] = "helper2",
    [AQ_QEMU_HELPER + 3] = "helper3",
    [AQ_SOCKET_CONSOLE] = "console",
    [AQ_SOCKET_CONTROL] = "control",
};
_Static_assert(AQ_HELPER_PORTS == 4, "every helper port has its name above");

/* Connections that were given up before QEMU took them stay in the queue; only a QEMU that hangs lets it
 * fill. */
#define BACKLOG 64

/* Room for "helper0.lock" and the like. */
#define NAME_SIZE 32

const char *aq_qemu_socket_name(enum aq_qemu_socket which)
{
    return names[which];
}

static void socket_file(enum aq_qemu_socket which, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "%s.sock", names[which]);
}

/* The address of a socket in an open folder, short however deep the folder lies. */
static struct sockaddr_un address_of(int runtime_dir, enum aq_qemu_socket which)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char name[NAME_SIZE];
    socket_file(which, name);
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", runtime_dir, name);
    return address;
}

static int make_socket(enum aq_qemu_socket which)
{
    int type = which == AQ_SOCKET_CONTROL ? SOCK_SEQPACKET : SOCK_STREAM;
    return socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int aq_qemu_socket_make(int runtime_dir, enum aq_qemu_socket which, struct aq_error *err)
{
    char name[NAME_SIZE];
    socket_file(which, name);
    if (unlinkat(runtime_dir, name, 0) < 0 && errno != ENOENT)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot remove the stale socket %s", name);
    aq_autoclose int fd = make_socket(which);
    if (fd < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make a socket");
    struct sockaddr_un address = address_of(runtime_dir, which);
    /* The file takes the mode that the socket has when it is bound: it is never open to others, not for a
     * moment. */
    if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(fd, BACKLOG) < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot listen on %s in the VM's runtime folder", name);
    return aq_steal_fd(&fd);
}

int aq_qemu_sockets_make(int runtime_dir, int fds[AQ_QEMU_SOCKETS], struct aq_error *err)
{
    for (unsigned i = 0; i < AQ_QEMU_SOCKETS; i++)
        fds[i] = -1;
    for (unsigned i = 0; i < AQ_QEMU_SOCKETS; i++) {
        fds[i] = aq_qemu_socket_make(runtime_dir, i, err);
        if (fds[i] < 0) {
            aq_qemu_sockets_close(fds);
            aq_qemu_sockets_unlink(runtime_dir);
            return -1;
        }
    }
    return 0;
}

void aq_qemu_sockets_close(int fds[AQ_QEMU_SOCKETS])
{
    for (unsigned i = 0; i < AQ_QEMU_SOCKETS; i++) {
        aq_cleanup_close(&fds[i]);
        fds[i] = -1;
    }
}

void aq_qemu_sockets_unlink(int runtime_dir)
{
    for (unsigned i = 0; i < AQ_SOCKETS; i++) {
        char name[NAME_SIZE];
        socket_file(i, name);
        unlinkat(runtime_dir, name, 0);
    }
}

/* Takes the socket's lock if it is free: 1 and the lock in *lock, 0 when another process has it, -1 on error.
 */
static int try_lock(int runtime_dir, enum aq_qemu_socket which, int *lock, struct aq_error *err)
{
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s.lock", names[which]);
    aq_autoclose int fd = openat(runtime_dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot open %s in the VM's runtime folder", name);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            return 0;
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot lock %s in the VM's runtime folder", name);
    }
    *lock = aq_steal_fd(&fd);
    return 1;
}

/* Takes the first free lock of `count` sockets from `first` on, waiting until the deadline. A lock that is
   freed gives no event that could be waited for together with an interruption, hence the tries. */
static int lock_first_free(int runtime_dir, enum aq_qemu_socket first, unsigned count, aq_deadline deadline,
                           struct aq_qemu_connection *connection, struct aq_error *err)
{
    for (int64_t pause_ms = 1;; pause_ms = pause_ms < 16 ? pause_ms * 2 : 16) {
        for (unsigned i = 0; i < count; i++) {
            int taken = try_lock(runtime_dir, first + i, &connection->lock, err);
            if (taken < 0)
                return -1;
            connection->which = first + i;
            if (taken > 0)
                return 0;
        }
        if (aq_ms_left(deadline) == 0)
            return aq_fail(err, AQ_E_VM_BUSY, "another process is speaking to the VM's %s%s; try again later",
                           names[first], count > 1 ? " and the other helper ports" : "");
        if (aq_sleep_until(aq_after_ms(pause_ms), err) < 0)
            return -1;
    }
}

/* Connects now: QEMU listens or it does not. */
static int connect_locked(int runtime_dir, struct aq_qemu_connection *connection, struct aq_error *err)
{
    connection->fd = make_socket(connection->which);
    if (connection->fd < 0)
        return aq_fail_errno(err, AQ_E_IO, errno, "cannot make a socket");
    struct sockaddr_un address = address_of(runtime_dir, connection->which);
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) == 0)
        return 0;
    if (errno == ENOENT || errno == ECONNREFUSED)
        return aq_fail(err, AQ_E_VM_NOT_RUNNING, "the VM is not running: nobody listens on its %s socket",
                       names[connection->which]);
    if (errno == EAGAIN)
        return aq_fail(err, AQ_E_VM_BUSY,
                       "the VM's QEMU hangs: it has taken no connection on its %s socket for long",
                       names[connection->which]);
    return aq_fail_errno(err, AQ_E_IO, errno, "cannot connect to the VM's %s socket",
                         names[connection->which]);
}

static int connect_first_free(int runtime_dir, enum aq_qemu_socket first, unsigned count,
                              aq_deadline deadline, struct aq_qemu_connection *connection,
                              struct aq_error *err)
{
    *connection = AQ_QEMU_UNCONNECTED;
    if (lock_first_free(runtime_dir, first, count, deadline, connection, err) == 0 &&
        connect_locked(runtime_dir, connection, err) == 0)
        return 0;
    aq_qemu_disconnect(connection);
    return -1;
}

int aq_qemu_connect(int runtime_dir, enum aq_qemu_socket which, aq_deadline deadline,
                    struct aq_qemu_connection *connection, struct aq_error *err)
{
    return connect_first_free(runtime_dir, which, 1, deadline, connection, err);
}

int aq_qemu_connect_helper(int runtime_dir, aq_deadline deadline, struct aq_qemu_connection *connection,
                           struct aq_error *err)
{
    return connect_first_free(runtime_dir, AQ_QEMU_HELPER, AQ_HELPER_PORTS, deadline, connection, err);
}

void aq_qemu_disconnect(struct aq_qemu_connection *connection)
{
    aq_cleanup_close(&connection->fd); /* first, so that whoever gets the lock is the next in QEMU's queue */
    aq_cleanup_close(&connection->lock);
    *connection = AQ_QEMU_UNCONNECTED;
}
