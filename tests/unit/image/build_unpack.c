/* SPDX-License-Identifier: MIT */
/* Packages made by hand, unpacked one over the other: what they may, and may not, lead each other to. */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/build_tree.h"
#include "image/build_unpack.h"
#include "tool.h"
#include "util/cleanup.h"
#include "util/files.h"

static struct aq_error err;
static struct aq_build build;
static struct aq_build_job job;
static int contents; /* of the package that is being made */
static char *here;

static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    static const char *const folders[] = {"work", "contents", "host"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (aq_remove_tree_at(AT_FDCWD, folders[i], &err) < 0 || mkdir(folders[i], 0700) < 0)
            return -1;
    job = (struct aq_build_job){.build = &build, .work = open("work", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    job.root = aq_tree_folder(job.work, AQ_JOB_ROOT, &err);
    contents = open("contents", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return job.root < 0 || contents < 0 ? -1 : 0;
}

static int finish(void **state)
{
    (void)state;
    close(job.work);
    close(job.root);
    close(contents);
    return 0;
}

/* Makes a package of what `contents` has, empties that, and unpacks the package. */
static int unpack(void)
{
    static const char control[] = "Package: made-by-hand\nVersion: 1\nArchitecture: all\n"
                                  "Maintainer: nobody <nobody@example.org>\nDescription: a test\n";
    assert_ok(aq_tree_put(contents, "DEBIAN/control", control, strlen(control), 0644, &err));
    tool("dpkg-deb", "--root-owner-group", "--build", "contents", "made.deb");
    close(contents);
    assert_ok(aq_remove_tree_at(AT_FDCWD, "contents", &err));
    assert_return_code(mkdir("contents", 0755), errno);
    contents = open("contents", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    aq_autofree char *package = aq_format("%s/made.deb", here);
    return aq_build_unpack(&job, package, AQ_JOB_ROOT, NULL, &err);
}

static void put(const char *path)
{
    assert_ok(aq_tree_put(contents, path, "x", 1, 0644, &err));
}

static void link_to(const char *path, const char *target)
{
    assert_ok(aq_tree_link(contents, path, target, &err));
}

static bool in_tree(const char *path)
{
    return faccessat(job.root, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void assert_host_untouched(void)
{
    DIR *folder = opendir("host");
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        assert_true(strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
    closedir(folder);
}

static void files_go_where_a_link_inside_leads(void **state)
{
    (void)state;
    assert_ok(aq_tree_mkdir(job.root, "usr/lib", 0755, &err));
    assert_ok(aq_tree_link(job.root, "lib", "usr/lib", &err));
    put("lib/one");
    link_to("usr/share/there", "../lib/deep");
    put("usr/lib/deep/two");
    assert_ok(unpack());
    put("usr/share/there/three");
    put("odd \\x2d na\tme/\xc5\x91/four");
    assert_ok(unpack());
    assert_true(in_tree("usr/lib/one"));
    assert_true(in_tree("usr/lib/deep/three"));
    assert_true(in_tree("odd \\x2d na\tme/\xc5\x91/four"));
}

static void links_that_lead_out_may_be_there(void **state)
{
    (void)state;
    link_to("etc/host", here);
    assert_ok(unpack());
    put("etc/other");
    assert_ok(unpack());
    assert_true(in_tree("etc/other"));
}

/* A second package with a file, or a folder, below a link of the first. */
static void assert_refused_below(const char *target, const char *path)
{
    link_to("usr/out", target);
    assert_ok(unpack());
    put("usr/first");
    put(path);
    assert_fails(unpack(), AQ_E_FILE_LINK);
    assert_false(in_tree("usr/first"));
    assert_host_untouched();
}

static void a_file_below_an_absolute_link_is_refused(void **state)
{
    (void)state;
    aq_autofree char *host = aq_format("%s/host", here);
    assert_refused_below(host, "usr/out/file");
}

static void a_folder_far_below_such_a_link_is_refused(void **state)
{
    (void)state;
    aq_autofree char *host = aq_format("%s/host", here);
    assert_refused_below(host, "usr/out/some/folder/file");
}

static void a_file_below_a_climbing_link_is_refused(void **state)
{
    (void)state;
    assert_refused_below("../../../host", "usr/out/file");
}

static void a_folder_with_an_odd_name_does_not_hide_its_link(void **state)
{
    (void)state;
    aq_autofree char *host = aq_format("%s/host", here);
    link_to("o\\d\td\x01", host);
    assert_ok(unpack());
    put("o\\d\td\x01/file");
    assert_fails(unpack(), AQ_E_FILE_LINK);
    assert_host_untouched();
}

int main(void)
{
    here = getcwd(NULL, 0);
#define in_tree_of_its_own(test) cmocka_unit_test_setup_teardown(test, fresh, finish)
    const struct CMUnitTest tests[] = {
        in_tree_of_its_own(files_go_where_a_link_inside_leads),
        in_tree_of_its_own(links_that_lead_out_may_be_there),
        in_tree_of_its_own(a_file_below_an_absolute_link_is_refused),
        in_tree_of_its_own(a_folder_far_below_such_a_link_is_refused),
        in_tree_of_its_own(a_file_below_a_climbing_link_is_refused),
        in_tree_of_its_own(a_folder_with_an_odd_name_does_not_hide_its_link),
    };
    int failed = cmocka_run_group_tests_name("image/build_unpack", tests, NULL, NULL);
    free(here);
    return failed;
}
