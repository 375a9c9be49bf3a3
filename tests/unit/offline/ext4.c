/* SPDX-License-Identifier: MIT */
/* Files put into an ext4 without an appliance, with e2fsck as the other opinion; and file systems that are
 * damaged. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/qcow2.h"
#include "offline/bundle_format.h"
#include "offline/ext4.h"
#include "tool.h"
#include "util/files.h"

static struct aq_error err;

#define SIZE (64 << 20)

/* A disk that is all one file system, with a few things in it, some of them no files. */
static int make_disk(void **state)
{
    (void)state;
    tool("sh", "-c",
         "rm -rf tree && mkdir -p tree/etc tree/folder/sub && echo 'app:x:1000:1001::/:/bin/sh' "
         ">tree/etc/passwd && "
         "echo 'app:x:1001:' >tree/etc/group && echo old >tree/file && ln tree/file tree/folder/other && "
         "ln -s /folder tree/link && ln -s ../../../../file tree/folder/up && mkfifo tree/fifo && "
         "for i in $(seq 300); do : >tree/folder/a-rather-long-name-$i; done; truncate -s 67108864 disk.raw "
         "&& "
         "mkfs.ext4 -q -F -d tree disk.raw && qemu-img convert -f raw -O qcow2 disk.raw base.qcow2 && mkdir "
         "-p export");
    return 0;
}

static void fresh_overlay(void)
{
    unlink("overlay.qcow2");
    aq_autoclose int fd = open("overlay.qcow2", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_ok(aq_qcow2_write_overlay(fd, "overlay.qcow2", "base.qcow2", SIZE, &err));
}

static struct aq_buffer bundle;
static uint64_t items;

static void begin(void)
{
    err = (struct aq_error){0};
    aq_buffer_clear(&bundle);
    items = 0;
}

static void add(enum aq_bundle_kind kind, unsigned flags, mode_t mode, const char *path, const char *owner,
                const char *content)
{
    bool is_file = kind == AQ_BUNDLE_FILE || kind == AQ_BUNDLE_APPEND;
    const struct aq_bundle_entry entry = {
        .magic = AQ_BUNDLE_ENTRY_MAGIC,
        .kind = (uint16_t)kind,
        .flags = (uint16_t)flags,
        .mode = (uint16_t)mode,
        .path_length = (uint16_t)strlen(path),
        .target_length = (uint16_t)(kind == AQ_BUNDLE_LINK ? strlen(content) : 0),
        .owner_length = (uint16_t)strlen(owner),
        .group_length = (uint16_t)strlen(owner),
        .size = is_file ? strlen(content) : 0,
    };
    aq_buffer_add(&bundle, &entry, sizeof entry);
    aq_buffer_add_text(&bundle, path);
    if (kind == AQ_BUNDLE_LINK)
        aq_buffer_add_text(&bundle, content);
    aq_buffer_add_text(&bundle, owner);
    aq_buffer_add_text(&bundle, owner);
    if (is_file)
        aq_buffer_add_text(&bundle, content);
    items++;
}

static enum aq_ext4_outcome write_all(struct aq_buffer *said)
{
    const struct aq_bundle_head head = {.magic = AQ_BUNDLE_MAGIC, .count = items};
    aq_autofree char *top = aq_absolute_path("overlay.qcow2", &err),
                     *base = aq_absolute_path("base.qcow2", &err);
    aq_autoclose int fd = open("bundle", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_ok(aq_write_all(fd, &head, sizeof head, &err));
    assert_ok(aq_write_all(fd, aq_buffer_text(&bundle), bundle.length, &err));
    const struct aq_disk_image chain[] = {{top, "qcow2"}, {base, "qcow2"}};
    const struct aq_ext4_request request = {
        .chain = chain, .chain_count = 2, .partition = 0, .bundle = fd, .folder = "export"};
    enum aq_ext4_outcome outcome;
    bool relabel;
    assert_ok(aq_ext4_write(&request, &outcome, &relabel, said, &err));
    return outcome;
}

static void assert_clean(void)
{
    tool("qemu-img", "convert", "-U", "-O", "raw", "overlay.qcow2", "result.raw");
    tool("e2fsck", "-fn", "result.raw");
}

#define assert_has(wanted, request)                                                                          \
    do {                                                                                                     \
        aq_autofree char *text_ = tool_output("debugfs", "-R", request, "result.raw");                       \
        if (strstr(text_, wanted) == NULL)                                                                   \
            fail_msg("%s: wanted \"%s\" in: %s", request, wanted, text_);                                    \
    } while (0)

static void puts_everything_that_a_spec_can(void **state)
{
    (void)state;
    aq_autobuffer struct aq_buffer said = {0};
    begin();
    fresh_overlay();
    add(AQ_BUNDLE_FILE, 0, 0640, "/made/for/it/new", "app", "fresh\n");
    add(AQ_BUNDLE_FILE, 0, 0644, "/file", "", "new\n");
    add(AQ_BUNDLE_APPEND, 0, 0644, "/etc/passwd", "", "more:x:1:1::/:/bin/sh\n");
    add(AQ_BUNDLE_APPEND, 0, 0644, "/etc/group", "", "more:x:1:\n"); /* and what follows may refer to it */
    add(AQ_BUNDLE_FILE, 0, 0600, "/link/through", "more", "in the folder\n");
    add(AQ_BUNDLE_FILE, 0, 0600, "/folder/up", "", "no link any more\n");
    add(AQ_BUNDLE_LINK, 0, 0, "/made/link", "",
        "../../nowhere/that/is/rather/long/so/that/it/does/not/fit/into/an/inode");
    add(AQ_BUNDLE_FOLDER, AQ_BUNDLE_MODE_SET, 02750, "/folder/sub", "", "");
    add(AQ_BUNDLE_DELETE, 0, 0, "/fifo", "", "");
    add(AQ_BUNDLE_DELETE, 0, 0, "/not/there/at/all", "", "");
    for (int i = 0; i < 600; i++) {
        char path[64];
        snprintf(path, sizeof path, "/made/a-folder-that-has-to-grow/with-a-long-name-%d", i);
        add(AQ_BUNDLE_FILE, 0, 0644, path, "", path);
    }
    enum aq_ext4_outcome outcome = write_all(&said);
    if (outcome != AQ_EXT4_DONE)
        fail_msg("outcome %d: %s", outcome, aq_buffer_text(&said));
    assert_clean();
    assert_has("fresh", "cat /made/for/it/new");
    assert_has("User:  1000   Group:  1001", "stat /made/for/it/new");
    assert_has("Mode:  0640", "stat /made/for/it/new");
    assert_has("new", "cat /file");
    assert_has("old", "cat /folder/other"); /* the other name of what /file was keeps what it had */
    assert_has("more:x:1", "cat /etc/passwd");
    assert_has("in the folder", "cat /folder/through");
    assert_has("User:     1", "stat /folder/through");
    assert_has("no link any more", "cat /folder/up");
    assert_has("nowhere/that", "cat /made/link");
    assert_has("Mode:  02750", "stat /folder/sub");
    assert_has("with-a-long-name-599", "cat /made/a-folder-that-has-to-grow/with-a-long-name-599");
}

static void removes_a_tree(void **state)
{
    (void)state;
    aq_autobuffer struct aq_buffer said = {0};
    begin();
    fresh_overlay();
    add(AQ_BUNDLE_DELETE, AQ_BUNDLE_RECURSIVE, 0, "/folder", "", "");
    assert_int_equal(write_all(&said), AQ_EXT4_DONE);
    assert_clean();
    assert_has("old", "cat /file");
    assert_has("Links: 1", "stat /file");
}

static void refused(enum aq_bundle_kind kind, const char *path, const char *owner, const char *words)
{
    aq_autobuffer struct aq_buffer said = {0};
    begin();
    fresh_overlay();
    add(AQ_BUNDLE_FILE, 0, 0644, "/before", "", "x");
    add(kind, 0, 0644, path, owner, "x");
    enum aq_ext4_outcome outcome = write_all(&said);
    if (outcome != AQ_EXT4_FAILED)
        fail_msg("%s: outcome %d: %s", path, outcome, aq_buffer_text(&said));
    if (strncmp(aq_buffer_text(&said), "1 ", 2) != 0 || strstr(aq_buffer_text(&said), words) == NULL)
        fail_msg("wanted \"%s\" of item 1 in: %s", words, aq_buffer_text(&said));
}

static void says_what_is_in_the_way(void **state)
{
    (void)state;
    refused(AQ_BUNDLE_FILE, "/fifo", "", "a file goes there, and a fifo is");
    refused(AQ_BUNDLE_FILE, "/folder", "", "a file goes there, and a folder is");
    refused(AQ_BUNDLE_APPEND, "/fifo", "", "a fifo is there");
    refused(AQ_BUNDLE_FOLDER, "/file", "", "something else is");
    refused(AQ_BUNDLE_DELETE, "/folder", "", "not empty");
    refused(AQ_BUNDLE_FILE, "/new", "nobody-knows", "no user nobody-knows");
}

static void leaves_what_is_not_clean_to_the_appliance(void **state)
{
    (void)state;
    aq_autobuffer struct aq_buffer said = {0};
    tool("sh", "-c",
         "cp disk.raw dirty.raw && debugfs -w -R 'feature needs_recovery' dirty.raw 2>/dev/null && "
         "mv base.qcow2 clean.qcow2 && qemu-img convert -f raw -O qcow2 dirty.raw base.qcow2");
    begin();
    fresh_overlay();
    add(AQ_BUNDLE_FILE, 0, 0644, "/x", "", "x");
    assert_int_equal(write_all(&said), AQ_EXT4_UNFIT);
    assert_non_null(strstr(aq_buffer_text(&said), "journal"));
    tool("mv", "clean.qcow2", "base.qcow2");
}

/* Whatever is done, a file system that is said to be done is one that e2fsck finds nothing in. */
static void publishes_no_damage(void **state)
{
    (void)state;
    int done = 0;
    tool("cp", "base.qcow2", "clean.qcow2");
    srand(20260301);
    for (int round = 0; round < 40; round++) {
        aq_autobuffer struct aq_buffer said = {0};
        aq_autoclose int fd = -1;
        tool("cp", "disk.raw", "damaged.raw");
        fd = open("damaged.raw", O_RDWR | O_CLOEXEC);
        for (int i = 0; i < 8; i++) {
            unsigned char byte = (unsigned char)rand();
            /* In the superblock, the group's tables, the inodes: all of it lies at the start. */
            assert_int_equal(pwrite(fd, &byte, 1, 1024 + rand() % (round % 2 == 0 ? 8192 : 4 << 20)), 1);
        }
        tool("qemu-img", "convert", "-f", "raw", "-O", "qcow2", "damaged.raw", "base.qcow2");
        begin();
        fresh_overlay();
        add(AQ_BUNDLE_FILE, 0, 0644, "/made/for/it/new", "app", "fresh\n");
        add(AQ_BUNDLE_FILE, 0, 0644, "/file", "", "new\n");
        add(AQ_BUNDLE_DELETE, AQ_BUNDLE_RECURSIVE, 0, "/folder", "", "");
        if (write_all(&said) == AQ_EXT4_DONE) {
            assert_clean();
            done++;
        }
    }
    assert_in_range(done, 1, 39); /* some damage is where nobody looks, and some is seen */
    tool("mv", "clean.qcow2", "base.qcow2");
}

/* A folder in which each has two names for the next has more names than can ever be listed: the reader is
   ended when it has had its share of the processor. */
static void what_has_no_end_is_given_up(void **state)
{
    (void)state;
    tool(
        "sh", "-c",
        "cp disk.raw endless.raw && at=/ && for level in $(seq 40); do echo \"mkdir ${at}a\"; "
        "echo \"link ${at}a ${at}b\"; at=${at}a/; done >steps && debugfs -w -f steps endless.raw >/dev/null");
    aq_autofree char *path = aq_absolute_path("endless.raw", &err);
    const struct aq_disk_image chain = {path, "raw"};
    const struct aq_ext4_request request = {
        .chain = &chain, .chain_count = 1, .folder = "export", .cpu_limit = 2};
    aq_autobuffer struct aq_buffer listing = {0};
    enum aq_ext4_outcome outcome;
    assert_ok(aq_ext4_list(&request, &outcome, &listing, &err));
    assert_int_equal(outcome, AQ_EXT4_UNFIT);
    assert_true(listing.length > 0); /* it had begun */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_everything_that_a_spec_can),
        cmocka_unit_test(removes_a_tree),
        cmocka_unit_test(says_what_is_in_the_way),
        cmocka_unit_test(leaves_what_is_not_clean_to_the_appliance),
        cmocka_unit_test(publishes_no_damage),
        cmocka_unit_test(what_has_no_end_is_given_up),
    };
    return cmocka_run_group_tests(tests, make_disk, NULL);
}
