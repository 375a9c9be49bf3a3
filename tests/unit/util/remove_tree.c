/* SPDX-License-Identifier: MIT */
/* Trees that are removed, whatever is in them. */
#include "work-folder.h"

#include <stdio.h>

static int try_to_remove(void)
{
    return aq_remove_tree_at(dir, "tree", &err) >= 0 || err.code != AQ_E_IO ||
                   strstr(err.text, "work/tree/locked/file") == NULL
               ? 1
               : 0;
}

static void removing_takes_links_and_leaves_what_they_point_at(void **state)
{
    (void)state;
    put("kept", "kept");
    assert_return_code(mkdirat(dir, "outside", 0700), 0);
    put("outside/file", "kept");
    assert_return_code(mkdirat(dir, "tree", 0700), 0);
    assert_return_code(symlinkat("../kept", dir, "tree/file"), 0);
    assert_return_code(symlinkat("../outside", dir, "tree/folder"), 0);
    assert_return_code(symlinkat("/", dir, "tree/root"), 0);
    assert_return_code(symlinkat("..", dir, "tree/up"), 0);
    assert_return_code(mkfifoat(dir, "tree/fifo", 0600), 0);
    assert_return_code(mkdirat(dir, "tree/sub", 0700), 0);
    put("tree/sub/file", "");
    assert_ok(aq_remove_tree_at(dir, "tree", &err));
    assert_int_equal(faccessat(dir, "tree", F_OK, AT_SYMLINK_NOFOLLOW), -1);
    assert_holds("kept", "kept");
    assert_holds("outside/file", "kept");

    assert_return_code(symlinkat("outside", dir, "link"), 0);
    assert_ok(aq_remove_tree_at(dir, "link", &err));
    assert_holds("outside/file", "kept");
    assert_ok(aq_remove_tree_at(dir, "kept", &err));
    assert_int_equal(faccessat(dir, "kept", F_OK, 0), -1);
    assert_ok(aq_remove_tree_at(dir, "never-there", &err));
}

static void a_tree_of_any_depth_and_width_is_removed(void **state)
{
    (void)state;
    int at = dup(dir);
    assert_return_code(mkdirat(at, "deep", 0700), 0);
    for (int depth = 0; depth < 3000; depth++) {
        const char *name = depth == 0 ? "deep" : "a-folder-with-a-name-of-some-length";
        if (depth > 0)
            assert_return_code(mkdirat(at, name, 0700), 0);
        int below = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_return_code(below, 0);
        close(at);
        at = below;
    }
    close(at);
    for (int i = 0; i < 300; i++) {
        char name[32];
        snprintf(name, sizeof name, "deep/d%d", i);
        assert_return_code(mkdirat(dir, name, 0700), 0);
        snprintf(name, sizeof name, "deep/d%d/f", i);
        put(name, "");
    }
    assert_ok(aq_remove_tree_at(dir, "deep", &err));
    assert_int_equal(count_entries(), 0);
}

static void what_cannot_be_removed_is_named(void **state)
{
    (void)state;
    assert_return_code(mkdirat(dir, "tree", 0700), 0);
    assert_return_code(fchmodat(dir, "tree", 0777, 0), 0);
    assert_return_code(mkdirat(dir, "tree/locked", 0700), 0);
    put("tree/locked/file", "");
    assert_return_code(fchmodat(dir, "tree/locked", 0555, 0), 0);
    assert_return_code(chmod("work", 0777), 0);
    as_nobody(try_to_remove);
    assert_return_code(fchmodat(dir, "tree/locked", 0700, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(removing_takes_links_and_leaves_what_they_point_at),
        test(a_tree_of_any_depth_and_width_is_removed),
        test(what_cannot_be_removed_is_named),
    };
    return cmocka_run_group_tests_name("util/remove_tree", tests, NULL, NULL);
}
