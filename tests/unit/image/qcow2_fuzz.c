/* SPDX-License-Identifier: MIT */
/*
 * Mutated images: whatever the bytes, the reader says yes or no, in bounds and in time (the sanitizers
 * watch). Seeds are fixed, so a failure is found again.
 */
#include "test.h"

#include "image.h"

#define ROUNDS 60000

static uint64_t seed;

/* xorshift64 */
static uint64_t roll(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

static uint64_t interesting(void)
{
    const uint64_t values[] = {0,          1,           7,         8,          511,        512,
                               4095,       4096,        4097,      IMAGE_L2,   UINT16_MAX, INT32_MAX,
                               UINT32_MAX, UINT64_MAX,  INT64_MAX, 1ULL << 56, 1ULL << 62, IMAGE_LENGTH,
                               1ULL << 63, 64ULL << 40, 1ULL << 9, 1ULL << 32};
    uint64_t value = values[roll(sizeof values / sizeof values[0])];
    return roll(4) == 0 ? value - roll(16) : value;
}

/* Mostly where it matters: header fields, extensions, the starts of tables. */
static size_t somewhere(const struct image *image)
{
    const size_t starts[] = {0,        IMAGE_EXTENSIONS, IMAGE_NAME,  IMAGE_REFCOUNT_TABLE,
                             IMAGE_L1, IMAGE_L2,         IMAGE_LENGTH};
    if (roll(3) == 0)
        return roll(IMAGE_EXTENSIONS);
    if (roll(8) == 0)
        return roll(image->length);
    return starts[roll(sizeof starts / sizeof starts[0])] + roll(64);
}

static void mutate(struct image *image)
{
    for (uint64_t changes = 1 + roll(4); changes > 0; changes--) {
        size_t at = somewhere(image);
        switch (roll(5)) {
        case 0:
            image->bytes[at] ^= (uint8_t)(1U << roll(8));
            break;
        case 1:
            image->bytes[at] = (uint8_t)roll(256);
            break;
        case 2:
            aq_put_be32(image->bytes + at / 4 * 4, (uint32_t)interesting());
            break;
        case 3:
            aq_put_be64(image->bytes + at / 8 * 8, interesting());
            break;
        default:
            if (roll(8) == 0)
                image->length = roll(image->length + 1);
        }
        if (image->length == 0)
            return;
    }
}

static struct image starting_point(void)
{
    struct image image = image_sound();
    if (roll(2) == 0)
        image_snapshot(&image, "12", "a name");
    if (roll(2) == 0)
        image_name_backing(&image, "/some/where/base.qcow2");
    if (roll(2) == 0)
        image_extension(&image, image_extension(&image, IMAGE_EXTENSIONS, 0x6803f857, "feature names"),
                        QCOW2_EXT_BACKING_FORMAT, "qcow2");
    if (roll(4) == 0)
        aq_put_be32(image.bytes + QCOW2_AT_VERSION, 2);
    return image;
}

static void mutated_images_are_judged(void **state)
{
    (void)state;
    unsigned admitted = 0, refused = 0;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    assert_true(fd >= 0);
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        seed = round * UINT64_C(0x9e3779b97f4a7c15);
        struct image image = starting_point();
        mutate(&image);
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, image.bytes, image.length, 0), image.length);
        struct aq_error err = {0};
        struct aq_qcow2_info info;
        if (aq_qcow2_admit(fd, "fuzz", &info, &err) == 0) {
            assert_string_equal(info.backing_file, "");
            admitted++;
        } else {
            if (err.code == AQ_E_IO || err.text[0] == '\0')
                fail_msg("round %llu: %s %s", (unsigned long long)round, aq_error_name(err.code), err.text);
            refused++;
        }
    }
    close(fd);
    assert_true(admitted > ROUNDS / 100);
    assert_true(refused > ROUNDS / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mutated_images_are_judged)};
    return cmocka_run_group_tests_name("image/qcow2_fuzz", tests, NULL, NULL);
}
