/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/build_tree.h"
#include "util/cleanup.h"
#include "util/embedded.h"
#include "util/files.h"

static struct aq_error err;
static int root = -1;

static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    if (aq_remove_tree_at(AT_FDCWD, "root", &err) < 0 || mkdir("root", 0700) < 0)
        return -1;
    root = open("root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    umask(077);
    return root >= 0 ? 0 : -1;
}

static int finish(void **state)
{
    (void)state;
    close(root);
    return 0;
}

static mode_t mode_of(const char *path)
{
    struct stat file;
    assert_return_code(fstatat(root, path, &file, AT_SYMLINK_NOFOLLOW), 0);
    return file.st_mode;
}

static void modes_do_not_depend_on_the_umask(void **state)
{
    (void)state;
    assert_ok(aq_tree_put(root, "etc/a/file", "x", 1, 0644, &err));
    assert_ok(aq_tree_mkdir(root, "tmp", 01777, &err));
    assert_int_equal(mode_of("etc"), S_IFDIR | 0755);
    assert_int_equal(mode_of("etc/a"), S_IFDIR | 0755);
    assert_int_equal(mode_of("etc/a/file"), S_IFREG | 0644);
    assert_int_equal(mode_of("tmp"), S_IFDIR | 01777);
}

static void what_is_there_gives_way(void **state)
{
    (void)state;
    assert_ok(aq_tree_link(root, "file", "/somewhere", &err));
    assert_ok(aq_tree_put(root, "file", "new", 3, 0600, &err));
    assert_int_equal(mode_of("file"), S_IFREG | 0600);
    assert_ok(aq_tree_link(root, "file", "target", &err));
    assert_int_equal(mode_of("file") & S_IFMT, S_IFLNK);
}

static void links_on_the_way_are_not_followed(void **state)
{
    (void)state;
    assert_return_code(mkdir("outside", 0700), 0);
    assert_return_code(symlinkat("../outside", root, "run"), 0);
    assert_fails(aq_tree_put(root, "run/file", "x", 1, 0644, &err), AQ_E_IO);
    assert_fails(aq_tree_mkdir(root, "run/folder", 0755, &err), AQ_E_IO);
    assert_fails(aq_tree_link(root, "run/link", "target", &err), AQ_E_IO);
    assert_int_equal(access("outside/file", F_OK), -1);
    assert_return_code(rmdir("outside"), 0);
}

static void scripts_of_an_overlay_are_executable(void **state)
{
    (void)state;
    assert_ok(aq_tree_overlay(root, "micro", &err));
    assert_int_equal(mode_of("etc/init.d/rcS"), S_IFREG | 0755);
    assert_int_equal(mode_of("usr/sbin/shutdown"), S_IFREG | 0755);
    assert_int_equal(mode_of("etc/inittab"), S_IFREG | 0644);
    assert_int_equal(mode_of("etc/machine-id"), S_IFREG | 0644);
    aq_autobuffer struct aq_buffer data = {0};
    assert_ok(aq_read_file_at(root, "etc/hosts", 100, &data, &err));
    assert_string_equal(aq_buffer_text(&data), "127.0.0.1\tlocalhost\n::1\tlocalhost\n");
}

static void links_of_an_overlay_are_made(void **state)
{
    (void)state;
    char target[128] = "";
    assert_ok(aq_tree_overlay(root, "debian", &err));
    assert_true(readlinkat(root, "etc/resolv.conf", target, sizeof target - 1) > 0);
    assert_string_equal(target, "../run/systemd/resolve/stub-resolv.conf");
    assert_int_equal(faccessat(root, "usr/local", F_OK, 0), -1); /* the helper's overlay is another */
}

/* Nothing that is enabled is missing: each link to a unit of ours leads to one. */
static void enabled_units_are_there(void **state)
{
    (void)state;
    assert_ok(aq_tree_overlay(root, "debian", &err));
    assert_ok(aq_tree_overlay(root, "debian-helper", &err));
    static const char *const lists[] = {"debian.links", "debian-helper.links"};
    unsigned found = 0;
    for (size_t i = 0; i < 2; i++) {
        const struct aq_embedded_file *list = aq_embedded_find(aq_build_files, lists[i]);
        assert_non_null(list);
        aq_autofree char *text = aq_strndup((const char *)list->data, list->length);
        for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
            const char *unit = strstr(line, " /etc/systemd/");
            if (unit == NULL)
                continue;
            assert_int_equal(mode_of(unit + 2), S_IFREG | 0644);
            found++;
        }
    }
    assert_true(found >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(modes_do_not_depend_on_the_umask, fresh, finish),
        cmocka_unit_test_setup_teardown(what_is_there_gives_way, fresh, finish),
        cmocka_unit_test_setup_teardown(links_on_the_way_are_not_followed, fresh, finish),
        cmocka_unit_test_setup_teardown(scripts_of_an_overlay_are_executable, fresh, finish),
        cmocka_unit_test_setup_teardown(links_of_an_overlay_are_made, fresh, finish),
        cmocka_unit_test_setup_teardown(enabled_units_are_there, fresh, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
