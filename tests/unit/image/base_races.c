/* SPDX-License-Identifier: MIT */
/* The registry under many processes at once, and under processes that are killed at any moment. */
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "image.h"
#include "image/base.h"
#include "util/files.h"
#include "util/home.h"
#include "util/wait.h"

#define RACERS 16

static int nothing_depends(const struct aq_parent *on, struct aq_strings *names, struct aq_error *err)
{
    (void)on;
    (void)names;
    (void)err;
    return 0;
}

static void put_image(const char *path, off_t length)
{
    struct image image = image_sound();
    aq_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(pwrite(fd, image.bytes, image.length, 0), image.length);
    char data[65536];
    memset(data, 'd', sizeof data);
    for (off_t at = IMAGE_LENGTH; at < length; at += (off_t)sizeof data)
        assert_int_equal(pwrite(fd, data, sizeof data, at), sizeof data);
}

static int fresh(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_autofree char *home = aq_home_path(&err);
    assert_ok(aq_remove_tree_at(AT_FDCWD, home, &err));
    return 0;
}

static size_t entries(void)
{
    struct aq_error err = {0};
    size_t count = 0;
    DIR *folder = fdopendir(aq_open_home_dir("bases", &err));
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return count;
}

/* Exit codes of a racer: what came of its registration. */
enum { RACER_FAILED = 100, RACER_EXISTS = 101 };

static int register_disk(const char *disk, bool copy, bool replace)
{
    struct aq_error err = {0};
    aq_autobase struct aq_base base = {0};
    enum aq_base_outcome outcome;
    struct aq_base_request request = {.name = "web",
                                      .disk = disk,
                                      .memory = 512,
                                      .cpus = 1,
                                      .copy = copy,
                                      .replace = replace,
                                      .dependents = nothing_depends};
    if (aq_base_register(&request, &base, &outcome, &err) == 0)
        return (int)outcome;
    if (err.code == AQ_E_BASE_EXISTS)
        return RACER_EXISTS;
    fprintf(stderr, "%s: %s\n", aq_error_name(err.code), err.text);
    return RACER_FAILED;
}

/* Lets RACERS processes register at once, the nth the disk disks[n % count]; counts[exit code] is what came
 * of them. */
static void race(const char *const *disks, size_t count, bool copy, bool replace, unsigned counts[256])
{
    pid_t children[RACERS];
    int start[2];
    assert_int_equal(pipe(start), 0);
    for (size_t i = 0; i < RACERS; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            char byte;
            close(start[1]);
            (void)!read(start[0], &byte, 1);
            _exit(register_disk(disks[i % count], copy, replace));
        }
    }
    close(start[0]);
    close(start[1]);
    memset(counts, 0, 256 * sizeof *counts);
    for (size_t i = 0; i < RACERS; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        counts[WEXITSTATUS(status)]++;
    }
}

static void assert_clean_and_ready(void)
{
    struct aq_error err = {0};
    aq_autobase struct aq_base base = {0};
    assert_int_equal(entries(), 1);
    assert_ok(aq_base_load("web", &base, &err));
    assert_ok(aq_base_check(&base, &err));
}

static void the_same_disk_at_once(void **state)
{
    (void)state;
    unsigned counts[256];
    put_image("one.qcow2", 0);
    for (int copy = 0; copy < 2; copy++) {
        fresh(state);
        race((const char *const[]){"one.qcow2"}, 1, copy != 0, false, counts);
        assert_int_equal(counts[AQ_BASE_REGISTERED], 1);
        assert_int_equal(counts[AQ_BASE_UNCHANGED], RACERS - 1);
        assert_clean_and_ready();
    }
}

static void different_disks_at_once(void **state)
{
    (void)state;
    unsigned counts[256];
    put_image("one.qcow2", 0);
    put_image("two.qcow2", 0);
    race((const char *const[]){"one.qcow2", "two.qcow2"}, 2, true, false, counts);
    assert_int_equal(counts[AQ_BASE_REGISTERED], 1);
    assert_int_equal(counts[AQ_BASE_UNCHANGED], RACERS / 2 - 1);
    assert_int_equal(counts[RACER_EXISTS], RACERS / 2);
    assert_clean_and_ready();
}

static void replacing_each_other_at_once(void **state)
{
    (void)state;
    unsigned counts[256];
    put_image("one.qcow2", 0);
    put_image("two.qcow2", 0);
    race((const char *const[]){"one.qcow2", "two.qcow2"}, 2, true, true, counts);
    assert_int_equal(counts[AQ_BASE_REGISTERED], 1);
    assert_int_equal(counts[AQ_BASE_REGISTERED] + counts[AQ_BASE_REPLACED] + counts[AQ_BASE_UNCHANGED],
                     RACERS);
    assert_clean_and_ready();
}

/* Dies so long after it has begun to make its folder, wherever it is then: copying, judging, syncing,
   renaming, removing the old one. */
static void register_and_be_killed(const char *disk, useconds_t after)
{
    size_t before = entries();
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(register_disk(disk, true, true));
    while (entries() == before && waitpid(child, &status, WNOHANG) == 0)
        usleep(100);
    usleep(after);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) < RACER_FAILED);
}

static void killed_at_any_moment_the_next_command_works(void **state)
{
    (void)state;
    unsigned leftovers = 0;
    put_image("one.qcow2", 48 << 20);
    put_image("two.qcow2", 48 << 20);
    for (useconds_t after = 0; after < 40000; after += 1000) {
        struct aq_error err = {0};
        aq_autostrings struct aq_strings names = {0};
        register_and_be_killed(after / 1000 % 2 == 0 ? "one.qcow2" : "two.qcow2", after);
        size_t found = entries();
        assert_ok(aq_base_list(&names, &err));
        leftovers += found > names.count;
        assert_int_equal(entries(), names.count);
        if (names.count > 0)
            assert_clean_and_ready();
    }
    assert_true(leftovers > 0); /* or it was never killed half-way */
    assert_true(register_disk("one.qcow2", true, true) < RACER_FAILED);
    assert_clean_and_ready();
}

static void an_interrupted_copy_leaves_nothing(void **state)
{
    (void)state;
    struct aq_error err = {0};
    put_image("one.qcow2", 48 << 20);
    aq_autobase struct aq_base base = {0};
    enum aq_base_outcome outcome;
    struct aq_base_request request = {.name = "web",
                                      .disk = "one.qcow2",
                                      .memory = 512,
                                      .cpus = 1,
                                      .copy = true,
                                      .dependents = nothing_depends};
    aq_interrupt();
    assert_fails(aq_base_register(&request, &base, &outcome, &err), AQ_E_INTERRUPTED);
    aq_interrupt_clear();
    assert_int_equal(entries(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_same_disk_at_once, fresh),
        cmocka_unit_test_setup(different_disks_at_once, fresh),
        cmocka_unit_test_setup(replacing_each_other_at_once, fresh),
        cmocka_unit_test_setup(killed_at_any_moment_the_next_command_works, fresh),
        cmocka_unit_test_setup(an_interrupted_copy_leaves_nothing, fresh),
    };
    return cmocka_run_group_tests_name("image/base_races", tests, NULL, NULL);
}
