/* SPDX-License-Identifier: MIT */
/* SHA-256 against the vectors of FIPS 180-2 and another program's opinion. */
#include "test.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "tool.h"
#include "util/digest.h"
#include "util/files.h"
#include "util/wait.h"

static void known_digests(void **state)
{
    (void)state;
    struct aq_error err = {0};
    char text[AQ_SHA256_TEXT];
    assert_ok(aq_sha256("", 0, text, &err));
    assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_ok(aq_sha256("abc", 3, text, &err));
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void a_file_is_digested_whole(void **state)
{
    (void)state;
    struct aq_error err = {0};
    char text[AQ_SHA256_TEXT];
    aq_autoclose int fd = open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_ok(aq_write_all(fd, "start", 5, &err));
    assert_int_equal(ftruncate(fd, 3000001), 0);
    assert_ok(aq_sha256_file(fd, "file", text, &err));
    char *theirs = tool_output("sha256sum", "file");
    assert_memory_equal(theirs, text, AQ_SHA256_TEXT - 1);
    free(theirs);
}

static void a_long_digest_can_be_interrupted(void **state)
{
    (void)state;
    struct aq_error err = {0};
    char text[AQ_SHA256_TEXT];
    aq_autoclose int fd = memfd_create("file", MFD_CLOEXEC);
    aq_interrupt();
    assert_fails(aq_sha256_file(fd, "file", text, &err), AQ_E_INTERRUPTED);
    aq_interrupt_hold();
    assert_ok(aq_sha256_file(fd, "file", text, &err));
    aq_interrupt_release();
    aq_interrupt_clear();
}

static void pieces_are_digested_as_one(void **state)
{
    (void)state;
    struct aq_error err = {0};
    char text[AQ_SHA256_TEXT];
    struct aq_digest *digest = aq_digest_start(&err);
    assert_non_null(digest);
    assert_ok(aq_digest_add(digest, "a", 1, &err));
    assert_ok(aq_digest_add(digest, "", 0, &err));
    assert_ok(aq_digest_add(digest, "bc", 2, &err));
    assert_ok(aq_digest_finish(digest, text, &err));
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    aq_digest_drop(aq_digest_start(&err));
    aq_digest_drop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_digests),
        cmocka_unit_test(a_file_is_digested_whole),
        cmocka_unit_test(pieces_are_digested_as_one),
        cmocka_unit_test(a_long_digest_can_be_interrupted),
    };
    return cmocka_run_group_tests_name("util/digest", tests, NULL, NULL);
}
