/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/files.h"
#include "util/wait.h"

static struct aq_error err;
static int dir = -1;

/* Each test works in an empty folder "work". */
static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    if (aq_remove_tree_at(AT_FDCWD, "work", &err) < 0 || mkdir("work", 0700) < 0)
        return -1;
    dir = open("work", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir >= 0 ? 0 : -1;
}

static int finish(void **state)
{
    (void)state;
    close(dir);
    return 0;
}

static void put(const char *name, const char *text)
{
    assert_ok(aq_write_new_file_at(dir, name, text, strlen(text), 0600, &err));
}

static void assert_holds(const char *name, const char *text)
{
    aq_autobuffer struct aq_buffer data = {0};
    assert_ok(aq_read_file_at(dir, name, 1 << 20, &data, &err));
    assert_string_equal(aq_buffer_text(&data), text);
}

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

/* Runs it as a user without rights (when we are root); what it returns has to be 0. */
static void as_nobody(int (*function)(void))
{
    pid_t child = fork();
    assert_return_code(child, 0);
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
            _exit(100);
        _exit(function());
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
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

static int count_entries(void)
{
    DIR *stream = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    assert_non_null(stream);
    int count = -2;
    while (readdir(stream) != NULL)
        count++;
    closedir(stream);
    return count;
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

static int try_to_remove(void)
{
    return aq_remove_tree_at(dir, "tree", &err) >= 0 || err.code != AQ_E_IO ||
                   strstr(err.text, "work/tree/locked/file") == NULL
               ? 1
               : 0;
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

/* Bytes 0…99 KiB of text, a hole up to 5 MiB, text, a hole up to 8 MiB. */
static int make_sparse(void)
{
    int fd = openat(dir, "sparse", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    static char text[100 << 10];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i % 26);
    assert_int_equal(pwrite(fd, text, sizeof text, 0), sizeof text);
    assert_int_equal(pwrite(fd, text, sizeof text, 5 << 20), sizeof text);
    assert_return_code(ftruncate(fd, 8 << 20), 0);
    return fd;
}

static void copies_keep_contents_and_holes(void **state)
{
    (void)state;
    aq_autoclose int from = make_sparse();
    aq_autoclose int to = openat(dir, "copy", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_ok(aq_copy_contents(from, to, &err));
    struct stat source;
    struct stat copy;
    assert_return_code(fstat(from, &source), 0);
    assert_return_code(fstat(to, &copy), 0);
    assert_int_equal(copy.st_size, 8 << 20);
    assert_true(copy.st_blocks <= source.st_blocks + 64);
    size_t size = 8 << 20;
    aq_autofree char *one = aq_alloc(size);
    aq_autofree char *two = aq_alloc(size);
    assert_ok(aq_read_all_at(from, one, size, 0, &err));
    assert_ok(aq_read_all_at(to, two, size, 0, &err));
    assert_memory_equal(one, two, size);
    assert_fails(aq_read_all_at(to, two, 2, (8 << 20) - 1, &err), AQ_E_IO);
}

static void copies_work_where_the_kernel_does_not_copy(void **state)
{
    (void)state;
    aq_autoclose int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct stat source;
    assert_return_code(fstat(from, &source), 0);
    aq_autoclose int memory = memfd_create("copy", MFD_CLOEXEC); /* another file system */
    assert_ok(aq_copy_contents(from, memory, &err));
    aq_autoclose int back = openat(dir, "copy", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_ok(aq_copy_contents(memory, back, &err));
    size_t size = (size_t)source.st_size;
    aq_autofree char *one = aq_alloc(size);
    aq_autofree char *two = aq_alloc(size);
    assert_ok(aq_read_all_at(from, one, size, 0, &err));
    assert_ok(aq_read_all_at(back, two, size, 0, &err));
    assert_memory_equal(one, two, size);

    aq_autoclose int empty = openat(dir, "empty", O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
    aq_autoclose int to = openat(dir, "empty-copy", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_ok(aq_copy_contents(empty, to, &err));
}

static void a_copy_can_be_interrupted(void **state)
{
    (void)state;
    aq_autoclose int from = make_sparse();
    aq_autoclose int memory = memfd_create("copy", MFD_CLOEXEC);
    aq_interrupt();
    assert_fails(aq_copy_contents(from, memory, &err), AQ_E_INTERRUPTED);
    aq_interrupt_hold();
    assert_ok(aq_copy_contents(from, memory, &err));
    aq_interrupt_release();
    aq_interrupt_clear();
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

#define test(function) cmocka_unit_test_setup_teardown(function, fresh, finish)

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
        test(a_new_file_is_new),
        test(a_file_is_replaced_whole_or_not_at_all),
        test(replacing_a_link_leaves_what_it_pointed_at),
        test(replacing_removes_what_the_dead_left),
        test(a_reader_sees_the_old_or_the_new),
        test(removing_takes_links_and_leaves_what_they_point_at),
        test(a_tree_of_any_depth_and_width_is_removed),
        test(what_cannot_be_removed_is_named),
        test(copies_keep_contents_and_holes),
        test(copies_work_where_the_kernel_does_not_copy),
        test(a_copy_can_be_interrupted),
        test(paths_become_absolute),
        test(programs_are_found_in_path_and_sbin),
        test(reading_stays_below_the_folder_without_openat2), /* the last: it cannot be undone */
    };
    return cmocka_run_group_tests_name("util/files", tests, NULL, NULL);
}
