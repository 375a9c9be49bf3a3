/* SPDX-License-Identifier: MIT */
/* Files through SSH, to and from a real sshd. */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "put.h"
#include "sshd.h"

static char here[3000];

static const char *in_here(const char *name)
{
    static char path[3200];
    snprintf(path, sizeof path, "%s/%s", here, name);
    return path;
}

static int put(struct aq_channel *channel, int fd, const char *name, struct aq_error *err)
{
    const struct aq_guest_put one = {.fd = fd, .path = in_here(name)};
    return aq_channel_put(channel, &one, err);
}

static void puts_and_gets_files(void **state)
{
    static const size_t sizes[] = {0, 1, 32768, 262144, 10000019};
    struct aq_error err = {0};
    for (size_t i = 0; i < 5; i++) {
        char name[40];
        struct stat status;
        struct aq_guest_file file;
        snprintf(name, sizeof name, "made/so 'deep'/%zu", i);
        aq_autoclose int fd = make_file("source", sizes[i]);
        const struct aq_guest_put there = {
            .fd = fd, .path = in_here(name), .mode = 0640, .make_folders = true};
        assert_ok(aq_channel_put(channel_of(state), &there, &err));
        assert_int_equal(stat(name, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0640);
        aq_autoclose int back = open("back", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        const struct aq_guest_get again = {.path = in_here(name), .fd = back};
        assert_ok(aq_channel_get(channel_of(state), &again, &file, &err));
        assert_int_equal(file.size, sizes[i]);
        assert_int_equal(file.mode, 0640);
        assert_same_contents(fd, back);
        assert_int_equal(lseek(fd, 0, SEEK_CUR), sizes[i]); /* where make_file has left it */
    }
    assert_only("made/so 'deep'", 5);
}

static void replaces_what_is_there(void **state)
{
    struct aq_error err = {0};
    struct stat status;
    mkdir("replaced", 0755);
    mkdir("replaced/folder", 0755);
    aq_autoclose int old = make_file("replaced/file", 5);
    aq_autoclose int fd = make_file("source", 100);
    assert_int_equal(symlink("file", "replaced/link"), 0);
    assert_int_equal(symlink("folder", "replaced/to-folder"), 0);
    assert_ok(put(channel_of(state), fd, "replaced/link", &err));
    assert_ok(put(channel_of(state), fd, "replaced/to-folder", &err));
    assert_int_equal(lstat("replaced/link", &status), 0);
    assert_true(S_ISREG(status.st_mode));
    assert_int_equal(lstat("replaced/to-folder", &status), 0);
    assert_true(S_ISREG(status.st_mode));
    assert_int_equal(stat("replaced/file", &status), 0);
    assert_int_equal(status.st_size, 5);
    assert_ok(put(channel_of(state), fd, "replaced/file", &err));
    assert_int_equal(stat("replaced/file", &status), 0);
    assert_int_equal(status.st_size, 100);
    assert_int_equal(status.st_mode & 07777, 0644);
    assert_only("replaced", 4);
    assert_only("replaced/folder", 0);
}

static void gives_the_file_to_its_owner(void **state)
{
    struct aq_error err = {0};
    struct stat status;
    if (geteuid() != 0)
        skip();
    aq_autoclose int fd = make_file("source", 3);
    const struct aq_guest_put there = {
        .fd = fd, .path = in_here("owned"), .owner = "daemon:bin", .mode = 04755};
    assert_ok(aq_channel_put(channel_of(state), &there, &err));
    assert_int_equal(stat("owned", &status), 0);
    assert_int_equal(status.st_uid, 1);
    assert_int_equal(status.st_gid, 2);
    assert_int_equal(status.st_mode & 07777, 04755);
    const struct aq_guest_put nobody = {.fd = fd, .path = in_here("unowned"), .owner = "no-such"};
    assert_fails(aq_channel_put(channel_of(state), &nobody, &err), AQ_E_GUEST_FILE_NOT_FOUND);
    assert_int_equal(access("unowned", F_OK), -1);
}

static void says_how_much_was_sent(void **state)
{
    check_says_how_much_was_sent(channel_of(state), here);
}

static void refuses_files_that_cannot_be(void **state)
{
    struct aq_channel *channel = channel_of(state);
    struct aq_error err = {0};
    aq_autoclose int fd = make_file("source", 10);
    mkdir("odd", 0755);
    mkdir("odd/folder", 0755);
    mkfifo("odd/fifo", 0600);
#define try_get(name, most, code)                                                                            \
    assert_fails(aq_channel_get(channel,                                                                     \
                                &(struct aq_guest_get){.fd = fd, .path = in_here(name), .limit = most},      \
                                NULL, &err),                                                                 \
                 code)
    assert_fails(put(channel, fd, "odd/folder", &err), AQ_E_GUEST_REFUSED);
    assert_fails(put(channel, fd, "odd/folder/", &err), AQ_E_GUEST_REFUSED);
    assert_fails(put(channel, fd, "odd/fifo", &err), AQ_E_GUEST_REFUSED);
    assert_fails(put(channel, fd, "odd/none/file", &err), AQ_E_GUEST_FILE_NOT_FOUND);
    assert_fails(put(channel, fd, "source/file", &err), AQ_E_GUEST_FILE_NOT_FOUND);
    try_get("odd/folder", 0, AQ_E_GUEST_REFUSED);
    try_get("odd/fifo", 0, AQ_E_GUEST_REFUSED);
    try_get("odd/none", 0, AQ_E_GUEST_FILE_NOT_FOUND);
    aq_autoclose int large = make_file("large", 30000000);
    try_get("large", 9, AQ_E_LIMIT_EXCEEDED);
    assert_only("odd", 2);
    assert_only("odd/folder", 0);
}

/* A host whose disk is full, and a guest whose is. */
static void full_disks_leave_nothing(void **state)
{
    struct aq_error err = {0};
    aq_autoclose int large = make_file("large", 30000000);
    aq_autoclose int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    const struct aq_guest_get get = {.fd = full, .path = in_here("large")};
    assert_fails(aq_channel_get(channel_of(state), &get, NULL, &err), AQ_E_NO_SPACE);
    mkdir("small", 0755);
    if (geteuid() != 0 || mount("none", "small", "tmpfs", 0, "size=1m") < 0)
        skip();
    int result = put(channel_of(state), large, "small/file", &err);
    assert_only("small", 0);
    umount2("small", MNT_DETACH);
    assert_fails(result, AQ_E_GUEST_REFUSED);
}

/* A source that grows or shrinks while it is sent is not what was announced. */
static void what_changes_on_its_way_is_not_put(void **state)
{
    struct aq_error err = {0};
    aq_autoclose int fd = make_file("growing", 4000000);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            if (pwrite(fd, "x", 1, 3999999) < 0 || pwrite(fd, "y", 1, 3999999) < 0 ||
                ftruncate(fd, 3999999) < 0)
                _exit(1);
    }
    int result = 0;
    mkdir("unsteady", 0755);
    for (int i = 0; i < 50 && result == 0; i++)
        result = put(channel_of(state), fd, "unsteady/file", &err);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_fails(result, AQ_E_TRANSFER_CORRUPT);
    unlink("unsteady/file");
    assert_only("unsteady", 0);
}

/* --- what breaks in the middle --- */

/* In the background: waits until a good part of the file has arrived, and breaks it off there. */
static void stop_midway(struct test_sshd *sshd, bool interrupt)
{
    fflush(NULL);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid != 0)
        return;
    for (int i = 0; i < 3000; i++) {
        struct dirent *entry;
        DIR *list = opendir("broken");
        while ((entry = readdir(list)) != NULL)
            if (strncmp(entry->d_name, ".aq-", 4) == 0)
                break;
        struct stat status = {0};
        bool some =
            entry != NULL && fstatat(dirfd(list), entry->d_name, &status, 0) == 0 && status.st_size > 1000000;
        closedir(list);
        if (some)
            break;
        usleep(1000);
    }
    if (interrupt)
        kill(parent, SIGUSR1);
    else
        cut_connections(sshd);
    _exit(0);
}

static void on_signal(int number)
{
    (void)number;
    aq_interrupt();
}

static void assert_soon_only(const char *folder, int files)
{
    for (int i = 0; i < 300; i++) {
        int count = -2;
        DIR *list = opendir(folder);
        while (readdir(list) != NULL)
            count++;
        closedir(list);
        if (count == files)
            return;
        usleep(20000);
    }
    assert_only(folder, files);
}

static void nothing_stays_of_a_put_that_breaks(void **state)
{
    struct ssh_fixture *fixture = *state;
    struct aq_error err = {0};
    mkdir("broken", 0755);
    aq_autoclose int fd = make_file("source", 100000000);
    stop_midway(&fixture->sshd, false);
    assert_fails(put(fixture->channel, fd, "broken/cut", &err), AQ_E_SSH_CONNECTION_LOST);
    assert_soon_only("broken", 0);

    signal(SIGUSR1, on_signal);
    stop_midway(&fixture->sshd, true);
    assert_fails(put(fixture->channel, fd, "broken/interrupted", &err), AQ_E_INTERRUPTED);
    aq_interrupt_clear();
    assert_only("broken", 0);

    const struct aq_guest_put late = {.fd = fd, .path = in_here("broken/late"), .deadline = aq_after_ms(300)};
    assert_fails(aq_channel_put(fixture->channel, &late, &err), AQ_E_TIMEOUT);
    assert_only("broken", 0);
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_and_gets_files),
        cmocka_unit_test(replaces_what_is_there),
        cmocka_unit_test(gives_the_file_to_its_owner),
        cmocka_unit_test(says_how_much_was_sent),
        cmocka_unit_test(refuses_files_that_cannot_be),
        cmocka_unit_test(full_disks_leave_nothing),
        cmocka_unit_test(what_changes_on_its_way_is_not_put),
        cmocka_unit_test(nothing_stays_of_a_put_that_breaks),
    };
    assert_non_null(getcwd(here, sizeof here));
    return cmocka_run_group_tests(tests, open_ssh_fixture, close_ssh_fixture);
}
