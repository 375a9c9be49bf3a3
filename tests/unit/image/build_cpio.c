/* SPDX-License-Identifier: MIT */
/* Our initial RAM file system, as cpio unpacks it. */
#include "test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/build_cpio.h"
#include "tool.h"
#include "util/files.h"

static void cpio_unpacks_what_was_packed(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_autobuffer struct aq_buffer archive = {0};
    aq_cpio_add(&archive, "bin", S_IFDIR | 0755, NULL, 0);
    aq_cpio_add(&archive, "bin/tool", S_IFREG | 0755, "12345", 5);
    aq_cpio_add(&archive, "empty", S_IFREG | 0644, "", 0);
    aq_cpio_add(&archive, "even", S_IFREG | 0600, "abcd", 4);
    aq_cpio_end(&archive);
    assert_int_equal(archive.length % 4, 0);
    assert_ok(aq_write_new_file_at(AT_FDCWD, "archive", archive.data, archive.length, 0600, &err));

    char *list = tool_output("cpio", "--quiet", "--list", "--verbose", "--numeric-uid-gid", "-F", "archive");
    assert_non_null(strstr(list, "drwxr-xr-x   2 0        0               0 Jan  1  1970 bin\n"));
    assert_non_null(strstr(list, "-rwxr-xr-x   1 0        0               5 Jan  1  1970 bin/tool\n"));
    assert_non_null(strstr(list, "-rw-------   1 0        0               4 Jan  1  1970 even\n"));
    free(list);

    tool("cpio", "--quiet", "--extract", "--no-preserve-owner", "-F", "archive");
    aq_autobuffer struct aq_buffer data = {0};
    assert_ok(aq_read_file_at(AT_FDCWD, "bin/tool", 100, &data, &err));
    assert_ok(aq_read_file_at(AT_FDCWD, "empty", 100, &data, &err));
    assert_ok(aq_read_file_at(AT_FDCWD, "even", 100, &data, &err));
    assert_string_equal(data.data, "12345abcd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cpio_unpacks_what_was_packed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
