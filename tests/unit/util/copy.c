/* SPDX-License-Identifier: MIT */
/* Contents that are copied: holes, file systems, an interruption. */
#include "work-folder.h"

#include <sys/mman.h>

#include "util/wait.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(copies_keep_contents_and_holes),
        test(copies_work_where_the_kernel_does_not_copy),
        test(a_copy_can_be_interrupted),
    };
    return cmocka_run_group_tests_name("util/copy", tests, NULL, NULL);
}
