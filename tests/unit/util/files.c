/* SPDX-License-Identifier: MIT */
/* Reading, and finding: what is a file, what lies below a folder, which program a name means. */
#include "work-folder.h"

#include <errno.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

/* A fifo, a socket, a folder, a device (as root), links: under their kind's name. */
static void make_one_of_each_kind(void)
{
    assert_return_code(mkfifoat(dir, "fifo", 0600), 0);
    assert_return_code(mkdirat(dir, "folder", 0700), 0);
    assert_return_code(symlinkat("nowhere", dir, "dangling"), 0);
    assert_return_code(symlinkat("loop", dir, "loop"), 0);
    aq_autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "work/socket"};
    assert_return_code(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    put("file", "text");
    assert_return_code(symlinkat("file", dir, "link"), 0);
}

static void reading_takes_regular_files_only(void **state)
{
    (void)state;
    make_one_of_each_kind();
    aq_autobuffer struct aq_buffer data = {0};
    assert_ok(aq_read_file_at(dir, "file", 100, &data, &err));
    assert_string_equal(aq_buffer_text(&data), "text");
    assert_ok(aq_read_file_at(dir, "file", 4, &data, &err));
    assert_string_equal(aq_buffer_text(&data), "texttext");
    assert_fails(aq_read_file_at(dir, "file", 3, &data, &err), AQ_E_LIMIT_EXCEEDED);
    assert_fails(aq_read_file_at(dir, "none", 100, &data, &err), AQ_E_FILE_NOT_FOUND);
    assert_fails(aq_read_file_at(dir, "file/none", 100, &data, &err), AQ_E_FILE_NOT_FOUND);
    assert_fails(aq_read_file_at(dir, "fifo", 100, &data, &err), AQ_E_FILE_KIND);
    assert_fails(aq_read_file_at(dir, "socket", 100, &data, &err), AQ_E_FILE_KIND);
    assert_fails(aq_read_file_at(dir, "folder", 100, &data, &err), AQ_E_FILE_KIND);
    assert_fails(aq_read_file_at(dir, "dangling", 100, &data, &err), AQ_E_FILE_LINK);
    assert_fails(aq_read_file_at(dir, "loop", 100, &data, &err), AQ_E_FILE_LINK);
    assert_fails(aq_read_file_at(dir, "link", 100, &data, &err), AQ_E_FILE_LINK);
}

static void reading_stays_below_the_folder(void **state)
{
    (void)state;
    put("file", "text");
    assert_return_code(mkdirat(dir, "a", 0700), 0);
    put("a/file", "below");
    assert_return_code(symlinkat("a", dir, "b"), 0);
    assert_holds("a/file", "below");
    aq_autobuffer struct aq_buffer data = {0};
    assert_fails(aq_read_file_at(dir, "b/file", 100, &data, &err), AQ_E_FILE_LINK);
    assert_fails(aq_read_file_at(dir, "../work/file", 100, &data, &err), AQ_E_FILE_LINK);
    assert_fails(aq_read_file_at(dir, "/etc/passwd", 1 << 20, &data, &err), AQ_E_FILE_LINK);
    assert_int_equal(data.length, 0);
}

static void files_that_say_they_are_empty_are_read(void **state)
{
    (void)state;
    aq_autoclose int proc = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    aq_autobuffer struct aq_buffer data = {0};
    assert_ok(aq_read_file_at(proc, "maps", 1 << 20, &data, &err));
    assert_true(data.length > 1000);
    assert_fails(aq_read_file_at(proc, "maps", 100, &data, &err), AQ_E_LIMIT_EXCEEDED);
    put("empty", "");
    assert_holds("empty", "");
}

static void input_may_be_a_link_and_never_hangs(void **state)
{
    (void)state;
    make_one_of_each_kind();
    aq_autoclose int fd = aq_open_input("work/link", &err);
    assert_ok(fd);
    char text[8] = "";
    assert_ok(aq_read_all_at(fd, text, 4, 0, &err));
    assert_string_equal(text, "text");
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_fails(aq_open_input("work/none", &err), AQ_E_FILE_NOT_FOUND);
    assert_fails(aq_open_input("work/file/none", &err), AQ_E_FILE_NOT_FOUND);
    assert_fails(aq_open_input("", &err), AQ_E_FILE_NOT_FOUND);
    assert_fails(aq_open_input("work/dangling", &err), AQ_E_FILE_LINK);
    assert_fails(aq_open_input("work/loop", &err), AQ_E_FILE_LINK);
    assert_fails(aq_open_input("work/fifo", &err), AQ_E_FILE_KIND);
    assert_fails(aq_open_input("work/socket", &err), AQ_E_FILE_KIND);
    assert_fails(aq_open_input("work/folder", &err), AQ_E_FILE_KIND);
    assert_fails(aq_open_input("/dev/null", &err), AQ_E_FILE_KIND);
    assert_fails(aq_open_input("/dev/tty", &err), AQ_E_FILE_KIND);
}

static int try_unreadable(void)
{
    struct aq_buffer data = {0};
    if (aq_open_input("work/secret", &err) >= 0 || err.code != AQ_E_UNREADABLE)
        return 1;
    err = (struct aq_error){0};
    return aq_read_file_at(dir, "secret", 100, &data, &err) >= 0 || err.code != AQ_E_UNREADABLE ? 2 : 0;
}

static void what_may_not_be_read_is_told_apart(void **state)
{
    (void)state;
    put("secret", "text");
    assert_return_code(fchmodat(dir, "secret", 0, 0), 0);
    assert_return_code(chmod("work", 0755), 0);
    assert_return_code(chmod(".", 0755), 0);
    as_nobody(try_unreadable);
}

static void paths_become_absolute(void **state)
{
    (void)state;
    make_one_of_each_kind();
    aq_autofree char *here = realpath("work", NULL);
    aq_autofree char *wanted = aq_format("%s/file", here);
    aq_autofree char *path = aq_absolute_path("work/../work/link", &err);
    assert_string_equal(path, wanted);
    aq_autofree char *named = aq_path_at(dir, "file");
    assert_string_equal(named, wanted);
    assert_null(aq_absolute_path("work/none", &err));
    assert_int_equal(err.code, AQ_E_FILE_NOT_FOUND);
    err = (struct aq_error){0};
    assert_null(aq_absolute_path("work/dangling", &err));
    assert_int_equal(err.code, AQ_E_FILE_LINK);
}

static void programs_are_found_in_path_and_sbin(void **state)
{
    (void)state;
    aq_autofree char *sh = aq_find_program("sh");
    assert_non_null(sh);
    assert_int_equal(sh[0], '/');
    put("tool", "#!/bin/sh\n");
    assert_null(aq_find_program("work/tool"));
    assert_return_code(fchmodat(dir, "tool", 0755, 0), 0);
    aq_autofree char *relative = aq_find_program("work/tool");
    assert_string_equal(relative, "work/tool");
    assert_null(aq_find_program(""));
    assert_null(aq_find_program("work"));

    aq_autofree char *before = aq_strdup(getenv("PATH"));
    setenv("PATH", "work:.::", 1);
    assert_null(aq_find_program("tool"));
    aq_autofree char *absolute = aq_path_at(dir, "");
    setenv("PATH", absolute, 1);
    aq_autofree char *found = aq_find_program("tool");
    assert_non_null(found);
    aq_autofree char *chroot = aq_find_program("chroot"); /* lives in /usr/sbin */
    assert_non_null(chroot);
    setenv("PATH", before, 1);

    assert_null(aq_need_program("no-such-tool", "no-such-package", &err));
    assert_int_equal(err.code, AQ_E_TOOL_MISSING);
    assert_non_null(strstr(err.text, "apt install no-such-package"));
}

/* As a kernel before 5.6, or a sandbox, answers; for the rest of this process. */
static void forbid_openat2(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        skip();
}

static void reading_stays_below_the_folder_without_openat2(void **state)
{
    forbid_openat2();
    reading_stays_below_the_folder(state);
    aq_autobuffer struct aq_buffer data = {0};
    assert_fails(aq_read_file_at(dir, "a/../file", 100, &data, &err), AQ_E_FILE_LINK);
    assert_fails(aq_read_file_at(dir, "file/none", 100, &data, &err), AQ_E_FILE_NOT_FOUND);
    assert_fails(aq_read_file_at(dir, "none/file", 100, &data, &err), AQ_E_FILE_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(reading_takes_regular_files_only),
        test(reading_stays_below_the_folder),
        test(files_that_say_they_are_empty_are_read),
        test(input_may_be_a_link_and_never_hangs),
        test(what_may_not_be_read_is_told_apart),
        test(paths_become_absolute),
        test(programs_are_found_in_path_and_sbin),
        test(reading_stays_below_the_folder_without_openat2), /* the last: it cannot be undone */
    };
    return cmocka_run_group_tests_name("util/files", tests, NULL, NULL);
}
