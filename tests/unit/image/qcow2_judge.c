/* SPDX-License-Identifier: MIT */
/* Each thing that an image can be refused for, and that a sound one is not. */
#include "test.h"

#include "image.h"

static int admit(const struct image *image, struct aq_qcow2_info *info, struct aq_error *err)
{
    aq_autoclose int fd = image_open(image);
    return aq_qcow2_admit(fd, "test.qcow2", info, err);
}

static void refused(const struct image *image, enum aq_error_code code)
{
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    assert_fails(admit(image, &info, &err), code);
}

static void refused_with_32(size_t at, uint32_t value, enum aq_error_code code)
{
    struct image image = image_sound();
    aq_put_be32(image.bytes + at, value);
    refused(&image, code);
}

static void refused_with_64(size_t at, uint64_t value, enum aq_error_code code)
{
    struct image image = image_sound();
    aq_put_be64(image.bytes + at, value);
    refused(&image, code);
}

static void a_sound_image_is_admitted(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    struct image image = image_sound();
    assert_ok(admit(&image, &info, &err));
    assert_int_equal(info.version, 3);
    assert_int_equal(info.cluster_bits, 12);
    assert_int_equal(info.virtual_size, 1 << 20);
    assert_int_equal(info.file_size, IMAGE_LENGTH);
    assert_string_equal(info.backing_file, "");
}

static void version_2_is_admitted(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    struct image image = image_sound();
    aq_put_be32(image.bytes + QCOW2_AT_VERSION, 2);
    memset(image.bytes + QCOW2_V2_HEADER, 0, 64);
    assert_ok(admit(&image, &info, &err));
    assert_int_equal(info.header_length, QCOW2_V2_HEADER);
    assert_int_equal(info.refcount_order, 4);
}

static void zstd_and_unknown_compatible_bits_are_admitted(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    struct image image = image_sound();
    aq_put_be64(image.bytes + QCOW2_AT_INCOMPATIBLE, AQ_QCOW2_COMPRESSION);
    image.bytes[QCOW2_AT_COMPRESSION] = 1;
    aq_put_be64(image.bytes + QCOW2_AT_COMPATIBLE, UINT64_MAX);
    image_extension(&image, IMAGE_EXTENSIONS, 0x12345678, "nobody knows this one");
    assert_ok(admit(&image, &info, &err));
    assert_int_equal(info.compression, 1);
}

static void what_is_not_qcow2_is_refused(void **state)
{
    (void)state;
    struct image image = image_sound();
    image.length = 0;
    refused(&image, AQ_E_IMAGE_NOT_QCOW2);
    image.length = 3;
    refused(&image, AQ_E_IMAGE_NOT_QCOW2);
    memcpy(image.bytes, "#!/bin/sh\n", 10);
    image.length = IMAGE_LENGTH;
    refused(&image, AQ_E_IMAGE_NOT_QCOW2);
    refused_with_32(QCOW2_AT_VERSION, 1, AQ_E_IMAGE_NOT_QCOW2);
    refused_with_32(QCOW2_AT_VERSION, 4, AQ_E_IMAGE_NOT_QCOW2);
}

static void truncation_is_seen_at_every_table(void **state)
{
    (void)state;
    const size_t lengths[] = {4,
                              QCOW2_V2_HEADER - 1,
                              QCOW2_V3_HEADER - 1,
                              IMAGE_CLUSTER - 1,
                              IMAGE_REFCOUNT_TABLE,
                              IMAGE_REFCOUNT_BLOCK - 1,
                              IMAGE_REFCOUNT_BLOCK,
                              IMAGE_L1,
                              IMAGE_L1 + 7,
                              IMAGE_L2,
                              IMAGE_DATA};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct image image = image_sound();
        image.length = lengths[i];
        refused(&image, AQ_E_IMAGE_TRUNCATED);
    }
}

static void a_last_cluster_cut_short_is_admitted(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    struct image image = image_sound();
    image.length = IMAGE_DATA + 1;
    assert_ok(admit(&image, &info, &err));
}

static void marks_in_the_header_are_obeyed(void **state)
{
    (void)state;
    refused_with_64(QCOW2_AT_INCOMPATIBLE, AQ_QCOW2_CORRUPT, AQ_E_IMAGE_CORRUPT);
    refused_with_64(QCOW2_AT_INCOMPATIBLE, AQ_QCOW2_DIRTY, AQ_E_IMAGE_IN_USE);
    refused_with_64(QCOW2_AT_INCOMPATIBLE, AQ_QCOW2_DATA_FILE, AQ_E_IMAGE_DATA_FILE);
    for (unsigned bit = 5; bit < 64; bit++)
        refused_with_64(QCOW2_AT_INCOMPATIBLE, UINT64_C(1) << bit, AQ_E_IMAGE_FEATURE);
    for (uint32_t method = 1; method <= 3; method++)
        refused_with_32(QCOW2_AT_CRYPT_METHOD, method, AQ_E_IMAGE_ENCRYPTED);
}

static void contradictions_about_features_are_refused(void **state)
{
    (void)state;
    struct image image = image_sound();
    image.bytes[QCOW2_AT_COMPRESSION] = 1;
    refused(&image, AQ_E_IMAGE_CORRUPT);
    refused_with_64(QCOW2_AT_INCOMPATIBLE, AQ_QCOW2_COMPRESSION, AQ_E_IMAGE_CORRUPT);
    aq_put_be64(image.bytes + QCOW2_AT_INCOMPATIBLE, AQ_QCOW2_COMPRESSION);
    image.bytes[QCOW2_AT_COMPRESSION] = 2;
    refused(&image, AQ_E_IMAGE_FEATURE);
    refused_with_64(QCOW2_AT_INCOMPATIBLE, AQ_QCOW2_EXTENDED_L2, AQ_E_IMAGE_CORRUPT);
}

static void a_data_file_named_without_its_bit_is_refused(void **state)
{
    (void)state;
    struct image image = image_sound();
    image_extension(&image, IMAGE_EXTENSIONS, QCOW2_EXT_DATA_FILE, "/etc/passwd");
    refused(&image, AQ_E_IMAGE_DATA_FILE);
}

static void every_kind_of_backing_file_is_refused(void **state)
{
    (void)state;
    const char *const names[] = {"/etc/shadow",
                                 "../base.qcow2",
                                 "json:{\"driver\":\"file\"}",
                                 "nbd://127.0.0.1/x",
                                 "https://example.org/x.qcow2",
                                 " "};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct image image = image_sound();
        image_name_backing(&image, names[i]);
        refused(&image, AQ_E_IMAGE_BACKING_FILE);
    }
}

static void a_hostile_name_does_not_reach_the_terminal(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    struct image image = image_sound();
    image_name_backing(&image, "/x\033]0;gotcha\007\n\xff");
    assert_int_equal(admit(&image, &info, &err), -1);
    assert_non_null(strstr(err.text, "/x?]0;gotcha???"));
}

static void only_the_very_backing_file_is_allowed(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    struct image image = image_sound();
    image_name_backing(&image, "/store/base.qcow2");
    image_extension(&image, IMAGE_EXTENSIONS, QCOW2_EXT_BACKING_FORMAT, "qcow2");
    aq_autoclose int fd = image_open(&image);
    assert_ok(aq_qcow2_read(fd, "test.qcow2", &info, &err));
    assert_string_equal(info.backing_file, "/store/base.qcow2");
    assert_string_equal(info.backing_format, "qcow2");
    assert_ok(aq_qcow2_judge(&info, "/store/base.qcow2", "test.qcow2", &err));
    assert_fails(aq_qcow2_judge(&info, "/store/base.qcow", "test.qcow2", &err), AQ_E_IMAGE_BACKING_FILE);
    assert_fails(aq_qcow2_judge(&info, NULL, "test.qcow2", &err), AQ_E_IMAGE_BACKING_FILE);
    strcpy(info.backing_format, "raw");
    assert_fails(aq_qcow2_judge(&info, "/store/base.qcow2", "test.qcow2", &err), AQ_E_IMAGE_BACKING_FILE);
}

static void an_overlay_without_its_backing_file_is_refused(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    struct image image = image_sound();
    aq_autoclose int fd = image_open(&image);
    assert_ok(aq_qcow2_read(fd, "test.qcow2", &info, &err));
    assert_fails(aq_qcow2_judge(&info, "/store/base.qcow2", "test.qcow2", &err), AQ_E_IMAGE_BACKING_FILE);
}

static void a_backing_name_outside_the_header_is_refused(void **state)
{
    (void)state;
    const struct {
        uint64_t offset;
        uint32_t length;
    } places[] = {{IMAGE_CLUSTER - 4, 5},
                  {IMAGE_CLUSTER + 1, 1},
                  {IMAGE_NAME, 1024},
                  {IMAGE_NAME, 0},
                  {IMAGE_NAME, UINT32_MAX},
                  {UINT64_MAX - 3, 8},
                  {8, 8}};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct image image = image_sound();
        aq_put_be64(image.bytes + QCOW2_AT_BACKING_OFFSET, places[i].offset);
        aq_put_be32(image.bytes + QCOW2_AT_BACKING_LENGTH, places[i].length);
        refused(&image, AQ_E_IMAGE_CORRUPT);
    }
    struct image image = image_sound();
    image_name_backing(&image, "/etc/shadow");
    image.bytes[IMAGE_NAME + 4] = '\0';
    refused(&image, AQ_E_IMAGE_CORRUPT);
}

static void absurd_header_lengths_are_refused(void **state)
{
    (void)state;
    const uint32_t lengths[] = {0, 72, 103, 105, IMAGE_CLUSTER + 8, UINT32_MAX, UINT32_MAX - 7};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        refused_with_32(QCOW2_AT_HEADER_LENGTH, lengths[i], AQ_E_IMAGE_CORRUPT);
}

static void extensions_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    const uint32_t lengths[] = {IMAGE_CLUSTER, UINT32_MAX, UINT32_MAX - 7,
                                IMAGE_CLUSTER - IMAGE_EXTENSIONS - 7};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct image image = image_sound();
        aq_put_be32(image.bytes + IMAGE_EXTENSIONS, 0x11111111);
        aq_put_be32(image.bytes + IMAGE_EXTENSIONS + 4, lengths[i]);
        refused(&image, AQ_E_IMAGE_CORRUPT);
    }
    struct image image = image_sound();
    image_name_backing(&image, "/x");
    image_extension(&image, IMAGE_EXTENSIONS, QCOW2_EXT_BACKING_FORMAT, "qcow2 but far too long");
    refused(&image, AQ_E_IMAGE_CORRUPT);
}

static void absurd_sizes_are_refused(void **state)
{
    (void)state;
    refused_with_64(QCOW2_AT_SIZE, 0, AQ_E_IMAGE_SIZE);
    refused_with_64(QCOW2_AT_SIZE, AQ_QCOW2_SIZE_MAX + 1, AQ_E_IMAGE_SIZE);
    refused_with_64(QCOW2_AT_SIZE, INT64_MAX, AQ_E_IMAGE_SIZE);
    refused_with_64(QCOW2_AT_SIZE, UINT64_MAX, AQ_E_IMAGE_SIZE);
    refused_with_64(QCOW2_AT_SIZE, AQ_QCOW2_SIZE_MAX,
                    AQ_E_IMAGE_CORRUPT); /* the L1 table is too small for it */
    refused_with_32(QCOW2_AT_CLUSTER_BITS, 8, AQ_E_IMAGE_SIZE);
    refused_with_32(QCOW2_AT_CLUSTER_BITS, 22, AQ_E_IMAGE_SIZE);
    refused_with_32(QCOW2_AT_CLUSTER_BITS, UINT32_MAX, AQ_E_IMAGE_SIZE);
    refused_with_32(QCOW2_AT_L1_ENTRIES, (32 << 20) / 8 + 1, AQ_E_IMAGE_SIZE);
    refused_with_32(QCOW2_AT_L1_ENTRIES, UINT32_MAX, AQ_E_IMAGE_SIZE);
    refused_with_32(QCOW2_AT_L1_ENTRIES, 0, AQ_E_IMAGE_CORRUPT);
    refused_with_32(QCOW2_AT_REFCOUNT_CLUSTERS, (8 << 20) / IMAGE_CLUSTER + 1, AQ_E_IMAGE_SIZE);
    refused_with_32(QCOW2_AT_REFCOUNT_CLUSTERS, UINT32_MAX, AQ_E_IMAGE_SIZE);
    refused_with_32(QCOW2_AT_REFCOUNT_CLUSTERS, 0, AQ_E_IMAGE_CORRUPT);
    refused_with_32(QCOW2_AT_REFCOUNT_ORDER, 7, AQ_E_IMAGE_CORRUPT);
    refused_with_32(QCOW2_AT_SNAPSHOT_COUNT, 1000000000, AQ_E_IMAGE_SIZE);
}

static void tables_out_of_place_are_refused(void **state)
{
    (void)state;
    const size_t tables[] = {QCOW2_AT_L1_OFFSET, QCOW2_AT_REFCOUNT_OFFSET};
    for (size_t i = 0; i < 2; i++) {
        refused_with_64(tables[i], 0, AQ_E_IMAGE_CORRUPT);
        refused_with_64(tables[i], IMAGE_L1 + 8, AQ_E_IMAGE_CORRUPT);
        refused_with_64(tables[i], UINT64_MAX, AQ_E_IMAGE_CORRUPT);
        refused_with_64(tables[i], IMAGE_LENGTH, AQ_E_IMAGE_TRUNCATED);
        refused_with_64(tables[i], UINT64_MAX - IMAGE_CLUSTER + 1, AQ_E_IMAGE_TRUNCATED);
        refused_with_64(tables[i], UINT64_C(1) << 63, AQ_E_IMAGE_TRUNCATED);
    }
    refused_with_32(QCOW2_AT_L1_ENTRIES, (32 << 20) / 8, AQ_E_IMAGE_TRUNCATED);
    refused_with_32(QCOW2_AT_REFCOUNT_CLUSTERS, (8 << 20) / IMAGE_CLUSTER, AQ_E_IMAGE_TRUNCATED);
}

static void entries_that_lead_astray_are_refused(void **state)
{
    (void)state;
    refused_with_64(IMAGE_REFCOUNT_TABLE, IMAGE_REFCOUNT_BLOCK + 512, AQ_E_IMAGE_CORRUPT);
    refused_with_64(IMAGE_REFCOUNT_TABLE + 8, UINT64_C(1) << 62, AQ_E_IMAGE_TRUNCATED);
    refused_with_64(IMAGE_L1, (IMAGE_L2 + 512) | IMAGE_COPIED, AQ_E_IMAGE_CORRUPT);
    refused_with_64(IMAGE_L1, UINT64_C(1) << 50, AQ_E_IMAGE_TRUNCATED);
    refused_with_64(IMAGE_L2 + 8, (IMAGE_DATA + 512) | IMAGE_COPIED, AQ_E_IMAGE_CORRUPT);
    refused_with_64(IMAGE_L2 + IMAGE_CLUSTER - 8, UINT64_C(1) << 55, AQ_E_IMAGE_TRUNCATED);
    refused_with_64(IMAGE_L2 + 8, QCOW2_COMPRESSED | IMAGE_LENGTH, AQ_E_IMAGE_TRUNCATED);
}

static void places_kept_for_zeros_may_lie_beyond_the_end(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    struct image image = image_sound();
    aq_put_be64(image.bytes + IMAGE_L2 + 8, IMAGE_LENGTH | IMAGE_COPIED | QCOW2_ZERO);
    aq_put_be64(image.bytes + IMAGE_L2 + 16, QCOW2_COMPRESSED | (IMAGE_DATA + 100));
    assert_ok(admit(&image, &info, &err));
}

/* Many L1 entries that share one L2 table would be read as often as there are entries. */
static void more_tables_than_clusters_are_refused(void **state)
{
    (void)state;
    struct image image = image_sound();
    aq_put_be32(image.bytes + QCOW2_AT_L1_ENTRIES, 512);
    aq_put_be64(image.bytes + QCOW2_AT_SIZE, UINT64_C(512) << 21);
    for (size_t i = 0; i < 512; i++)
        aq_put_be64(image.bytes + IMAGE_L1 + 8 * i, IMAGE_L2 | IMAGE_COPIED);
    refused(&image, AQ_E_IMAGE_CORRUPT);
}

static void snapshots_are_read(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    struct image image = image_sound();
    image_snapshot(&image, "1", "before upgrade");
    assert_ok(admit(&image, &info, &err));
    aq_autoclose int fd = image_open(&image);
    aq_autosnapshots struct aq_qcow2_snapshots snapshots = {0};
    assert_ok(aq_qcow2_read_snapshots(fd, &info, "test.qcow2", &snapshots, &err));
    assert_int_equal(snapshots.count, 1);
    assert_string_equal(snapshots.items[0].id, "1");
    assert_string_equal(snapshots.items[0].name, "before upgrade");
    assert_int_equal(snapshots.items[0].date, 1700000000);
    assert_int_equal(snapshots.items[0].date_ns, 5);
    assert_int_equal(snapshots.items[0].vm_clock_ns, 99);
    assert_int_equal(snapshots.items[0].vm_state_size, UINT64_C(5) << 32);
    assert_int_equal(snapshots.items[0].virtual_size, 1 << 20);
}

/* Also by whoever did not judge the header before: nothing is allocated on its word. */
static void an_unjudged_snapshot_count_is_refused(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    struct image image = image_sound();
    image_snapshot(&image, "1", "before upgrade");
    aq_autoclose int fd = image_open(&image);
    aq_autosnapshots struct aq_qcow2_snapshots snapshots = {0};
    assert_ok(aq_qcow2_read(fd, "test.qcow2", &info, &err));
    info.snapshot_count = UINT32_MAX;
    assert_fails(aq_qcow2_read_snapshots(fd, &info, "test.qcow2", &snapshots, &err), AQ_E_IMAGE_SIZE);
    info.snapshot_count = 1;
    info.snapshots_offset = UINT64_C(1) << 60;
    assert_fails(aq_qcow2_read_snapshots(fd, &info, "test.qcow2", &snapshots, &err), AQ_E_IMAGE_TRUNCATED);
    assert_int_equal(snapshots.count, 0);
}

static void hostile_snapshot_tables_are_refused(void **state)
{
    (void)state;
    const struct {
        size_t at;
        uint32_t value;
        enum aq_error_code code;
    } cases[] = {
        {QCOW2_AT_SNAPSHOT_COUNT, 103, AQ_E_IMAGE_TRUNCATED},          /* more than fit in what is left */
        {QCOW2_AT_SNAPSHOTS_OFFSET, 0x7fffffff, AQ_E_IMAGE_TRUNCATED}, /* the upper half of the offset */
        {QCOW2_AT_SNAPSHOTS_OFFSET + 4, 8, AQ_E_IMAGE_CORRUPT},
        {IMAGE_LENGTH + 4, IMAGE_L1 + 1, AQ_E_IMAGE_CORRUPT},
        {IMAGE_LENGTH, 1, AQ_E_IMAGE_TRUNCATED},
        {IMAGE_LENGTH + 8, UINT32_MAX, AQ_E_IMAGE_SIZE},
        {IMAGE_LENGTH + 12, UINT32_MAX, AQ_E_IMAGE_TRUNCATED},
        {IMAGE_LENGTH + 36, 1025, AQ_E_IMAGE_SIZE},
        {IMAGE_LENGTH + 36, UINT32_MAX, AQ_E_IMAGE_SIZE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct image image = image_sound();
        image_snapshot(&image, "1", "x");
        aq_put_be32(image.bytes + cases[i].at, cases[i].value);
        refused(&image, cases[i].code);
    }
}

/* A table may be as long as QEMU allows, however large the (sparse) file behind it is. */
static void an_endless_snapshot_table_is_refused(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    struct image image = image_sound();
    image_snapshot(&image, "1", "x");
    aq_put_be32(image.bytes + QCOW2_AT_SNAPSHOT_COUNT, QCOW2_MAX_SNAPSHOTS);
    aq_autoclose int fd = image_open(&image);
    uint8_t entry[QCOW2_SNAPSHOT_HEADER] = {0};
    aq_put_be16(entry + 12, UINT16_MAX);
    aq_put_be16(entry + 14, UINT16_MAX);
    const uint64_t step = (QCOW2_SNAPSHOT_HEADER + 2 * UINT16_MAX + 7) / 8 * 8;
    for (uint64_t i = 0; i * step < QCOW2_MAX_SNAPSHOT_TABLE + step; i++)
        assert_int_equal(pwrite(fd, entry, sizeof entry, (off_t)(IMAGE_LENGTH + i * step)), sizeof entry);
    assert_int_equal(ftruncate(fd, INT64_C(1) << 30), 0);
    assert_fails(aq_qcow2_admit(fd, "test.qcow2", &info, &err), AQ_E_IMAGE_SIZE);
}

static void a_huge_sparse_file_is_judged_quickly(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    struct image image = image_sound();
    aq_autoclose int fd = image_open(&image);
    assert_int_equal(ftruncate(fd, INT64_C(1) << 52), 0);
    assert_ok(aq_qcow2_admit(fd, "test.qcow2", &info, &err));
    assert_int_equal(info.file_size, INT64_C(1) << 52);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_image_is_admitted),
        cmocka_unit_test(version_2_is_admitted),
        cmocka_unit_test(zstd_and_unknown_compatible_bits_are_admitted),
        cmocka_unit_test(what_is_not_qcow2_is_refused),
        cmocka_unit_test(truncation_is_seen_at_every_table),
        cmocka_unit_test(a_last_cluster_cut_short_is_admitted),
        cmocka_unit_test(marks_in_the_header_are_obeyed),
        cmocka_unit_test(contradictions_about_features_are_refused),
        cmocka_unit_test(a_data_file_named_without_its_bit_is_refused),
        cmocka_unit_test(every_kind_of_backing_file_is_refused),
        cmocka_unit_test(a_hostile_name_does_not_reach_the_terminal),
        cmocka_unit_test(only_the_very_backing_file_is_allowed),
        cmocka_unit_test(an_overlay_without_its_backing_file_is_refused),
        cmocka_unit_test(a_backing_name_outside_the_header_is_refused),
        cmocka_unit_test(absurd_header_lengths_are_refused),
        cmocka_unit_test(extensions_that_do_not_fit_are_refused),
        cmocka_unit_test(absurd_sizes_are_refused),
        cmocka_unit_test(tables_out_of_place_are_refused),
        cmocka_unit_test(entries_that_lead_astray_are_refused),
        cmocka_unit_test(places_kept_for_zeros_may_lie_beyond_the_end),
        cmocka_unit_test(more_tables_than_clusters_are_refused),
        cmocka_unit_test(snapshots_are_read),
        cmocka_unit_test(an_unjudged_snapshot_count_is_refused),
        cmocka_unit_test(hostile_snapshot_tables_are_refused),
        cmocka_unit_test(an_endless_snapshot_table_is_refused),
        cmocka_unit_test(a_huge_sparse_file_is_judged_quickly),
    };
    return cmocka_run_group_tests_name("image/qcow2_judge", tests, NULL, NULL);
}
