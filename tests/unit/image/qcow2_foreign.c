/* SPDX-License-Identifier: MIT */
/* Images that QEMU's own tools made, of each kind that is admitted or refused. */
#include "test.h"

#include <fcntl.h>
#include <stdlib.h>

#include "image/qcow2.h"
#include "tool.h"
#include "util/files.h"
#include "util/json.h"

static int admit(const char *path, struct aq_qcow2_info *info, struct aq_error *err)
{
    aq_autoclose int fd = aq_open_input(path, err);
    return fd < 0 ? -1 : aq_qcow2_admit(fd, path, info, err);
}

static void refused(const char *path, enum aq_error_code code)
{
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    assert_fails(admit(path, &info, &err), code);
}

/* Makes an image with these options, some data in it, and asks both opinions. */
static void admitted_with(const char *options)
{
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    unlink("made.qcow2");
    tool("qemu-img", "create", "-q", "-f", "qcow2", "-o", options, "made.qcow2", "300M");
    tool("qemu-io", "-f", "qcow2", "-c", "write -P 1 0 3M", "-c", "write -z 10M 5M", "-c",
         "write -P 2 299M 1M", "made.qcow2");
    assert_ok(admit("made.qcow2", &info, &err));
    aq_autojson json_t *theirs = tool_image_info("made.qcow2");
    assert_int_equal(info.virtual_size, aq_json_int(theirs, "virtual-size", -1));
    assert_int_equal(1 << info.cluster_bits, aq_json_int(theirs, "cluster-size", -1));
}

static void ordinary_images_are_admitted(void **state)
{
    (void)state;
    const char *const options[] = {"compat=1.1",
                                   "compat=0.10",
                                   "cluster_size=512",
                                   "cluster_size=2M",
                                   "refcount_bits=1",
                                   "refcount_bits=64",
                                   "extended_l2=on,cluster_size=128k",
                                   "lazy_refcounts=on",
                                   "preallocation=metadata",
                                   "preallocation=falloc",
                                   "compression_type=zstd"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        admitted_with(options[i]);
}

static void compressed_images_are_admitted(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    const char *const types[] = {"compression_type=zlib", "compression_type=zstd", "cluster_size=2M",
                                 "compat=0.10"};
    tool("qemu-img", "create", "-q", "-f", "raw", "plain.raw", "20M");
    tool("qemu-io", "-f", "raw", "-c", "write -P 9 0 9M", "plain.raw");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        tool("qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-c", "-o", types[i], "plain.raw",
             "packed.qcow2");
        assert_ok(admit("packed.qcow2", &info, &err));
    }
}

static void an_image_that_was_not_copied_whole_is_refused(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    tool("qemu-img", "create", "-q", "-f", "qcow2", "half.qcow2", "300M");
    tool("qemu-io", "-f", "qcow2", "-c", "write -P 1 0 8M", "half.qcow2");
    assert_ok(admit("half.qcow2", &info, &err));
    assert_int_equal(truncate("half.qcow2", (off_t)info.file_size / 2), 0);
    refused("half.qcow2", AQ_E_IMAGE_TRUNCATED);
}

static void snapshots_with_and_without_are_admitted(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    tool("qemu-img", "create", "-q", "-f", "qcow2", "snap.qcow2", "10M");
    for (char name[] = "a"; name[0] < 'f'; name[0]++) {
        tool("qemu-io", "-f", "qcow2", "-c", "write -P 1 0 1M", "snap.qcow2");
        tool("qemu-img", "snapshot", "-c", name, "snap.qcow2");
    }
    assert_ok(admit("snap.qcow2", &info, &err));
    assert_int_equal(info.snapshot_count, 5);
}

static void encrypted_images_are_refused(void **state)
{
    (void)state;
    tool("qemu-img", "create", "-q", "-f", "qcow2", "--object", "secret,id=s,data=abc", "-o",
         "encrypt.format=aes,encrypt.key-secret=s", "aes.qcow2", "1M");
    refused("aes.qcow2", AQ_E_IMAGE_ENCRYPTED);
    /* On a busy machine qemu-img may give up measuring how fast it can derive a key. */
    tool("sh", "-c",
         "for try in 1 2 3 4 5 6 7 8 9 10; do qemu-img create -q -f qcow2 --object secret,id=s,data=abc -o "
         "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 luks.qcow2 1M && exit; done; exit 1");
    refused("luks.qcow2", AQ_E_IMAGE_ENCRYPTED);
}

static void external_data_is_refused(void **state)
{
    (void)state;
    tool("qemu-img", "create", "-q", "-f", "qcow2", "-o", "data_file=data.raw", "outside.qcow2", "1M");
    refused("outside.qcow2", AQ_E_IMAGE_DATA_FILE);
    tool("qemu-img", "create", "-q", "-f", "qcow2", "-o", "data_file=data.raw,data_file_raw=on",
         "outside.qcow2", "1M");
    refused("outside.qcow2", AQ_E_IMAGE_DATA_FILE);
}

static void backing_files_are_refused(void **state)
{
    (void)state;
    tool("qemu-img", "create", "-q", "-f", "qcow2", "under.qcow2", "1M");
    aq_autofree char *absolute = realpath("under.qcow2", NULL);
    const char *const names[] = {
        "under.qcow2", absolute,
        "json:{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"x\"}}",
        "nbd://127.0.0.1:1/x"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        tool("qemu-img", "create", "-q", "-u", "-f", "qcow2", "-F", "qcow2", "-b", names[i], "over.qcow2",
             "1M");
        refused("over.qcow2", AQ_E_IMAGE_BACKING_FILE);
    }
}

static void other_formats_are_refused(void **state)
{
    (void)state;
    const char *const formats[] = {"raw", "qcow", "qed", "vmdk", "vdi"};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        tool("qemu-img", "create", "-q", "-f", formats[i], "other.img", "1M");
        refused("other.img", AQ_E_IMAGE_NOT_QCOW2);
    }
}

/* Does another process hold a lock on that byte? 100 is what QEMU locks to read, 101 to write. */
static bool byte_locked(int fd, off_t byte)
{
    struct flock probe = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(fd, F_OFD_GETLK, &probe) == 0 && probe.l_type != F_UNLCK;
}

/* A qemu-io that has the image open, once it really has. */
static FILE *start_user(const char *command, int fd, off_t byte)
{
    FILE *user = popen(command, "w");
    assert_non_null(user);
    for (int i = 0; i < 6000 && !byte_locked(fd, byte); i++)
        usleep(10000);
    assert_true(byte_locked(fd, byte));
    return user;
}

static void an_image_open_for_writing_is_refused(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qcow2_info info;
    tool("qemu-img", "create", "-q", "-f", "qcow2", "busy.qcow2", "1M");
    aq_autoclose int fd = open("busy.qcow2", O_RDONLY | O_CLOEXEC);

    FILE *writer = start_user("qemu-io -f qcow2 busy.qcow2 >/dev/null", fd, 101);
    refused("busy.qcow2", AQ_E_IMAGE_IN_USE);
    pclose(writer);
    assert_ok(admit("busy.qcow2", &info, &err));

    FILE *reader = start_user("qemu-io -r -f qcow2 busy.qcow2 >/dev/null", fd, 100);
    assert_ok(admit("busy.qcow2", &info, &err));
    pclose(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_images_are_admitted),
        cmocka_unit_test(compressed_images_are_admitted),
        cmocka_unit_test(an_image_that_was_not_copied_whole_is_refused),
        cmocka_unit_test(snapshots_with_and_without_are_admitted),
        cmocka_unit_test(encrypted_images_are_refused),
        cmocka_unit_test(external_data_is_refused),
        cmocka_unit_test(backing_files_are_refused),
        cmocka_unit_test(other_formats_are_refused),
        cmocka_unit_test(an_image_open_for_writing_is_refused),
    };
    return cmocka_run_group_tests_name("image/qcow2_foreign", tests, NULL, NULL);
}
