/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "companion/bounded.h"
#include "util/memory.h"

enum { LIMIT = 64 * 1024 };

static struct aq_bounded open_log(void)
{
    struct aq_bounded log = {.fd = open("bounded.log", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600),
                             .limit = LIMIT};
    assert_true(log.fd >= 0);
    return log;
}

static off_t size_of(const struct aq_bounded *log)
{
    struct stat st;
    assert_int_equal(fstat(log->fd, &st), 0);
    return st.st_size;
}

static void write_lines(struct aq_bounded *log, unsigned from, unsigned to)
{
    char line[32];
    for (unsigned i = from; i < to; i++) {
        int length = snprintf(line, sizeof line, "line %08u\n", i);
        aq_bounded_write(log, line, (size_t)length);
    }
}

static void it_never_outgrows_its_limit_and_keeps_the_end(void **state)
{
    (void)state;
    struct aq_bounded log = open_log();
    for (unsigned i = 0; i < 100000; i += 1000) {
        write_lines(&log, i, i + 1000);
        assert_true(size_of(&log) <= LIMIT);
    }
    char tail[14 * 1000 + 1] = "";
    off_t size = size_of(&log);
    assert_true(size >= LIMIT / 2);
    assert_int_equal(pread(log.fd, tail, sizeof tail - 1, size - (off_t)sizeof tail + 1), sizeof tail - 1);
    for (unsigned i = 0; i < 1000; i++) { /* every line of the end, in order */
        char expected[32];
        snprintf(expected, sizeof expected, "line %08u\n", 99000 + i);
        assert_memory_equal(tail + (size_t)i * 14, expected, 14);
    }
    close(log.fd);
}

static void a_flood_in_one_piece_leaves_its_end(void **state)
{
    (void)state;
    struct aq_bounded log = open_log();
    aq_autofree char *flood = aq_alloc(10 * LIMIT);
    memset(flood, 'x', 10 * LIMIT - 1);
    flood[10 * LIMIT - 1] = '!';
    for (int i = 0; i < 5; i++)
        aq_bounded_write(&log, flood, 10 * LIMIT);
    char last;
    assert_true(size_of(&log) <= LIMIT);
    assert_int_equal(pread(log.fd, &last, 1, size_of(&log) - 1), 1);
    assert_int_equal(last, '!');
    close(log.fd);
}

/* Who reads under a lock sees contents that stand still; one that never lets go does not fill the disk. */
static void a_reader_s_lock_holds_the_contents(void **state)
{
    (void)state;
    struct aq_bounded log = open_log();
    write_lines(&log, 0, 1000);
    int reader = open("bounded.log", O_RDONLY | O_CLOEXEC);
    struct flock all = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    assert_int_equal(fcntl(reader, F_OFD_SETLK, &all), 0);
    char first[15] = "";
    write_lines(&log, 1000, 6000);
    assert_true(size_of(&log) > LIMIT);
    assert_int_equal(pread(reader, first, 14, 0), 14);
    assert_string_equal(first, "line 00000000\n");
    write_lines(&log, 6000, 100000);
    assert_true(size_of(&log) <= 2 * LIMIT + 14);
    close(reader);
    write_lines(&log, 0, 10000);
    assert_true(size_of(&log) <= LIMIT);
    close(log.fd);
}

static void one_without_a_file_takes_anything(void **state)
{
    (void)state;
    struct aq_bounded log = {.fd = -1, .limit = LIMIT};
    aq_bounded_write(&log, "x", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_never_outgrows_its_limit_and_keeps_the_end),
        cmocka_unit_test(a_flood_in_one_piece_leaves_its_end),
        cmocka_unit_test(a_reader_s_lock_holds_the_contents),
        cmocka_unit_test(one_without_a_file_takes_anything),
    };
    return cmocka_run_group_tests_name("companion/bounded", tests, NULL, NULL);
}
