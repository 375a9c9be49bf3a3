/* SPDX-License-Identifier: MIT */
/* Our overlays, as QEMU's own tools see them. */
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "image/qcow2.h"
#include "tool.h"
#include "util/json.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define TIB (UINT64_C(1) << 40)

static int write_overlay(const char *path, const char *backing, uint64_t size, struct aq_error *err)
{
    aq_autoclose int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return aq_qcow2_write_overlay(fd, path, backing, size, err);
}

static int read_info(const char *path, struct aq_qcow2_info *info, struct aq_error *err)
{
    aq_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    return aq_qcow2_read(fd, path, info, err);
}

static int make_base(void **state)
{
    (void)state;
    tool("qemu-img", "create", "-q", "-f", "qcow2", "base.qcow2", "64M");
    tool("qemu-io", "-f", "qcow2", "-c", "write -P 0x5a 0 1M", "-c", "write -P 0xa5 60M 4M", "base.qcow2");
    return 0;
}

/* Both opinions on one overlay. */
static void agree(const char *path, uint64_t size)
{
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    assert_ok(read_info(path, &info, &err));
    assert_ok(aq_qcow2_judge(&info, "base.qcow2", path, &err));
    aq_autojson json_t *theirs = tool_image_info(path);
    const json_t *specific = json_object_get(json_object_get(theirs, "format-specific"), "data");
    assert_int_equal(info.virtual_size, size);
    assert_int_equal(aq_json_int(theirs, "virtual-size", -1), size);
    assert_int_equal(aq_json_int(theirs, "cluster-size", -1), 1 << info.cluster_bits);
    assert_string_equal(aq_json_text(theirs, "backing-filename", ""), info.backing_file);
    assert_string_equal(aq_json_text(theirs, "backing-filename-format", ""), info.backing_format);
    assert_string_equal(aq_json_text(specific, "compat", ""), "1.1");
    assert_int_equal(aq_json_int(specific, "refcount-bits", -1), 1 << info.refcount_order);
    assert_string_equal(aq_json_text(specific, "compression-type", ""), "zlib");
    assert_false(aq_json_bool(specific, "corrupt", true));
    assert_false(aq_json_bool(specific, "extended-l2", true));
}

static void overlays_of_every_size_are_clean(void **state)
{
    (void)state;
    struct aq_error err = {0};
    const uint64_t sizes[] = {
        MIB,     MIB + 512,     64 * MIB, 512 * MIB,      512 * MIB + 512, 10 * GIB, 4096 * GIB - 512,
        4 * TIB, 4 * TIB + 512, 16 * TIB, 33 * TIB + 512, 64 * TIB - 512,  64 * TIB};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_ok(write_overlay("overlay.qcow2", "base.qcow2", sizes[i], &err));
        tool("qemu-img", "check", "-q", "-f", "qcow2", "overlay.qcow2");
        agree("overlay.qcow2", sizes[i]);
    }
}

static void an_overlay_takes_12_kib(void **state)
{
    (void)state;
    struct aq_error err = {0};
    const uint64_t sizes[] = {MIB, 10 * GIB, 64 * TIB};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct stat file;
        unlink("overlay.qcow2");
        assert_ok(write_overlay("overlay.qcow2", "base.qcow2", sizes[i], &err));
        assert_int_equal(stat("overlay.qcow2", &file), 0);
        assert_in_range(file.st_blocks * 512, 1, 12 * 1024);
    }
}

static void an_odd_size_is_rounded_up_to_sectors(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    assert_ok(write_overlay("overlay.qcow2", "base.qcow2", 64 * MIB + 1, &err));
    assert_ok(read_info("overlay.qcow2", &info, &err));
    assert_int_equal(info.virtual_size, 64 * MIB + 512);
}

static void the_base_shines_through_and_is_not_written(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct stat before, after;
    assert_int_equal(stat("base.qcow2", &before), 0);
    assert_ok(write_overlay("overlay.qcow2", "base.qcow2", 10 * GIB, &err));
    tool("qemu-io", "-f", "qcow2", "-c", "read -P 0x5a 0 1M", "-c", "read -P 0 1M 59M", "-c",
         "read -P 0xa5 60M 4M", "-c", "read -P 0 64M 64M", "overlay.qcow2");
    tool("qemu-io", "-f", "qcow2", "-c", "write -P 1 512k 1M", "-c", "write -P 2 9G 3M", "-c",
         "write -P 3 63M 2M", "-c", "read -P 0x5a 0 512k", "-c", "read -P 1 512k 1M", "-c", "read -P 2 9G 3M",
         "-c", "read -P 3 63M 2M", "-c", "read -P 0xa5 60M 3M", "overlay.qcow2");
    tool("qemu-img", "check", "-q", "-f", "qcow2", "overlay.qcow2");
    assert_int_equal(stat("base.qcow2", &after), 0);
    assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof before.st_mtim);

    aq_autoclose int fd = open("overlay.qcow2", O_RDONLY | O_CLOEXEC);
    struct aq_qcow2_info info;
    assert_ok(aq_qcow2_read(fd, "overlay.qcow2", &info, &err));
    assert_ok(aq_qcow2_judge(&info, "base.qcow2", "overlay.qcow2", &err));
    assert_ok(aq_qcow2_check_tables(fd, &info, "overlay.qcow2", &err));
}

/* A snapshot makes QEMU grow the tables that we wrote. */
static void internal_snapshots_work_in_it(void **state)
{
    (void)state;
    struct aq_error err = {0};
    assert_ok(write_overlay("overlay.qcow2", "base.qcow2", 2 * TIB, &err));
    tool("qemu-img", "snapshot", "-c", "first", "overlay.qcow2");
    tool("qemu-io", "-f", "qcow2", "-c", "write -P 7 1T 1M", "overlay.qcow2");
    tool("qemu-img", "snapshot", "-c", "second", "overlay.qcow2");
    tool("qemu-img", "check", "-q", "-f", "qcow2", "overlay.qcow2");

    aq_autoclose int fd = open("overlay.qcow2", O_RDONLY | O_CLOEXEC);
    struct aq_qcow2_info info;
    aq_autosnapshots struct aq_qcow2_snapshots snapshots = {0};
    assert_ok(aq_qcow2_read(fd, "overlay.qcow2", &info, &err));
    assert_ok(aq_qcow2_read_snapshots(fd, &info, "overlay.qcow2", &snapshots, &err));
    assert_int_equal(snapshots.count, 2);
    assert_string_equal(snapshots.items[0].name, "first");
    assert_string_equal(snapshots.items[1].name, "second");
    assert_string_equal(snapshots.items[1].id, "2");
    assert_int_equal(snapshots.items[1].vm_state_size, 0);
    assert_int_equal(snapshots.items[1].virtual_size, 2 * TIB);
    aq_autojson json_t *theirs = tool_image_info("overlay.qcow2");
    const json_t *second = json_array_get(json_object_get(theirs, "snapshots"), 1);
    assert_int_equal(aq_json_int(second, "date-sec", -1), snapshots.items[1].date);
}

static void the_name_of_the_backing_file_may_be_long(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    char name[1025];
    memset(name, 'n', sizeof name);
    name[0] = '/';
    name[1024] = '\0';
    assert_fails(write_overlay("overlay.qcow2", name, MIB, &err), AQ_E_LIMIT_EXCEEDED);
    name[1023] = '\0';
    assert_ok(write_overlay("overlay.qcow2", name, MIB, &err));
    assert_ok(read_info("overlay.qcow2", &info, &err));
    assert_string_equal(info.backing_file, name);
    aq_autojson json_t *theirs = tool_image_info("overlay.qcow2");
    assert_string_equal(aq_json_text(theirs, "backing-filename", ""), name);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct aq_error err = {0};
    assert_fails(write_overlay("overlay.qcow2", "", MIB, &err), AQ_E_VALUE_INVALID);
    assert_fails(write_overlay("overlay.qcow2", "base.qcow2", 0, &err), AQ_E_VALUE_INVALID);
    assert_fails(write_overlay("overlay.qcow2", "base.qcow2", 64 * TIB + 1, &err), AQ_E_LIMIT_EXCEEDED);
    assert_fails(write_overlay("overlay.qcow2", "base.qcow2", UINT64_MAX, &err), AQ_E_LIMIT_EXCEEDED);
    assert_fails(write_overlay("overlay.qcow2", "nbd:host:1", MIB, &err), AQ_E_VALUE_INVALID);
    assert_fails(write_overlay("overlay.qcow2", "json:{}", MIB, &err), AQ_E_VALUE_INVALID);
    assert_ok(write_overlay("overlay.qcow2", "./odd:name", MIB, &err));
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_autoclose int fd = open("/dev/full", O_RDWR | O_CLOEXEC);
    assert_int_equal(aq_qcow2_write_overlay(fd, "full", "base.qcow2", MIB, &err), -1);
    assert_true(err.code == AQ_E_IO || err.code == AQ_E_NO_SPACE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlays_of_every_size_are_clean),
        cmocka_unit_test(an_overlay_takes_12_kib),
        cmocka_unit_test(an_odd_size_is_rounded_up_to_sectors),
        cmocka_unit_test(the_base_shines_through_and_is_not_written),
        cmocka_unit_test(internal_snapshots_work_in_it),
        cmocka_unit_test(the_name_of_the_backing_file_may_be_long),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(a_full_disk_is_told),
    };
    return cmocka_run_group_tests_name("image/qcow2_overlay", tests, make_base, NULL);
}
