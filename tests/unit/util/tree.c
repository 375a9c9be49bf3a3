/* SPDX-License-Identifier: MIT */
/* Folders as archives and back; archives that mean harm. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"
#include "util/files.h"
#include "util/tar.h"
#include "util/tree_pack.h"
#include "util/tree_place.h"
#include "util/tree_unpack.h"

#define MUCH (1ULL << 40)

static struct aq_error err;
static struct aq_tree_counts counts;

static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    aq_tree_counts_free(&counts);
    counts = (struct aq_tree_counts){0};
    assert_int_equal(system("chmod -R u+rwx . 2>/dev/null; rm -rf ./* .h*"), 0);
    return 0;
}

static void shell(const char *script)
{
    tool("sh", "-ec", script);
}

/* What two folders have in them, by another program's judgement. */
static void assert_same(const char *a, const char *b)
{
    aq_autofree char *script =
        aq_format("list() { (cd \"$1\" && find . -printf '%%P|%%y|%%l|%%m|%%s\\n' | "
                  "sed 's/|d|\\(.*\\)|[0-9]*$/|d|\\1/' | sort; find . -type f -print0 | "
                  "sort -z | xargs -0 cat | sha256sum); }\n"
                  "list %s >a.list; list %s >b.list; diff a.list b.list >&2",
                  a, b);
    shell(script);
}

static int new_folder(const char *name)
{
    assert_int_equal(mkdir(name, 0700), 0);
    int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

/* In pieces of that size, as a channel might bring it. */
static int unpack(const void *bytes, size_t length, size_t piece, const char *name, bool all_links,
                  uint64_t limit)
{
    aq_autoclose int folder = new_folder(name);
    struct aq_tree_counts own = {0};
    aq_autotreeunpack struct aq_tree_unpack *unpack = aq_tree_unpack_open(folder, all_links, limit, &own);
    int result = 0;
    for (size_t at = 0; at < length && result == 0; at += piece)
        result = aq_tree_unpack_write(unpack, (const char *)bytes + at,
                                      length - at < piece ? length - at : piece, &err);
    if (result == 0)
        result = aq_tree_unpack_finish(unpack, &err);
    aq_tree_counts_free(&counts);
    counts = own;
    return result;
}

static void pack(const char *name, size_t piece, struct aq_buffer *to)
{
    struct aq_tree_counts own = {0};
    aq_autotreepack struct aq_tree_pack *pack = aq_tree_pack_open(name, &own, &err);
    assert_non_null(pack);
    ssize_t got;
    while ((got = aq_tree_pack_read(pack, aq_buffer_room(to, piece), piece, &err)) > 0)
        to->length += (size_t)got;
    assert_ok((int)got);
    aq_tree_counts_free(&counts);
    counts = own;
}

static const char sample[] =
    "mkdir -p in/sub/empty in/deep in/.hidden; echo one >in/one; : >in/empty; head -c 1000003 /dev/zero | tr "
    "'\\0' x >in/"
    "sub/large; chmod 640 in/one; chmod 755 in/empty; chmod 711 in/sub; ln -s one in/link; ln -s ../one "
    "in/sub/up; "
    "printf x >'in/a name\n with \"all\" kinds'; echo h >in/.hidden/..odd; p=in/deep; i=0; while [ $i -lt 12 "
    "]; do "
    "p=$p/$(printf '%055d' $i); i=$((i+1)); done; mkdir -p $p; echo deep >$p/$(printf '%0200d' 7); "
    "ln -s $(printf '%0300d' 8) in/longlink";

static void a_folder_comes_out_as_it_went_in(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 7, 512, 65536};
    shell(sample);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        aq_autobuffer struct aq_buffer archive = {0};
        pack("in", pieces[i] < 100 ? 4096 : pieces[i], &archive);
        assert_int_equal(counts.files, 6);
        assert_int_equal(counts.links, 3);
        assert_int_equal(archive.length % AQ_TAR_BLOCK, 0);
        assert_ok(unpack(archive.data, archive.length, pieces[i], "out", false, MUCH));
        assert_int_equal(counts.files, 6);
        assert_int_equal(counts.links, 3);
        assert_int_equal(counts.skipped, 0);
        assert_same("in", "out");
        shell("rm -rf out");
    }
}

/* Other programs read what we write, and we read what they write. */
static void other_tars_understand_it(void **state)
{
    (void)state;
    aq_autobuffer struct aq_buffer archive = {0};
    shell(sample);
    pack("in", 65536, &archive);
    FILE *file = fopen("a.tar", "w");
    assert_int_equal(fwrite(archive.data, 1, archive.length, file), archive.length);
    fclose(file);
    shell("mkdir gnu; tar -xpf a.tar -C gnu");
    assert_same("in", "gnu");
    static const char *const writers[] = {"tar --format=gnu -cf b.tar -C in .",
                                          "tar --format=pax -cf b.tar -C in .",
                                          "busybox tar -cf b.tar -C in ."};
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) {
        aq_autobuffer struct aq_buffer other = {0};
        if (i == 2 && system("busybox true 2>/dev/null") != 0)
            continue;
        shell(writers[i]);
        assert_ok(aq_read_file_at(AT_FDCWD, "b.tar", 64 << 20, &other, &err));
        assert_ok(unpack(other.data, other.length, 10000, "back", false, MUCH));
        assert_same("in", "back");
        shell("rm -rf back b.tar");
    }
}

static void hard_links_are_kept(void **state)
{
    (void)state;
    aq_autobuffer struct aq_buffer archive = {0};
    struct stat one, two;
    shell("mkdir -p in/sub; echo x >in/one; ln in/one in/sub/two; tar -cf a.tar -C in .");
    assert_ok(aq_read_file_at(AT_FDCWD, "a.tar", 64 << 20, &archive, &err));
    assert_ok(unpack(archive.data, archive.length, 512, "out", false, MUCH));
    assert_int_equal(stat("out/one", &one) | stat("out/sub/two", &two), 0);
    assert_int_equal(one.st_ino, two.st_ino);
}

static void what_is_no_file_is_left_out(void **state)
{
    (void)state;
    aq_autobuffer struct aq_buffer archive = {0};
    shell("mkdir in; mkfifo in/fifo; echo x >in/x");
    pack("in", 4096, &archive);
    assert_int_equal(counts.skipped, 1);
    assert_string_equal(counts.skipped_paths.items[0], "fifo");
    assert_int_equal(counts.files, 1);
}

static void folders_that_cannot_be_read_say_so(void **state)
{
    (void)state;
    shell("echo x >file");
    assert_null(aq_tree_pack_open("nowhere", &counts, &err));
    assert_int_equal(err.code, AQ_E_FILE_NOT_FOUND);
    err = (struct aq_error){0};
    assert_null(aq_tree_pack_open("file", &counts, &err));
    assert_int_equal(err.code, AQ_E_FILE_KIND);
}

/* --- archives by hand --- */

static void add(struct aq_buffer *archive, enum aq_tar_kind kind, const char *path, const char *target,
                const char *contents)
{
    const struct aq_tar_entry entry = {.kind = kind,
                                       .path = path,
                                       .target = target,
                                       .mode = 07777,
                                       .size = contents != NULL ? strlen(contents) : 0};
    aq_tar_add_header(&entry, archive);
    if (contents != NULL) {
        aq_buffer_add_text(archive, contents);
        size_t padding = aq_tar_padding(strlen(contents));
        memset(aq_buffer_room(archive, padding), 0, padding);
        archive->length += padding;
    }
}

/* Makes the sum of a header that was changed right again, so that the change is looked at. */
static void stamp(char *header)
{
    unsigned sum = 0;
    memset(header + 148, ' ', 8);
    for (int i = 0; i < AQ_TAR_BLOCK; i++)
        sum += (unsigned char)header[i];
    snprintf(header + 148, 8, "%06o", sum & 0777777);
}

/* Beside "out" lies "outside", which nothing may reach. */
static void try(const struct aq_buffer *archive, enum aq_error_code expected)
{
    aq_autobuffer struct aq_buffer whole = {0};
    aq_buffer_add(&whole, archive->data, archive->length);
    aq_tar_add_end(&whole);
    shell("rm -rf out outside; mkdir outside; echo kept >outside/file");
    if (expected == AQ_OK)
        assert_ok(unpack(whole.data, whole.length, 512, "out", false, MUCH));
    else
        assert_fails(unpack(whole.data, whole.length, 512, "out", false, MUCH), expected);
    shell("[ \"$(ls -A outside)\" = file ] && [ \"$(cat outside/file)\" = kept ] && [ ! -e escaped ]");
}

static void nothing_leads_out(void **state)
{
    (void)state;
    static const char *const paths[] = {"../escaped", "a/../../escaped", "..", "a/.."};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        aq_autobuffer struct aq_buffer archive = {0};
        add(&archive, AQ_TAR_FILE, paths[i], NULL, "x");
        try(&archive, AQ_E_GUEST_REFUSED);
    }
    aq_autofree char *here = getcwd(NULL, 0);
    aq_autofree char *escaped = aq_format("%s/escaped", here);
    const char *const absolute[] = {"/escaped", escaped};
    for (size_t i = 0; i < sizeof absolute / sizeof *absolute; i++) {
        aq_autobuffer struct aq_buffer archive = {0};
        add(&archive, AQ_TAR_FILE, "escaped", NULL, "x");
        strncpy(archive.data, absolute[i], 100);
        stamp(archive.data);
        try(&archive, AQ_E_GUEST_REFUSED);
    }
}

/* A link is made, and then gone through: by a file, a folder, a hard link, under another spelling. */
static void links_are_not_gone_through(void **state)
{
    (void)state;
    static const char *const targets[] = {"../outside", "sub/../../outside", "sub", "."};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        for (int all = 0; all < 2; all++) {
            aq_autobuffer struct aq_buffer archive = {0};
            add(&archive, AQ_TAR_FOLDER, "sub", NULL, NULL);
            add(&archive, AQ_TAR_LINK, "link", targets[i], NULL);
            add(&archive, AQ_TAR_FILE, "link/file", NULL, "x");
            aq_tar_add_end(&archive);
            shell("rm -rf out outside; mkdir outside; echo kept >outside/file");
            if (unpack(archive.data, archive.length, 512, "out", all == 1, MUCH) < 0) {
                assert_int_equal(err.code, AQ_E_GUEST_REFUSED);
                err = (struct aq_error){0};
            } else
                shell("[ ! -L out/link ] && [ -f out/link/file ]"); /* it was left out, and a folder has its
                                                                       name */
            shell("[ \"$(cat outside/file)\" = kept ] && [ \"$(ls -A outside)\" = file ]");
        }
    aq_autobuffer struct aq_buffer hard = {0};
    add(&hard, AQ_TAR_HARD_LINK, "file", "../outside/file", NULL);
    try(&hard, AQ_E_GUEST_REFUSED);
    aq_autobuffer struct aq_buffer through = {0};
    add(&through, AQ_TAR_LINK, "link", "one", NULL);
    add(&through, AQ_TAR_FILE, "one", NULL, "1");
    add(&through, AQ_TAR_HARD_LINK, "two", "link", NULL);
    try(&through, AQ_E_GUEST_REFUSED);
    aq_autobuffer struct aq_buffer replaced = {0}; /* a file takes a link's place, and not what it leads to */
    add(&replaced, AQ_TAR_FILE, "one", NULL, "1");
    add(&replaced, AQ_TAR_LINK, "link", "one", NULL);
    add(&replaced, AQ_TAR_FILE, "link", NULL, "2");
    try(&replaced, AQ_OK);
    shell("[ \"$(cat out/one out/link)\" = 12 ]");
}

static void links_that_lead_out_are_left_out(void **state)
{
    (void)state;
    static const char *const out[] = {"/etc/passwd", "..", "../x", "../../x", "in/../../x", "a/b/../../.."};
    static const char *const in[] = {"x", "sub/x", "./x", "...", "..x", "x.."};
    aq_autobuffer struct aq_buffer archive = {0};
    char name[20];
    for (size_t i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "out%zu", i);
        add(&archive, AQ_TAR_LINK, name, out[i], NULL);
        snprintf(name, sizeof name, "in%zu", i);
        add(&archive, AQ_TAR_LINK, name, in[i], NULL);
    }
    add(&archive, AQ_TAR_LINK, "sub/up", "../x", NULL);
    add(&archive, AQ_TAR_LINK, "sub/upup", "../../x", NULL);
    try(&archive, AQ_OK);
    assert_int_equal(counts.links, 7);
    assert_int_equal(counts.skipped, 7);
    shell("[ \"$(cd out; echo in? sub/up*)\" = 'in0 in1 in2 in3 in4 in5 sub/up' ]");
    aq_tar_add_end(&archive);
    assert_ok(unpack(archive.data, archive.length, 512, "all", true, MUCH));
    assert_int_equal(counts.links, 14);
}

static void modes_are_tamed_and_devices_left_out(void **state)
{
    (void)state;
    aq_autobuffer struct aq_buffer archive = {0};
    add(&archive, AQ_TAR_FOLDER, "", NULL, NULL);
    add(&archive, AQ_TAR_FILE, "file", NULL, "x");
    add(&archive, AQ_TAR_FILE, "device", NULL, NULL);
    struct stat st;
    /* The last header becomes a device's. */
    char *header = archive.data + archive.length - AQ_TAR_BLOCK;
    for (char kind = '3'; kind <= '6'; kind += kind == '4' ? 2 : 1) { /* characters, blocks, a fifo */
        header[156] = kind;
        stamp(header);
        try(&archive, AQ_OK);
        assert_int_equal(counts.skipped, 1);
        assert_int_equal(lstat("out/device", &st), -1);
    }
    assert_int_equal(stat("out/file", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    assert_int_equal(stat("out", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
}

static void too_much_is_refused(void **state)
{
    (void)state;
    aq_autobuffer struct aq_buffer archive = {0};
    add(&archive, AQ_TAR_FILE, "one", NULL, "12345");
    add(&archive, AQ_TAR_FILE, "two", NULL, "12345");
    aq_tar_add_end(&archive);
    assert_ok(unpack(archive.data, archive.length, 512, "fits", false, 10));
    assert_fails(unpack(archive.data, archive.length, 512, "not", false, 9), AQ_E_LIMIT_EXCEEDED);
    aq_autobuffer struct aq_buffer deep = {0}, path = {0};
    for (int i = 0; i < 400; i++)
        aq_buffer_add_text(&path, "d/");
    add(&deep, AQ_TAR_FOLDER, path.data, NULL, NULL);
    try(&deep, AQ_E_GUEST_REFUSED);
    aq_autobuffer struct aq_buffer huge = {0};
    const struct aq_tar_entry entry = {.kind = AQ_TAR_FILE, .path = "huge", .size = 2 * MUCH};
    aq_tar_add_header(&entry, &huge);
    assert_fails(unpack(huge.data, huge.length, 512, "huge", false, MUCH), AQ_E_LIMIT_EXCEEDED);
}

/* One that goes on after its end, or sends contents of what is left out. */
static void what_does_not_end_is_ended(void **state)
{
    (void)state;
    enum { PIECE = 8 << 20 };
    aq_autobuffer struct aq_buffer device = {0};
    const struct aq_tar_entry entry = {.kind = AQ_TAR_FILE, .path = "device", .size = 1ULL << 35};
    aq_tar_add_header(&entry, &device);
    device.data[156] = '3';
    stamp(device.data);
    char *zeros = aq_alloc(PIECE);
    for (int with_device = 0; with_device < 2; with_device++) {
        aq_autoclose int folder = new_folder(with_device ? "device" : "zeros");
        aq_autotreeunpack struct aq_tree_unpack *unpack = aq_tree_unpack_open(folder, false, MUCH, &counts);
        int result = aq_tree_unpack_write(unpack, device.data, with_device ? device.length : 0, &err);
        for (int i = 0; result == 0 && i < 1000; i++)
            result = aq_tree_unpack_write(unpack, zeros, PIECE, &err);
        assert_fails(result, AQ_E_LIMIT_EXCEEDED);
    }
    free(zeros);
}

static void a_damaged_archive_is_refused(void **state)
{
    (void)state;
    aq_autobuffer struct aq_buffer archive = {0};
    shell(sample);
    pack("in", 65536, &archive);
    for (size_t cut = 0; cut < archive.length; cut += archive.length / 9 + 1) {
        assert_fails(unpack(archive.data, cut, 512, "cut", false, MUCH), AQ_E_TRANSFER_CORRUPT);
        shell("rm -rf cut");
    }
    archive.data[5] ^= 1;
    assert_fails(unpack(archive.data, archive.length, 512, "flipped", false, MUCH), AQ_E_TRANSFER_CORRUPT);
}

/* Whatever comes: no crash, nothing outside (the sanitizers look as well). */
static void noise_does_no_harm(void **state)
{
    (void)state;
    shell("mkdir -p in/sub; echo x >in/sub/x; ln -s sub in/link; echo y >in/$(printf '%0150d' 1); "
          "tar --format=pax -cf p.tar -C in .; tar --format=gnu -cf g.tar -C in .; mkdir outside; echo kept "
          ">outside/file");
    srand(11);
    for (int round = 0; round < 500; round++) {
        aq_autobuffer struct aq_buffer noise = {0};
        assert_ok(aq_read_file_at(AT_FDCWD, round % 2 == 0 ? "p.tar" : "g.tar", 1 << 20, &noise, &err));
        for (int flips = 1 + rand() % 4; flips > 0; flips--) {
            size_t block = (size_t)rand() % 16 * AQ_TAR_BLOCK;
            if (block + AQ_TAR_BLOCK > noise.length)
                continue;
            char *header = noise.data + block;
            header[(size_t)rand() % AQ_TAR_BLOCK] = (char)rand();
            stamp(header);
        }
        assert_ok(aq_remove_tree_at(AT_FDCWD, "out", &err));
        if (unpack(noise.data, noise.length, 777, "out", round % 3 == 0, MUCH) < 0)
            err = (struct aq_error){0};
    }
    shell("[ \"$(cat outside/file)\" = kept ] && [ \"$(ls -A outside)\" = file ]");
}

/* --- into their places --- */

static void place(const char *path, const char *filling)
{
    aq_autotreeplace struct aq_tree_place place = AQ_TREE_PLACE_NONE;
    assert_ok(aq_tree_place_open(path, &place, &err));
    aq_autofree char *script =
        aq_format("cd %s/.address-qemu.*.tmp && %s", place.name == NULL ? path : ".", filling);
    shell(script);
    aq_tree_place_publish(&place, &err);
}

static void a_folder_appears_whole_or_is_joined(void **state)
{
    (void)state;
    place("new", "mkdir sub; echo 1 >sub/file");
    assert_ok(-(err.code != AQ_OK));
    shell("[ \"$(cat new/sub/file)\" = 1 ] && [ \"$(ls -A)\" = new ]");
    shell("echo old >new/old; ln -s old new/link; mkdir new/target; ln -s target new/sub2");
    place("new", "mkdir sub other; echo 2 >sub/file; echo 3 >sub/more; echo 4 >other/file; echo 5 >link");
    assert_ok(-(err.code != AQ_OK));
    shell("[ \"$(cd new; cat sub/file sub/more other/file old link | tr '\\n' ' ')\" = '2 3 4 old 5 ' ] && "
          "[ \"$(ls -A)\" = new ] && [ ! -L new/link ]");
    /* A link to a folder is not gone through; nothing is moved when one thing cannot be. */
    place("new", "mkdir sub2; echo x >sub2/x; echo 9 >old");
    assert_int_equal(err.code, AQ_E_FILE_KIND);
    err = (struct aq_error){0};
    place("new", "echo x >sub; echo 9 >old");
    assert_int_equal(err.code, AQ_E_FILE_KIND);
    err = (struct aq_error){0};
    shell("[ \"$(cat new/old)\" = old ] && [ -z \"$(ls -A new/target)\" ] && [ -z \"$(find . -name "
          "'*.tmp')\" ]");
    struct aq_tree_place refused = AQ_TREE_PLACE_NONE;
    assert_fails(aq_tree_place_open("new/old", &refused, &err), AQ_E_FILE_KIND);
    aq_tree_place_close(&refused);
    assert_fails(aq_tree_place_open("no/such/place", &refused, &err), AQ_E_FILE_NOT_FOUND);
    aq_tree_place_close(&refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_folder_comes_out_as_it_went_in, fresh),
        cmocka_unit_test_setup(other_tars_understand_it, fresh),
        cmocka_unit_test_setup(hard_links_are_kept, fresh),
        cmocka_unit_test_setup(what_is_no_file_is_left_out, fresh),
        cmocka_unit_test_setup(folders_that_cannot_be_read_say_so, fresh),
        cmocka_unit_test_setup(nothing_leads_out, fresh),
        cmocka_unit_test_setup(links_are_not_gone_through, fresh),
        cmocka_unit_test_setup(links_that_lead_out_are_left_out, fresh),
        cmocka_unit_test_setup(modes_are_tamed_and_devices_left_out, fresh),
        cmocka_unit_test_setup(too_much_is_refused, fresh),
        cmocka_unit_test_setup(what_does_not_end_is_ended, fresh),
        cmocka_unit_test_setup(a_damaged_archive_is_refused, fresh),
        cmocka_unit_test_setup(noise_does_no_harm, fresh),
        cmocka_unit_test_setup(a_folder_appears_whole_or_is_joined, fresh),
    };
    if (mkdir("tree", 0700) < 0 || chdir("tree") < 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    aq_tree_counts_free(&counts);
    return failed;
}
