/* SPDX-License-Identifier: MIT */
/* New files, and files that are replaced: whole or not at all. */
#include "work-folder.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

static void a_new_file_is_new(void **state)
{
    (void)state;
    assert_ok(aq_write_new_file_at(dir, "file", "text", 4, 0600, &err));
    assert_fails(aq_write_new_file_at(dir, "file", "other", 5, 0600, &err), AQ_E_IO);
    assert_return_code(symlinkat("elsewhere", dir, "link"), 0);
    assert_fails(aq_write_new_file_at(dir, "link", "other", 5, 0600, &err), AQ_E_IO);
    assert_int_equal(faccessat(dir, "elsewhere", F_OK, 0), -1);
    assert_holds("file", "text");
    struct stat file;
    assert_return_code(fstatat(dir, "file", &file, 0), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
}

static void a_file_is_replaced_whole_or_not_at_all(void **state)
{
    (void)state;
    assert_ok(aq_replace_file_at(dir, "file", "one", 3, &err));
    assert_ok(aq_replace_file_at(dir, "file", "two", 3, &err));
    assert_holds("file", "two");
    assert_int_equal(count_entries(), 1);

    /* A write that fails in its middle, as on a full disk, changes nothing. */
    struct rlimit before;
    getrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = 1000, .rlim_max = before.rlim_max});
    static char large[100000];
    int done = aq_replace_file_at(dir, "file", large, sizeof large, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_DFL);
    assert_fails(done, AQ_E_IO);
    assert_holds("file", "two");
    assert_int_equal(count_entries(), 1);

    assert_return_code(mkdirat(dir, "folder", 0700), 0);
    assert_fails(aq_replace_file_at(dir, "folder", "x", 1, &err), AQ_E_IO);
    assert_int_equal(count_entries(), 2);
}

static void replacing_a_link_leaves_what_it_pointed_at(void **state)
{
    (void)state;
    put("target", "kept");
    assert_return_code(symlinkat("target", dir, "link"), 0);
    assert_ok(aq_replace_file_at(dir, "link", "new", 3, &err));
    assert_holds("target", "kept");
    assert_holds("link", "new");
}

static void make_old(const char *name)
{
    const struct timespec hours_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    assert_return_code(utimensat(dir, name, hours_ago, AT_SYMLINK_NOFOLLOW), 0);
}

static void replacing_removes_what_the_dead_left(void **state)
{
    (void)state;
    static const char *const kept[] = {".file.tmp", ".file.2345678901.new", ".other.0123456789.tmp",
                                       ".file.x.0123456789.tmp", "file.0123456789.tmp"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        put(kept[i], "kept");
        make_old(kept[i]);
    }
    put(".file.0123456789.tmp", "left");
    make_old(".file.0123456789.tmp");
    put(".file.abcdefghij.tmp", "at work");
    assert_return_code(mkdirat(dir, ".file.9876543210.tmp", 0700), 0);
    make_old(".file.9876543210.tmp");
    assert_ok(aq_replace_file_at(dir, "file", "new", 3, &err));
    assert_holds("file", "new");
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        assert_holds(kept[i], "kept");
    assert_holds(".file.abcdefghij.tmp", "at work");
    assert_return_code(faccessat(dir, ".file.9876543210.tmp", F_OK, 0), 0);
    assert_int_equal(faccessat(dir, ".file.0123456789.tmp", F_OK, 0), -1);
}

static void a_reader_sees_the_old_or_the_new(void **state)
{
    (void)state;
    enum { SIZE = 200000 };
    static char text[SIZE + 1];
    memset(text, 'a', SIZE);
    assert_ok(aq_replace_file_at(dir, "file", text, SIZE, &err));
    pid_t child = fork();
    assert_return_code(child, 0);
    if (child == 0) {
        int failed = 0;
        for (int i = 0; i < 100; i++) {
            memset(text, 'a' + i % 2, SIZE);
            failed |= aq_replace_file_at(dir, "file", text, SIZE, &err);
        }
        _exit(failed ? 1 : 0);
    }
    int status;
    while (waitpid(child, &status, WNOHANG) == 0) {
        aq_autobuffer struct aq_buffer data = {0};
        assert_ok(aq_read_file_at(dir, "file", SIZE, &data, &err));
        assert_int_equal(data.length, SIZE);
        assert_int_equal(data.data[0], data.data[SIZE - 1]);
    }
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_new_file_is_new),
        test(a_file_is_replaced_whole_or_not_at_all),
        test(replacing_a_link_leaves_what_it_pointed_at),
        test(replacing_removes_what_the_dead_left),
        test(a_reader_sees_the_old_or_the_new),
    };
    return cmocka_run_group_tests_name("util/replace_file", tests, NULL, NULL);
}
