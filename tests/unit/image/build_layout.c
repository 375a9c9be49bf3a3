/* SPDX-License-Identifier: MIT */
/* Where partitions go, and the sector that says so, as sfdisk reads it. */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "image/build_layout.h"
#include "tool.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static struct aq_error err;

static void partitions_follow_each_other_to_the_end(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {64 * MIB, 64 * MIB + 12345, GIB, 8 * GIB, AQ_DISK_SIZE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct aq_disk_layout layout;
        assert_ok(aq_disk_layout(sizes[i], 17 * MIB, &layout, &err));
        assert_int_equal(layout.disk, sizes[i] / MIB * 2048);
        assert_int_equal(layout.boot_start, 2048);
        assert_true(layout.boot_size >= 19 * 2048);
        assert_int_equal(layout.root_start, layout.boot_start + layout.boot_size);
        assert_int_equal(layout.root_start % 2048, 0);
        assert_true((uint64_t)layout.root_start + layout.root_size == layout.disk);
    }
}

static void the_boot_partition_grows_with_its_contents(void **state)
{
    (void)state;
    struct aq_disk_layout small;
    struct aq_disk_layout large;
    assert_ok(aq_disk_layout(GIB, 1, &small, &err));
    assert_ok(aq_disk_layout(GIB, 100 * MIB, &large, &err));
    assert_int_equal(small.boot_size, 16 * 2048); /* FAT16 has a least size */
    assert_int_equal(large.boot_size, 104 * 2048);
}

static void impossible_sizes_are_refused(void **state)
{
    (void)state;
    struct aq_disk_layout layout;
    assert_fails(aq_disk_layout(AQ_DISK_SIZE_MAX + MIB, MIB, &layout, &err), AQ_E_LIMIT_EXCEEDED);
    assert_fails(aq_disk_layout(0, MIB, &layout, &err), AQ_E_LIMIT_EXCEEDED);
    assert_fails(aq_disk_layout(32 * MIB, 16 * MIB, &layout, &err), AQ_E_LIMIT_EXCEEDED);
    assert_fails(aq_disk_layout(64 * GIB, UINT64_MAX - MIB, &layout, &err), AQ_E_LIMIT_EXCEEDED);
}

static void sfdisk_reads_what_was_written(void **state)
{
    (void)state;
    struct aq_disk_layout layout;
    uint8_t code[AQ_BOOT_CODE];
    uint8_t sector[AQ_SECTOR];
    memset(code, 0x90, sizeof code);
    assert_ok(aq_disk_layout(GIB, 17 * MIB, &layout, &err));
    aq_disk_first_sector(&layout, code, 0x1234abcd, sector);
    assert_memory_equal(sector, code, sizeof code);

    FILE *disk = fopen("disk", "w");
    assert_non_null(disk);
    assert_int_equal(fwrite(sector, sizeof sector, 1, disk), 1);
    assert_return_code(ftruncate(fileno(disk), (off_t)GIB), 0);
    fclose(disk);
    char *table = tool_output("sfdisk", "--dump", "disk");
    assert_non_null(strstr(table, "label: dos"));
    assert_non_null(strstr(table, "label-id: 0x1234abcd"));
    assert_non_null(strstr(table, "disk1 : start=        2048, size=       40960, type=e, bootable"));
    assert_non_null(strstr(table, "disk2 : start=       43008, size=     2054144, type=83"));
    free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(partitions_follow_each_other_to_the_end),
        cmocka_unit_test(the_boot_partition_grows_with_its_contents),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(sfdisk_reads_what_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
