/* SPDX-License-Identifier: MIT */
/* When the kernel beside a disk is the one that the disk would boot: written to by QEMU's own tools. */
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/boot.h"
#include "image/build_layout.h"
#include "tool.h"
#include "util/files.h"
#include "util/json.h"
#include "util/memory.h"

#define MIB (UINT64_C(1) << 20)

static struct aq_error err;
static struct aq_disk_layout layout;
static struct aq_boot boot;

/* A disk as create_base lays it out. Its boot code is 0x90; what it boots does not matter here. */
static int make_built(void **state)
{
    (void)state;
    uint8_t code[AQ_BOOT_CODE], sector[AQ_SECTOR];
    memset(code, 0x90, sizeof code);
    assert_ok(aq_disk_layout(64 * MIB, MIB, &layout, &err));
    aq_disk_first_sector(&layout, code, 1, sector);
    assert_ok(aq_write_new_file_at(AT_FDCWD, "built.raw", sector, sizeof sector, 0600, &err));
    assert_return_code(truncate("built.raw", 64 * MIB), 0);
    tool("qemu-img", "convert", "-f", "raw", "-O", "qcow2", "built.raw", "built.qcow2");
    tool("qemu-io", "-f", "qcow2", "-c", "write -P 1 1M 1M", "built.qcow2");
    boot.start = layout.boot_start * (uint64_t)AQ_SECTOR;
    boot.end = boot.start + layout.boot_size * (uint64_t)AQ_SECTOR;
    assert_int_equal(boot.end, 17 * MIB);
    return 0;
}

/* Is the boot area kept by a fresh overlay, made with those options, to which one command of qemu-io was
 * done? */
static bool kept(const char *options, const char *command)
{
    unlink("over.qcow2");
    tool("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "built.qcow2", "-o", options,
         "over.qcow2");
    tool("qemu-io", "-f", "qcow2", "-c", command, "over.qcow2");
    return aq_boot_area_kept(&boot, "over.qcow2", "built.qcow2");
}

/* The same, after writing a first sector of that signature and root partition, or with a byte changed. */
static bool sector_kept(uint32_t signature, uint32_t root_size, unsigned changed)
{
    uint8_t code[AQ_BOOT_CODE], sector[AQ_SECTOR];
    struct aq_disk_layout other = layout;
    memset(code, 0x90, sizeof code);
    other.root_size = root_size;
    aq_disk_first_sector(&other, code, signature, sector);
    if (changed < AQ_SECTOR)
        sector[changed] ^= 1;
    unlink("sector");
    assert_ok(aq_write_new_file_at(AT_FDCWD, "sector", sector, sizeof sector, 0600, &err));
    return kept("compat=1.1", "write -s sector 0 512");
}

static void what_a_guest_writes_elsewhere_does_not_matter(void **state)
{
    (void)state;
    static const char *const commands[] = {"read 0 64M", "write -P 2 17M 1M", "write -z 17M 47M",
                                           "discard 32M 1M"};
    static const char *const options[] = {"compat=1.1", "cluster_size=4k", "cluster_size=512"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        for (size_t k = 0; k < sizeof commands / sizeof *commands; k++)
            if (!kept(options[i], commands[k]))
                fail_msg("%s, %s", options[i], commands[k]);
}

static void any_write_to_the_boot_area_is_seen(void **state)
{
    (void)state;
    static const char *const commands[] = {
        "write -P 2 1M 512", /* another content … */
        "write -P 1 1M 512", /* … and the same: nobody looks that closely */
        "write -P 0 17825280 512", /* its last sector */ "write -z 8M 64k",
        "discard 2M 2M",           "write -P 2 512 512",
        "write -P 2 1048064 512",  "write -z 0 64k",
        "write -P 2 0 64M",
    };
    static const char *const options[] = {"compat=1.1", "cluster_size=4k", "cluster_size=2M"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        for (size_t k = 0; k < sizeof commands / sizeof *commands; k++)
            if (kept(options[i], commands[k]))
                fail_msg("%s, %s", options[i], commands[k]);
    assert_false(kept("extended_l2=on,cluster_size=128k", "write -P 2 4M 32k"));
    assert_false(kept("compat=1.1", "write -c 4M 64k"));
    assert_false(kept("compat=1.1", "write -c 0 64k"));
}

static void a_partition_that_grew_does_not_matter(void **state)
{
    (void)state;
    assert_true(sector_kept(1, layout.root_size, AQ_SECTOR));
    assert_true(sector_kept(7, layout.root_size * 2, AQ_SECTOR));
    assert_false(sector_kept(1, layout.root_size, 0));                /* the boot code */
    assert_false(sector_kept(1, layout.root_size, AQ_BOOT_CODE - 1)); /* its end */
    assert_false(sector_kept(1, layout.root_size, AQ_TABLE));         /* which one is active */
    assert_false(sector_kept(1, layout.root_size, AQ_TABLE + 8));     /* where the boot partition starts */
    assert_true(sector_kept(1, layout.root_size, AQ_TABLE + AQ_TABLE_ENTRY + 8)); /* where the root does */
    assert_false(sector_kept(1, layout.root_size, AQ_TABLE_END));                 /* that it is a table */
}

static void what_cannot_be_read_is_not_kept(void **state)
{
    (void)state;
    assert_true(kept("compat=1.1", "read 0 1M"));
    assert_false(aq_boot_area_kept(&boot, "over.qcow2", "no.qcow2"));
    assert_false(aq_boot_area_kept(&boot, "no.qcow2", "built.qcow2"));
    assert_false(aq_boot_area_kept(&boot, "built.raw", "built.qcow2"));
    assert_true(kept("compat=1.1", "write -P 2 32M 1M"));
    assert_return_code(truncate("over.qcow2", 64 << 10), 0);
    assert_false(aq_boot_area_kept(&boot, "over.qcow2", "built.qcow2"));
}

static void files_are_known_again(void **state)
{
    (void)state;
    struct stat file;
    aq_autoboot struct aq_boot made = {.append = aq_strdup("root=/dev/vda2"), .start = 1, .end = 2},
                               read = {0};
    mkdir("folder", 0700);
    aq_autoclose int folder = open("folder", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_fails(aq_boot_take_files(folder, &made, &err), AQ_E_FILE_NOT_FOUND);
    err = (struct aq_error){0};
    assert_ok(aq_write_new_file_at(folder, AQ_BOOT_KERNEL, "kernel", 6, 0644, &err));
    assert_ok(aq_write_new_file_at(folder, AQ_BOOT_INITRD, "initrd", 6, 0644, &err));
    assert_ok(aq_boot_take_files(folder, &made, &err));
    assert_return_code(fstatat(folder, AQ_BOOT_KERNEL, &file, 0), 0);
    assert_int_equal(file.st_mode & 07777, 0400);

    aq_autojson json_t *record = aq_boot_to_json(&made);
    assert_true(aq_boot_from_json(record, &read));
    assert_string_equal(read.append, "root=/dev/vda2");
    assert_true(aq_boot_has_files(&read, "folder"));
    assert_return_code(unlinkat(folder, AQ_BOOT_INITRD, 0), 0);
    assert_false(aq_boot_has_files(&read, "folder"));
    assert_ok(aq_write_new_file_at(folder, AQ_BOOT_INITRD, "other!", 6, 0400, &err));
    assert_false(aq_boot_has_files(&read, "folder"));
}

static void a_record_without_sense_is_refused(void **state)
{
    (void)state;
    struct aq_boot read;
    const struct aq_boot sound = {.append = "a", .start = 1, .end = 2};
    static const char *const keys[] = {"append", "start", "end", "kernel", "initrd"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        aq_autojson json_t *record = aq_boot_to_json(&sound);
        json_object_set_new(record, keys[i], json_true());
        assert_false(aq_boot_from_json(record, &read));
        assert_null(read.append);
    }
    assert_true(aq_boot_from_json(NULL, &read));
    assert_null(read.append);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_guest_writes_elsewhere_does_not_matter),
        cmocka_unit_test(any_write_to_the_boot_area_is_seen),
        cmocka_unit_test(a_partition_that_grew_does_not_matter),
        cmocka_unit_test(what_cannot_be_read_is_not_kept),
        cmocka_unit_test(files_are_known_again),
        cmocka_unit_test(a_record_without_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, make_built, NULL);
}
