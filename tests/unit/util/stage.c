/* SPDX-License-Identifier: MIT */
/* Folders that appear whole or not at all, also when processes race or die. */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/files.h"
#include "util/stage.h"
#include "util/wait.h"

static int parent = -1;

static int make_parent(void **state)
{
    (void)state;
    struct aq_error err = {0};
    assert_ok(aq_remove_tree_at(AT_FDCWD, "parent", &err));
    parent = aq_open_private_dir_at(AT_FDCWD, "parent", &err);
    assert_ok(parent);
    return 0;
}

static int close_parent(void **state)
{
    (void)state;
    return close(parent);
}

static bool parent_cannot_be_synced;

/* In the place of the C library's. */
int fsync(int fd)
{
    struct stat synced, made;
    if (parent_cannot_be_synced && fstat(fd, &synced) == 0 && fstat(parent, &made) == 0 &&
        synced.st_ino == made.st_ino) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

/* How many entries the parent has, hidden ones too. */
static size_t entries(void)
{
    size_t count = 0;
    DIR *folder = opendir("parent");
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return count;
}

static bool exists(const char *path)
{
    return faccessat(parent, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void put(int folder, const char *text)
{
    struct aq_error err = {0};
    assert_ok(aq_write_new_file_at(folder, "record", text, strlen(text), 0600, &err));
}

static void assert_record(const char *name, const char *text)
{
    struct aq_error err = {0};
    aq_autobuffer struct aq_buffer data = {0};
    aq_autofree char *path = aq_format("%s/record", name);
    assert_ok(aq_read_file_at(parent, path, 100, &data, &err));
    assert_string_equal(data.data, text);
}

static void publish_new(const char *name, const char *text)
{
    struct aq_error err = {0};
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    assert_ok(aq_stage_open(parent, name, &stage, &err));
    put(stage.folder, text);
    assert_int_equal(aq_stage_publish(&stage, name, true, &err), 1);
}

static void what_is_published_is_there_whole(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    assert_ok(aq_stage_open(parent, "one", &stage, &err));
    assert_false(exists("one"));
    put(stage.folder, "1");
    assert_int_equal(aq_stage_publish(&stage, "one", true, &err), 1);
    aq_stage_close(&stage);
    assert_record("one", "1");
    assert_int_equal(entries(), 1);
}

static void what_is_not_published_is_removed(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_stage stage = AQ_STAGE_NONE;
    assert_ok(aq_stage_open(parent, "one", &stage, &err));
    put(stage.folder, "1");
    assert_int_equal(entries(), 1);
    aq_stage_close(&stage);
    aq_stage_close(&stage);
    assert_int_equal(entries(), 0);
}

static void a_taken_name_is_told_and_left_alone(void **state)
{
    (void)state;
    struct aq_error err = {0};
    publish_new("one", "1");
    struct aq_stage stage = AQ_STAGE_NONE;
    assert_ok(aq_stage_open(parent, "one", &stage, &err));
    put(stage.folder, "2");
    assert_int_equal(aq_stage_publish(&stage, "one", true, &err), 0);
    assert_int_equal(err.code, AQ_OK);
    aq_stage_close(&stage);
    assert_record("one", "1");
    assert_int_equal(entries(), 1);
}

static void an_exchange_replaces_the_old_one(void **state)
{
    (void)state;
    struct aq_error err = {0};
    publish_new("one", "1");
    int lock = -1;
    assert_int_equal(aq_folder_lock(parent, "one", AQ_LOCK_EXCLUSIVE, 0, &lock, &err), AQ_LOCK_HELD);
    struct aq_stage stage = AQ_STAGE_NONE;
    assert_ok(aq_stage_open(parent, "one", &stage, &err));
    put(stage.folder, "2");
    assert_ok(aq_stage_exchange(&stage, "one", &err));
    aq_stage_close(&stage);
    close(lock);
    assert_record("one", "2");
    assert_int_equal(entries(), 1);
}

static void what_cannot_be_synced_is_taken_back(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    assert_ok(aq_stage_open(parent, "one", &stage, &err));
    put(stage.folder, "1");
    parent_cannot_be_synced = true;
    int published = aq_stage_publish(&stage, "one", true, &err);
    parent_cannot_be_synced = false;
    assert_int_equal(published, -1);
    assert_int_equal(err.code, AQ_E_IO);
    assert_false(exists("one"));
    aq_stage_close(&stage);
    assert_int_equal(entries(), 0);
}

static void an_exchange_that_cannot_be_synced_is_taken_back(void **state)
{
    (void)state;
    struct aq_error err = {0};
    publish_new("one", "1");
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    assert_ok(aq_stage_open(parent, "one", &stage, &err));
    put(stage.folder, "2");
    parent_cannot_be_synced = true;
    int exchanged = aq_stage_exchange(&stage, "one", &err);
    parent_cannot_be_synced = false;
    assert_int_equal(exchanged, -1);
    assert_int_equal(err.code, AQ_E_IO);
    aq_stage_close(&stage);
    assert_record("one", "1");
    assert_int_equal(entries(), 1);
}

static void a_published_folder_becomes_a_stage_elsewhere(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_stage stage = AQ_STAGE_NONE;
    int folder = -1;
    aq_autoclose int other = aq_open_private_dir_at(parent, "other", &err);
    close(aq_open_private_dir_at(parent, "web", &err));
    assert_int_equal(aq_folder_lock(parent, "web", AQ_LOCK_EXCLUSIVE, 0, &folder, &err), AQ_LOCK_HELD);
    assert_ok(aq_stage_adopt(parent, "web", folder, other, "shop", &stage, &err));
    assert_int_equal(faccessat(parent, "web", F_OK, 0), -1);
    aq_stage_sweep(other); /* it is held */
    assert_int_equal(aq_stage_publish(&stage, "shop", true, &err), 1);
    aq_stage_close(&stage);
    assert_int_equal(faccessat(other, "shop", F_OK, 0), 0);
    /* What cannot be taken is not. */
    assert_int_equal(aq_folder_lock(other, "shop", AQ_LOCK_EXCLUSIVE, 0, &folder, &err), AQ_LOCK_HELD);
    assert_fails(aq_stage_adopt(other, "shops", folder, parent, "web", &stage, &err), AQ_E_IO);
    assert_int_equal(faccessat(other, "shop", F_OK, 0), 0);
}

static void only_names_become_folders(void **state)
{
    (void)state;
    struct aq_error err = {0};
    const char *const names[] = {"", ".", "..", "a/b", "../x", ".hidden", "-x", "a b"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
        assert_fails(aq_stage_open(parent, names[i], &stage, &err), AQ_E_VALUE_INVALID);
    }
    assert_int_equal(entries(), 0);
}

static void a_sweep_takes_what_the_dead_left(void **state)
{
    (void)state;
    struct aq_error err = {0};
    pid_t child = fork();
    if (child == 0) {
        struct aq_stage stage = AQ_STAGE_NONE;
        if (aq_stage_open(parent, "dead", &stage, &err) == 0)
            put(stage.folder, "1");
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(entries(), 1);

    aq_autostage struct aq_stage alive = AQ_STAGE_NONE;
    assert_ok(aq_stage_open(parent, "alive", &alive, &err));
    publish_new("one", "1");
    assert_int_equal(mkdirat(parent, ".not-ours", 0700), 0);
    aq_stage_sweep(parent);
    assert_int_equal(entries(), 3);
    assert_true(exists(alive.name));
    assert_true(exists(".not-ours"));
    assert_record("one", "1");
}

static void a_sweep_follows_no_link(void **state)
{
    (void)state;
    assert_int_equal(mkdirat(parent, "kept", 0700), 0);
    assert_int_equal(symlinkat("kept", parent, ".trap.x.tmp"), 0);
    aq_stage_sweep(parent);
    assert_true(exists("kept"));
}

static void locks_exclude_each_other(void **state)
{
    (void)state;
    struct aq_error err = {0};
    publish_new("one", "1");
    int shared = -1, second = -1, exclusive = -1;
    assert_int_equal(aq_folder_lock(parent, "two", AQ_LOCK_SHARED, 0, &shared, &err), AQ_LOCK_ABSENT);
    assert_int_equal(aq_folder_lock(parent, "one", AQ_LOCK_SHARED, 0, &shared, &err), AQ_LOCK_HELD);
    assert_int_equal(aq_folder_lock(parent, "one", AQ_LOCK_SHARED, 0, &second, &err), AQ_LOCK_HELD);
    assert_int_equal(aq_folder_lock(parent, "one", AQ_LOCK_EXCLUSIVE, 20, &exclusive, &err), AQ_LOCK_BUSY);
    close(shared);
    close(second);
    assert_int_equal(aq_folder_lock(parent, "one", AQ_LOCK_EXCLUSIVE, 0, &exclusive, &err), AQ_LOCK_HELD);
    assert_int_equal(aq_folder_lock(parent, "one", AQ_LOCK_SHARED, 0, &shared, &err), AQ_LOCK_BUSY);
    assert_true(fcntl(exclusive, F_GETFD) & FD_CLOEXEC);
    close(exclusive);
}

static void waiting_for_a_lock_can_be_interrupted(void **state)
{
    (void)state;
    struct aq_error err = {0};
    publish_new("one", "1");
    int held = -1, wanted = -1;
    assert_int_equal(aq_folder_lock(parent, "one", AQ_LOCK_EXCLUSIVE, 0, &held, &err), AQ_LOCK_HELD);
    aq_interrupt();
    assert_fails(aq_folder_lock(parent, "one", AQ_LOCK_EXCLUSIVE, -1, &wanted, &err), AQ_E_INTERRUPTED);
    aq_interrupt_clear();
    close(held);
}

static void a_link_is_not_locked(void **state)
{
    (void)state;
    struct aq_error err = {0};
    int fd = -1;
    assert_int_equal(mkdirat(parent, "real", 0700), 0);
    assert_int_equal(symlinkat("real", parent, "link"), 0);
    assert_fails(aq_folder_lock(parent, "link", AQ_LOCK_SHARED, 0, &fd, &err), AQ_E_IO);
}

static void a_removed_folder_is_gone(void **state)
{
    (void)state;
    struct aq_error err = {0};
    publish_new("one", "1");
    publish_new("two", "2");
    assert_ok(aq_folder_remove(parent, "one", &err));
    assert_int_equal(entries(), 1);
    assert_record("two", "2");
    assert_fails(aq_folder_remove(parent, "one", &err), AQ_E_IO);
}

static void the_list_has_published_folders_only(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_autostrings struct aq_strings names = {0};
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    publish_new("zeta", "1");
    publish_new("alpha", "2");
    put(parent, "a file is no folder");
    assert_ok(aq_stage_open(parent, "half", &stage, &err));
    assert_ok(aq_folder_list(parent, &names, &err));
    assert_ok(aq_folder_list(parent, &names, &err)); /* adds, and starts at the first entry again */
    assert_int_equal(names.count, 4);
    assert_string_equal(names.items[0], "alpha");
    assert_string_equal(names.items[3], "zeta");
}

/* One of the racers: makes, replaces or sweeps, and never sees half a folder. */
static void race(unsigned number)
{
    struct aq_error err = {0};
    for (unsigned round = 0; round < 50; round++) {
        struct aq_stage stage = AQ_STAGE_NONE;
        if (aq_stage_open(parent, "one", &stage, &err) < 0)
            _exit(1);
        if (aq_write_new_file_at(stage.folder, "record", "x", 1, 0600, &err) < 0)
            _exit(2);
        aq_stage_sweep(parent);
        int lock = -1, taken = aq_stage_publish(&stage, "one", false, &err);
        if (taken == 0 && number % 2 == 0 &&
            aq_folder_lock(parent, "one", AQ_LOCK_EXCLUSIVE, -1, &lock, &err) == AQ_LOCK_HELD &&
            (faccessat(lock, "record", F_OK, 0) < 0 || aq_folder_remove(parent, "one", &err) < 0))
            _exit(3);
        if (taken < 0 || err.code != AQ_OK)
            _exit(4);
        if (lock >= 0)
            close(lock);
        aq_stage_close(&stage);
    }
    _exit(0);
}

static void processes_may_race(void **state)
{
    (void)state;
    pid_t children[8];
    for (unsigned i = 0; i < 8; i++) {
        children[i] = fork();
        if (children[i] == 0)
            race(i);
    }
    for (unsigned i = 0; i < 8; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    aq_stage_sweep(parent);
    assert_true(entries() <= 1);
}

int main(void)
{
#define in_parent(test) cmocka_unit_test_setup_teardown(test, make_parent, close_parent)
    const struct CMUnitTest tests[] = {
        in_parent(what_is_published_is_there_whole),
        in_parent(what_is_not_published_is_removed),
        in_parent(a_taken_name_is_told_and_left_alone),
        in_parent(an_exchange_replaces_the_old_one),
        in_parent(what_cannot_be_synced_is_taken_back),
        in_parent(an_exchange_that_cannot_be_synced_is_taken_back),
        in_parent(a_published_folder_becomes_a_stage_elsewhere),
        in_parent(only_names_become_folders),
        in_parent(a_sweep_takes_what_the_dead_left),
        in_parent(a_sweep_follows_no_link),
        in_parent(locks_exclude_each_other),
        in_parent(waiting_for_a_lock_can_be_interrupted),
        in_parent(a_link_is_not_locked),
        in_parent(a_removed_folder_is_gone),
        in_parent(the_list_has_published_folders_only),
        in_parent(processes_may_race),
    };
    return cmocka_run_group_tests_name("util/stage", tests, NULL, NULL);
}
