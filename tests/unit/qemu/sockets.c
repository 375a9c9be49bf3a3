/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qemu/sockets.h"
#include "util/memory.h"

struct folder {
    char path[64];
    int fd;
};

static int make_folder(void **state)
{
    struct folder *folder = aq_alloc(sizeof *folder);
    strcpy(folder->path, "aqsockets.XXXXXX");
    if (mkdtemp(folder->path) == NULL)
        return -1;
    folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = folder;
    return folder->fd < 0 ? -1 : 0;
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    for (unsigned i = 0; i < AQ_QEMU_SOCKETS; i++) {
        aq_autofree char *lock = aq_format("%s.lock", aq_qemu_socket_name(i));
        unlinkat(folder->fd, lock, 0);
    }
    close(folder->fd);
    int removed = rmdir(folder->path); /* and nothing else may be left in it */
    free(folder);
    return removed;
}

static void they_are_private_and_answer(void **state)
{
    struct folder *folder = *state;
    struct aq_error err = {0};
    int fds[AQ_QEMU_SOCKETS];
    umask(0);
    assert_ok(aq_qemu_sockets_make(folder->fd, fds, &err));
    umask(022);
    for (unsigned i = 0; i < AQ_QEMU_SOCKETS; i++) {
        struct stat file;
        aq_autofree char *name = aq_format("%s.sock", aq_qemu_socket_name(i));
        assert_int_equal(fstatat(folder->fd, name, &file, AT_SYMLINK_NOFOLLOW), 0);
        assert_int_equal(file.st_mode, S_IFSOCK | 0600);

        aq_autodisconnect struct aq_qemu_connection connection = AQ_QEMU_UNCONNECTED;
        assert_ok(aq_qemu_connect(folder->fd, i, aq_after_ms(1000), &connection, &err));
        aq_autoclose int other = accept4(fds[i], NULL, NULL, SOCK_CLOEXEC);
        assert_true(other >= 0);
        assert_int_equal(write(connection.fd, "hi", 2), 2);
        char text[2];
        assert_int_equal(read(other, text, sizeof text), 2);
        assert_memory_equal(text, "hi", 2);
    }
    aq_qemu_sockets_close(fds);
    aq_qemu_sockets_unlink(folder->fd);
}

static void stale_ones_are_replaced(void **state)
{
    struct folder *folder = *state;
    struct aq_error err = {0};
    int fds[AQ_QEMU_SOCKETS];
    assert_ok(aq_qemu_sockets_make(folder->fd, fds, &err));
    aq_qemu_sockets_close(fds);
    struct aq_qemu_connection connection;
    assert_fails(aq_qemu_connect(folder->fd, AQ_QEMU_QMP, aq_after_ms(1000), &connection, &err),
                 AQ_E_VM_NOT_RUNNING);
    assert_ok(aq_qemu_sockets_make(folder->fd, fds, &err));
    assert_ok(aq_qemu_connect(folder->fd, AQ_QEMU_QMP, aq_after_ms(1000), &connection, &err));
    aq_qemu_disconnect(&connection);
    aq_qemu_sockets_close(fds);
    aq_qemu_sockets_unlink(folder->fd);
    assert_fails(aq_qemu_connect(folder->fd, AQ_QEMU_QMP, aq_after_ms(1000), &connection, &err),
                 AQ_E_VM_NOT_RUNNING);
}

static void a_failure_leaves_none(void **state)
{
    struct folder *folder = *state;
    struct aq_error err = {0};
    int fds[AQ_QEMU_SOCKETS];
    assert_int_equal(mkdirat(folder->fd, "helper3.sock", 0700), 0); /* in the last one's way */
    assert_fails(aq_qemu_sockets_make(folder->fd, fds, &err), AQ_E_IO);
    for (unsigned i = 0; i < AQ_QEMU_SOCKETS; i++) {
        aq_autofree char *name = aq_format("%s.sock", aq_qemu_socket_name(i));
        assert_int_equal(fds[i], -1);
        assert_int_equal(faccessat(folder->fd, name, F_OK, 0), i == AQ_QEMU_SOCKETS - 1 ? 0 : -1);
    }
    assert_int_equal(unlinkat(folder->fd, "helper3.sock", AT_REMOVEDIR), 0);
}

/* Longer than any socket's path may be. */
static void a_deep_folder_is_no_obstacle(void **state)
{
    struct folder *folder = *state;
    struct aq_error err = {0};
    char name[201];
    memset(name, 'd', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(mkdirat(folder->fd, name, 0700), 0);
    int deep = openat(folder->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fds[AQ_QEMU_SOCKETS];
    struct aq_qemu_connection connection;
    assert_ok(aq_qemu_sockets_make(deep, fds, &err));
    assert_ok(aq_qemu_connect(deep, AQ_QEMU_AGENT, aq_after_ms(1000), &connection, &err));
    aq_qemu_disconnect(&connection);
    aq_qemu_sockets_close(fds);
    aq_qemu_sockets_unlink(deep);
    unlinkat(deep, "agent.lock", 0);
    close(deep);
    assert_int_equal(unlinkat(folder->fd, name, AT_REMOVEDIR), 0);
}

/* Another process that connects, says so, and keeps the connection until it is told to let go. */
struct holder {
    pid_t pid;
    int said, told;
};

static struct holder hold(int dir, enum aq_qemu_socket which)
{
    int up[2], down[2];
    assert_int_equal(pipe2(up, O_CLOEXEC), 0);
    assert_int_equal(pipe2(down, O_CLOEXEC), 0);
    struct holder holder = {.pid = fork(), .said = up[0], .told = down[1]};
    assert_true(holder.pid >= 0);
    if (holder.pid == 0) {
        struct aq_error err = {0};
        struct aq_qemu_connection connection;
        char c = aq_qemu_connect(dir, which, aq_after_ms(60000), &connection, &err) == 0 ? 'y' : 'n';
        close(down[1]);
        if (write(up[1], &c, 1) != 1 || read(down[0], &c, 1) < 0)
            _exit(1);
        _exit(0);
    }
    close(up[1]);
    close(down[0]);
    return holder;
}

static void expect_connected(const struct holder *holder)
{
    char c = 0;
    assert_int_equal(read(holder->said, &c, 1), 1);
    assert_int_equal(c, 'y');
}

static void let_go(struct holder *holder)
{
    int status;
    assert_int_equal(write(holder->told, "x", 1), 1);
    close(holder->told);
    close(holder->said);
    assert_int_equal(waitpid(holder->pid, &status, 0), holder->pid);
    assert_int_equal(status, 0);
}

static void a_second_process_waits_its_turn(void **state)
{
    struct folder *folder = *state;
    struct aq_error err = {0};
    int fds[AQ_QEMU_SOCKETS];
    struct aq_qemu_connection connection;
    assert_ok(aq_qemu_sockets_make(folder->fd, fds, &err));
    struct holder holder = hold(folder->fd, AQ_QEMU_QMP);
    expect_connected(&holder);
    assert_fails(aq_qemu_connect(folder->fd, AQ_QEMU_QMP, aq_after_ms(50), &connection, &err), AQ_E_VM_BUSY);
    assert_int_equal(connection.fd, -1);
    aq_interrupt();
    assert_fails(aq_qemu_connect(folder->fd, AQ_QEMU_QMP, AQ_FOREVER, &connection, &err), AQ_E_INTERRUPTED);
    aq_interrupt_clear();
    assert_ok(
        aq_qemu_connect(folder->fd, AQ_QEMU_AGENT, aq_after_ms(0), &connection, &err)); /* another one */
    aq_qemu_disconnect(&connection);

    struct holder next = hold(folder->fd, AQ_QEMU_QMP); /* waits now */
    let_go(&holder);
    expect_connected(&next);
    let_go(&next);
    aq_qemu_sockets_close(fds);
    aq_qemu_sockets_unlink(folder->fd);
}

/* Connections that nobody takes: what a QEMU that hangs looks like after many tries. */
static void a_full_queue_is_told(void **state)
{
    struct folder *folder = *state;
    struct aq_error err = {0};
    int fds[AQ_QEMU_SOCKETS];
    struct aq_qemu_connection connection;
    assert_ok(aq_qemu_sockets_make(folder->fd, fds, &err));
    int tries = 0;
    while (tries < 1000 &&
           aq_qemu_connect(folder->fd, AQ_QEMU_QMP, aq_after_ms(1000), &connection, &err) == 0) {
        aq_qemu_disconnect(&connection);
        tries++;
    }
    assert_in_range(tries, 32, 999);
    assert_fails(-1, AQ_E_VM_BUSY);
    aq_qemu_sockets_close(fds);
    aq_qemu_sockets_unlink(folder->fd);
}

static void a_killed_process_frees_its_turn(void **state)
{
    struct folder *folder = *state;
    struct aq_error err = {0};
    int fds[AQ_QEMU_SOCKETS];
    struct aq_qemu_connection connection;
    assert_ok(aq_qemu_sockets_make(folder->fd, fds, &err));
    struct holder holder = hold(folder->fd, AQ_QEMU_QMP);
    expect_connected(&holder);
    kill(holder.pid, SIGKILL);
    assert_ok(aq_qemu_connect(folder->fd, AQ_QEMU_QMP, aq_after_ms(60000), &connection, &err));
    aq_qemu_disconnect(&connection);
    waitpid(holder.pid, NULL, 0);
    close(holder.said);
    close(holder.told);
    aq_qemu_sockets_close(fds);
    aq_qemu_sockets_unlink(folder->fd);
}

static void helpers_are_taken_one_after_the_other(void **state)
{
    struct folder *folder = *state;
    struct aq_error err = {0};
    int fds[AQ_QEMU_SOCKETS];
    struct aq_qemu_connection helpers[AQ_HELPER_PORTS], more;
    assert_ok(aq_qemu_sockets_make(folder->fd, fds, &err));
    for (unsigned i = 0; i < AQ_HELPER_PORTS; i++) {
        assert_ok(aq_qemu_connect_helper(folder->fd, aq_after_ms(0), &helpers[i], &err));
        assert_int_equal(helpers[i].which, AQ_QEMU_HELPER + i);
    }
    assert_fails(aq_qemu_connect_helper(folder->fd, aq_after_ms(30), &more, &err), AQ_E_VM_BUSY);
    aq_qemu_disconnect(&helpers[2]);
    assert_ok(aq_qemu_connect_helper(folder->fd, aq_after_ms(0), &more, &err));
    assert_int_equal(more.which, AQ_QEMU_HELPER + 2);
    aq_qemu_disconnect(&more);
    for (unsigned i = 0; i < AQ_HELPER_PORTS; i++)
        aq_qemu_disconnect(&helpers[i]);
    aq_qemu_sockets_close(fds);
    aq_qemu_sockets_unlink(folder->fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(they_are_private_and_answer, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(stale_ones_are_replaced, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_failure_leaves_none, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_deep_folder_is_no_obstacle, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_second_process_waits_its_turn, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_full_queue_is_told, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_killed_process_frees_its_turn, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(helpers_are_taken_one_after_the_other, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
