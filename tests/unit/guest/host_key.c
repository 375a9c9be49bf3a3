/* SPDX-License-Identifier: MIT */
/* Host keys: what ssh-keygen and Dropbear make of them, and that no two are alike. */
#include "test.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "guest/host_key.h"
#include "guest/identity.h"
#include "tool.h"
#include "util/files.h"

/* Makes one, as the file "key". */
static void make(const char *path, struct aq_buffer *line)
{
    struct aq_error err = {0};
    aq_autobuffer struct aq_buffer file = {0};
    aq_autoclose int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_ok(aq_host_key_make(path, &file, line, &err));
    unlink("key");
    assert_ok(aq_write_new_file_at(here, "key", file.data, file.length, 0600, &err));
}

/* And what one half of them signs, the other finds right. */
static void openssh_reads_its_keys(void **state)
{
    static const char *const paths[] = {"/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_ecdsa_key",
                                        "/etc/ssh/ssh_host_rsa_key"};
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        for (int times = 0; times < (i == 2 ? 1 : 8); times++) {
            aq_autobuffer struct aq_buffer line = {0};
            make(paths[i], &line);
            aq_autofree char *seen = tool_output("ssh-keygen", "-y", "-f", "key");
            assert_memory_equal(seen, line.data, line.length);
            assert_true(seen[line.length] == '\n' || seen[line.length] == ' ');
            assert_true(aq_host_key_has_public_file(paths[i]));
            tool("sh", "-c",
                 "rm -f line.sig; echo word >line; ssh-keygen -q -Y sign -n test -f key line"
                 " && ssh-keygen -q -Y check-novalidate -n test -s line.sig <line");
        }
}

/* "Public key portion is:" and the key. */
static void dropbear_reads_its_keys(void **state)
{
    static const char *const paths[] = {"/etc/dropbear/dropbear_ed25519_host_key",
                                        "/etc/dropbear/dropbear_ecdsa_host_key",
                                        "/etc/dropbear/dropbear_rsa_host_key"};
    (void)state;
    aq_autofree char *program = aq_find_program("dropbearkey");
    if (program == NULL)
        skip();
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        aq_autobuffer struct aq_buffer line = {0};
        make(paths[i], &line);
        aq_autofree char *seen = tool_output(program, "-y", "-f", "key");
        assert_non_null(strstr(seen, line.data));
        assert_false(aq_host_key_has_public_file(paths[i]));
    }
}

static void what_is_no_key_of_ours_is_told(void **state)
{
    static const char *const paths[] = {
        "/etc/ssh/ssh_host_dsa_key",           "/etc/ssh/ssh_host_key", "ssh_host_rsa_key2",
        "/etc/dropbear/dropbear_dss_host_key", "/etc/passwd",           ""};
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct aq_error err = {0};
        aq_autobuffer struct aq_buffer file = {0}, line = {0};
        assert_int_equal(aq_host_key_make(paths[i], &file, &line, &err), 0);
        assert_int_equal(file.length + line.length, 0);
    }
}

static void identities_differ_in_all(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_autostrings struct aq_strings keys = {0};
    aq_strings_add(&keys, "/etc/ssh/ssh_host_ed25519_key");
    aq_strings_add(&keys, "/etc/ssh/ssh_host_dsa_key");
    aq_autoidentity struct aq_identity one = {0}, two = {0};
    assert_ok(aq_identity_make("one", "6f1f6a3e-0000-4000-8000-000000000001", &keys, &one, &err));
    assert_ok(aq_identity_make("two", "6f1f6a3e-0000-4000-8000-000000000002", &keys, &two, &err));
    assert_string_equal(one.hostname, "one");
    assert_int_equal(strspn(one.machine_id, "0123456789abcdef"), 32);
    assert_string_not_equal(one.machine_id, two.machine_id);
    assert_memory_not_equal(one.seed, two.seed, sizeof one.seed);
    assert_int_equal(one.public_keys.count, 1);
    assert_string_not_equal(one.public_keys.items[0], two.public_keys.items[0]);
    /* The private file, the public one, and the one that nobody shall show any more. */
    assert_int_equal(one.file_count, 3);
    assert_int_equal(one.files[0].mode, 0600);
    assert_string_equal(one.files[1].path, "/etc/ssh/ssh_host_ed25519_key.pub");
    assert_non_null(strstr(one.files[1].bytes.data, one.public_keys.items[0]));
    assert_string_equal(one.files[2].path, "/etc/ssh/ssh_host_dsa_key");
    assert_int_equal(one.files[2].bytes.length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openssh_reads_its_keys),
        cmocka_unit_test(dropbear_reads_its_keys),
        cmocka_unit_test(what_is_no_key_of_ours_is_told),
        cmocka_unit_test(identities_differ_in_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
