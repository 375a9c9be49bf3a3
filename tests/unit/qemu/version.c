/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qemu/version.h"
#include "tool.h"
#include "util/files.h"

/* A program in QEMU's place that notes that it was asked. */
static void install(const char *version, const char *machine)
{
    struct aq_error err = {0};
    aq_autofree char *script =
        aq_format("#!/bin/sh\necho asked >>asked\n"
                  "[ $1 = -version ] && echo 'QEMU emulator version %s'\n"
                  "[ $1 = -machine ] && printf 'pc-q35-9.9 x\\nq35   Board (alias of %s)\\n'\n"
                  "exit 0\n",
                  version, machine);
    mkdir("bin", 0755);
    unlink("bin/qemu-system-x86_64");
    aq_autoclose int folder = open("bin", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_ok(aq_write_new_file_at(folder, "qemu-system-x86_64", script, strlen(script), 0755, &err));
}

static unsigned times_asked(void)
{
    struct stat st;
    return stat("asked", &st) == 0 ? (unsigned)st.st_size / 6 : 0;
}

static void the_program_is_asked_once_for_each_of_its_files(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qemu_version version;
    aq_autoclose int runtime = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char *path = aq_strdup(getenv("PATH"));
    aq_autofree char *here = aq_path_at(runtime, "bin");
    setenv("PATH", here, 1);
    install("7.2.1 (Debian 1)", "pc-q35-7.2");
    for (int i = 0; i < 3; i++) {
        assert_ok(aq_qemu_version(runtime, &version, &err));
        assert_string_equal(version.version, "7.2.1 (Debian 1)");
        assert_string_equal(version.machine, "pc-q35-7.2");
    }
    assert_int_equal(times_asked(), 2);
    install("7.2.1 (Debian 22)", "pc-q35-8.0");
    assert_ok(aq_qemu_version(runtime, &version, &err));
    assert_string_equal(version.version, "7.2.1 (Debian 22)");
    assert_string_equal(version.machine, "pc-q35-8.0");
    install("8", "");
    assert_fails(aq_qemu_version(runtime, &version, &err), AQ_E_TOOL_FAILED);
    setenv("PATH", path, 1);
    free(path);
}

static void the_real_one_says_what_it_is(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_qemu_version version;
    aq_autoclose int runtime = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_ok(aq_qemu_version(runtime, &version, &err));
    assert_in_range(version.version[0], '1', '9');
    assert_memory_equal(version.machine, "pc-q35-", 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_program_is_asked_once_for_each_of_its_files),
        cmocka_unit_test(the_real_one_says_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
