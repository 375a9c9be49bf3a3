/* SPDX-License-Identifier: MIT */
/* The disk that a tree becomes, looked at with the tools that know each part of it. */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/build_disk.h"
#include "image/build_tree.h"
#include "tool.h"
#include "util/files.h"
#include "util/json.h"
#include "util/wait.h"

#define MIB (UINT64_C(1) << 20)

static struct aq_error err;
static struct aq_build build;
static struct aq_build_job job;

/* A work folder with a small tree, a kernel and an initrd that are none. */
static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    if (aq_remove_tree_at(AT_FDCWD, "work", &err) < 0 || mkdir("work", 0700) < 0)
        return -1;
    unlink("disk.qcow2");
    job = (struct aq_build_job){.build = &build, .superuser = geteuid() == 0};
    job.work = open("work", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    job.root = aq_tree_folder(job.work, AQ_JOB_ROOT, &err);
    assert_ok(aq_write_new_file_at(job.work, AQ_JOB_OWNERS, "", 0, 0600, &err));
    assert_ok(aq_write_new_file_at(job.work, AQ_JOB_KERNEL, "kernel", 6, 0600, &err));
    assert_ok(aq_write_new_file_at(job.work, AQ_JOB_INITRD, "initrd", 6, 0600, &err));
    assert_ok(aq_tree_put(job.root, "etc/hostname", "localhost\n", 10, 0644, &err));
    assert_ok(aq_tree_mkdir(job.root, "root", 0700, &err));
    return 0;
}

static int finish(void **state)
{
    (void)state;
    close(job.root);
    close(job.work);
    return 0;
}

static int make(uint64_t size)
{
    struct aq_disk_layout layout;
    aq_autofree char *output = aq_path_at(AT_FDCWD, "../disk.qcow2");
    return aq_build_disk(&job, size, output, &layout, &err);
}

/* Puts a program of that name before the real one. */
static void replace_program(const char *name, const char *script)
{
    aq_autofree char *here = getcwd(NULL, 0);
    aq_autofree char *path = aq_format("programs/%s", name);
    aq_autofree char *search = aq_format("%s/programs:%s", here, getenv("PATH"));
    mkdir("programs", 0700);
    unlink(path);
    assert_ok(aq_write_new_file_at(AT_FDCWD, path, script, strlen(script), 0700, &err));
    assert_return_code(setenv("PATH", search, 1), 0);
}

static int finish_programs(void **state)
{
    aq_remove_tree_at(AT_FDCWD, "programs", &err);
    aq_interrupt_clear();
    return finish(state);
}

static void each_part_of_the_disk_is_sound(void **state)
{
    (void)state;
    assert_ok(make(64 * MIB));
    tool("qemu-img", "check", "-q", "-f", "qcow2", "disk.qcow2");
    aq_autojson json_t *info = tool_image_info("disk.qcow2");
    assert_int_equal(aq_json_int(info, "virtual-size", 0), 64 * MIB);
    assert_null(json_object_get(info, "backing-filename"));

    tool("qemu-img", "convert", "-f", "qcow2", "-O", "raw", "disk.qcow2", "disk.raw");
    char *boot = tool_output("mdir", "-a", "-b", "-i", "disk.raw@@1M", "::");
    assert_non_null(strstr(boot, "/vmlinuz\n"));
    assert_non_null(strstr(boot, "/initrd\n"));
    assert_non_null(strstr(boot, "/syslinux.cfg\n"));
    assert_non_null(strstr(boot, "/ldlinux.sys\n"));
    free(boot);

    char *root = tool_output("/usr/sbin/e2fsck", "-f", "-n", "disk.raw?offset=17825792");
    assert_non_null(strstr(root, "root: "));
    free(root);
    char *owner = tool_output("/usr/sbin/debugfs", "-R", "stat /root", "disk.raw?offset=17825792");
    assert_non_null(strstr(owner, "Mode:  0700"));
    assert_non_null(strstr(owner, "User:     0   Group:     0"));
    free(owner);
}

static void contents_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    aq_autofree char *large = aq_alloc(64 * MIB);
    memset(large, 'x', 64 * MIB);
    assert_ok(aq_tree_put(job.root, "large", large, 64 * MIB, 0644, &err));
    assert_int_equal(make(64 * MIB), -1);
    assert_non_null(strstr(err.text, "size="));
    assert_fails(make(64 * MIB), AQ_E_LIMIT_EXCEEDED);
}

static void a_tool_that_fails_is_quoted(void **state)
{
    (void)state;
    replace_program("mkfs.ext4", "#!/bin/sh\necho 'mkfs.ext4: the moon is full' >&2\nexit 3\n");
    assert_int_equal(make(64 * MIB), -1);
    assert_non_null(strstr(err.text, "the moon is full"));
    err = (struct aq_error){0};
    unlinkat(job.work, AQ_JOB_DISK, 0);
    unlinkat(job.work, AQ_JOB_SYSLINUX, 0);
    assert_fails(make(64 * MIB), AQ_E_TOOL_FAILED);
}

static void a_full_host_disk_is_told_as_such(void **state)
{
    (void)state;
    replace_program("qemu-img",
                    "#!/bin/sh\necho 'qemu-img: error while writing: No space left on device' >&2\nexit 1\n");
    assert_fails(make(64 * MIB), AQ_E_NO_SPACE);
}

static void an_interruption_ends_the_tool(void **state)
{
    (void)state;
    replace_program("mcopy", "#!/bin/sh\nkill -USR1 $PPID\nexec sleep 100\n");
    assert_fails(make(64 * MIB), AQ_E_INTERRUPTED);
}

static void interrupt(int signal_number)
{
    (void)signal_number;
    aq_interrupt();
}

int main(void)
{
    signal(SIGUSR1, interrupt);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_part_of_the_disk_is_sound, fresh, finish),
        cmocka_unit_test_setup_teardown(contents_that_do_not_fit_are_refused, fresh, finish),
        cmocka_unit_test_setup_teardown(a_tool_that_fails_is_quoted, fresh, finish_programs),
        cmocka_unit_test_setup_teardown(a_full_host_disk_is_told_as_such, fresh, finish_programs),
        cmocka_unit_test_setup_teardown(an_interruption_ends_the_tool, fresh, finish_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
