/* SPDX-License-Identifier: MIT */
/* Growing partitions: sfdisk makes the tables and judges what became of them. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "guest/server/partition.h"
#include "tool.h"
#include "util/cleanup.h"

#define MIB (UINT64_C(1) << 20)

/* A disk of 64 MiB with that table, made 128 MiB. */
static int make_disk(const char *label, const char *partitions)
{
    unlink("disk.raw");
    aq_autofree char *script =
        aq_format("truncate -s 64M disk.raw && printf 'label: %s\\n%s' | "
                  "PATH=$PATH:/sbin:/usr/sbin sfdisk -q disk.raw && truncate -s 128M disk.raw",
                  label, partitions);
    tool("sh", "-c", script);
    return open("disk.raw", O_RDWR | O_CLOEXEC);
}

/* What sfdisk reads: "start= …, size= …" of the partition of that number, and no complaints. */
static void assert_partition(unsigned number, uint64_t start, uint64_t length)
{
    tool("sh", "-c",
         "PATH=$PATH:/sbin:/usr/sbin; sfdisk --verify disk.raw 2>&1 | tee said; "
         "! grep -qiE 'corrupt|mismatch|not |wrong|invalid' said");
    aq_autofree char *read =
        aq_format("PATH=$PATH:/sbin:/usr/sbin; sfdisk -d disk.raw | grep '^disk.raw%u ' | "
                  "sed -E 's/.*start= *([0-9]+), size= *([0-9]+).*/\\1 \\2/'",
                  number);
    aq_autofree char *got = tool_output("sh", "-c", read);
    aq_autofree char *wanted =
        aq_format("%llu %llu\n", (unsigned long long)start, (unsigned long long)length);
    assert_string_equal(got, wanted);
}

static int grow(int disk, unsigned number, struct aq_partition_growth *growth)
{
    const char *why = "";
    return aq_partition_grow(disk, 128 * MIB / 512, 512, number, growth, &why);
}

static void the_last_partition_takes_the_rest(void **state)
{
    (void)state;
    const char *const labels[] = {"dos", "gpt"};
    for (int i = 0; i < 2; i++) {
        struct aq_partition_growth growth;
        aq_autoclose int disk = make_disk(labels[i], "start=2048, size=8192\\nstart=10240\\n");
        assert_int_equal(grow(disk, 2, &growth), 1);
        assert_int_equal(growth.start, 10240);
        assert_true(growth.new_length > growth.old_length + 60 * MIB / 512);
        uint64_t end = i == 0 ? 128 * MIB / 512 : (128 * MIB / 512 - 33) / 2048 * 2048;
        assert_partition(2, 10240, end - 10240);
        assert_partition(1, 2048, 8192);
        assert_int_equal(grow(disk, 2, &growth), 0);
        assert_int_equal(growth.new_length, growth.old_length);
    }
}

static void another_one_behind_is_in_the_way(void **state)
{
    (void)state;
    const char *const labels[] = {"dos", "gpt"};
    for (int i = 0; i < 2; i++) {
        struct aq_partition_growth growth;
        /* The one in front is of a higher number, and there is a gap between the two. */
        aq_autoclose int disk =
            make_disk(labels[i], "2: start=2048, size=8192\\n1: start=20480, size=8192\\n");
        assert_int_equal(grow(disk, 2, &growth), 1);
        assert_partition(2, 2048, 20480 - 2048);
        assert_partition(1, 20480, 8192);
        assert_int_equal(grow(disk, 2, &growth), 0);
    }
}

/* The table at the end of the disk is as good as the one at its start. */
static void the_second_table_is_moved(void **state)
{
    (void)state;
    struct aq_partition_growth growth;
    aq_autoclose int disk = make_disk("gpt", "start=2048\\n");
    assert_int_equal(grow(disk, 1, &growth), 1);
    char nothing[512] = {0};
    assert_int_equal(pwrite(disk, nothing, sizeof nothing, 512), sizeof nothing);
    aq_autofree char *read =
        tool_output("sh", "-c", "PATH=$PATH:/sbin:/usr/sbin; sfdisk -d disk.raw 2>/dev/null");
    assert_non_null(strstr(read, "size="));
}

static void what_cannot_be_is_refused_and_nothing_is_written(void **state)
{
    (void)state;
    struct aq_partition_growth growth;
    aq_autoclose int logical = make_disk("dos", "start=2048, size=8192, type=5\\nstart=4096, size=2048\\n");
    aq_autofree char *before = tool_output("sha256sum", "disk.raw");
    assert_int_equal(grow(logical, 5, &growth), -1);
    assert_int_equal(errno, ENOTSUP);
    assert_int_equal(grow(logical, 3, &growth), -1);
    assert_int_equal(errno, EILSEQ);
    aq_autofree char *after = tool_output("sha256sum", "disk.raw");
    assert_string_equal(before, after);

    aq_autoclose int damaged = make_disk("gpt", "start=2048\\n");
    const off_t places[] = {512 + 20, 1024 + 8}; /* in the header, in the entries */
    for (int i = 0; i < 2; i++) {
        char byte, other;
        assert_int_equal(pread(damaged, &byte, 1, places[i]), 1);
        other = (char)(byte ^ 0x55);
        assert_int_equal(pwrite(damaged, &other, 1, places[i]), 1);
        assert_int_equal(grow(damaged, 1, &growth), -1);
        assert_int_equal(errno, EILSEQ);
        assert_int_equal(pwrite(damaged, &byte, 1, places[i]), 1);
    }
    assert_int_equal(grow(damaged, 2, &growth), -1);
    assert_int_equal(grow(damaged, 1, &growth), 1);

    char nothing[4096] = {0};
    assert_int_equal(pwrite(damaged, nothing, sizeof nothing, 0), sizeof nothing);
    assert_int_equal(grow(damaged, 1, &growth), -1);
    assert_int_equal(errno, ENOTSUP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_partition_takes_the_rest),
        cmocka_unit_test(another_one_behind_is_in_the_way),
        cmocka_unit_test(the_second_table_is_moved),
        cmocka_unit_test(what_cannot_be_is_refused_and_nothing_is_written),
    };
    return cmocka_run_group_tests_name("guest/partition", tests, NULL, NULL);
}
