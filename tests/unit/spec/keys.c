/* SPDX-License-Identifier: MIT */
/* The keys of steps: what is in them, and the secrets that are not. */
#include "spec.h"

#include <stdlib.h>

static struct aq_error err;

static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    return 0;
}

/* The key of the last step of a spec. */
static void key_of(const char *yaml, const char *identity, char key[AQ_SHA256_TEXT])
{
    aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
    assert_ok(load_spec(yaml, NULL, &spec, &err));
    assert_ok(aq_spec_prepare(&spec, identity, &err));
    memcpy(key, spec.steps[spec.step_count - 1].key, AQ_SHA256_TEXT);
}

static void assert_same_key(const char *a, const char *b, bool same)
{
    char left[AQ_SHA256_TEXT], right[AQ_SHA256_TEXT];
    key_of(a, BASE_IDENTITY, left);
    key_of(b, BASE_IDENTITY, right);
    if ((strcmp(left, right) == 0) != same)
        fail_msg("wanted %s keys of\n%sand\n%s", same ? "the same" : "other", a, b);
}

static void keys_say_what_a_step_makes_and_nothing_else(void **state)
{
    (void)state;
    char key[AQ_SHA256_TEXT], other[AQ_SHA256_TEXT];
    const char *files = "  files:\n    - {path: /a, source: one}\n";
    write_file("one", "1", 0644);
    write_file("two", "1", 0644);
    write_file("three", "3", 0644);
    setenv("TOKEN", "first", 1);
    key_of(files, BASE_IDENTITY, key);

    /* This very key, on any machine, for ever, or the format's number has to be raised. It is the SHA-256 of
     *     address-qemu layer=1:1
     *     parent=64:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
     *     step=5:files
     *     item=4:file
     *     path=2:/a
     *     mode=4:0644
     *     sha256=64:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b
     */
    assert_string_equal(key, "0e017a9c7d96881f31631a9478c4144d7c3bfb365e1ae47c4e2457ca25ca8543");

    struct timespec long_ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    assert_int_equal(utimensat(AT_FDCWD, "one", long_ago, 0), 0);
    key_of(files, BASE_IDENTITY, other);
    assert_string_equal(key, other);
    key_of(files, "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", other);
    assert_string_not_equal(key, other);

    assert_same_key(files, "  files:\n    - path: /a\n      source: ./two # moved\n", true);
    assert_same_key(files, "  files:\n    - {path: /a, content: '1'}\n", true);
    assert_same_key(files, "  files:\n    - {path: /a, source: three}\n", false);
    assert_same_key(files, "  files:\n    - {path: /b, source: one}\n", false);
    assert_same_key(files, "  files:\n    - {path: /a, source: one, mode: '0600'}\n", false);
    assert_same_key(files, "  files:\n    - {path: /a, source: one, mode: '0644'}\n",
                    false); /* now it is set */
    assert_same_key(files, "  files:\n    - {path: /a, source: one, owner: app}\n", false);
    assert_same_key(files, "  files:\n    - {path: /a, source: one, append: true}\n", false);
    assert_int_equal(chmod("two", 0600), 0);
    assert_same_key(files, "  files:\n    - {path: /a, source: two}\n", false);
    assert_same_key("  files: [{path: /a, mkdir: true}, {path: /b, mkdir: true}]\n",
                    "  files: [{path: /b, mkdir: true}, {path: /a, mkdir: true}]\n", false);
    assert_same_key("  files: [{path: /a, symlink: b}]\n", "  files: [{path: /a, symlink: c}]\n", false);

    const char *command = "  post_modification:\n    - command: make\n";
    assert_same_key(command, "  post_modification: [{command: make, timeout: 5}]\n", true);
    assert_same_key(command, "  post_modification: [{command: make, when: offline, network: false}]\n", true);
    assert_same_key(command, "  post_modification: [{command: 'make '}]\n", false);
    assert_same_key(command, "  post_modification: [{command: make, network: true}]\n", false);
    assert_same_key(command, "  post_modification: [{command: make, when: guest}]\n", false);
    assert_same_key(command, "  post_modification: [{command: make, env: {A: b}}]\n", false);
    assert_same_key(command, "  post_modification: [{command: make, cache: [/c]}]\n", false);
    assert_same_key("  post_modification: [{command: make, env: {A: b, C: d}}]\n",
                    "  post_modification: [{command: make, env: {C: d, A: b}}]\n", true);
    assert_same_key(command, "  files: [{path: /a, mkdir: true}]\n  post_modification: [{command: make}]\n",
                    false);
    assert_same_key("  post_modification: [{command: make, env: {A: \"1\\nvalue=1:2\"}}]\n",
                    "  post_modification: [{command: make, env: {A: '1', B: '2'}}]\n", false);
}

static void a_secret_is_in_no_key_unless_asked(void **state)
{
    (void)state;
    char first[AQ_SHA256_TEXT], second[AQ_SHA256_TEXT];
    const char *plain =
        "  secrets: {token: {env: TOKEN}}\n  post_modification: [{command: make, secrets: [token]}]\n";
    const char *in_key = "  secrets: {token: {env: TOKEN, in_key: true}}\n"
                         "  post_modification: [{command: make, secrets: [token]}]\n";
    setenv("TOKEN", "swordfish", 1);
    key_of(plain, BASE_IDENTITY, first);
    setenv("TOKEN", "other", 1);
    key_of(plain, BASE_IDENTITY, second);
    assert_string_equal(first, second);
    key_of(in_key, BASE_IDENTITY, second);
    assert_string_not_equal(first, second);
    setenv("TOKEN", "swordfish", 1);
    aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
    assert_ok(load_spec(in_key, NULL, &spec, &err));
    assert_ok(aq_spec_prepare(&spec, BASE_IDENTITY, &err));
    assert_string_not_equal(spec.steps[0].key, second);
    assert_null(strstr(spec.steps[0].canonical.data, "swordfish"));

    aq_autosecret struct aq_buffer value = {0};
    assert_ok(aq_secret_read(&spec, "token", &value, &err));
    assert_string_equal(value.data, "swordfish");
    assert_ok(aq_step_fetch(&spec, &spec.steps[0], NULL, &err));
    unsetenv("TOKEN");
    assert_fails(aq_step_fetch(&spec, &spec.steps[0], NULL, &err), AQ_E_SECRET_MISSING);
}

static void a_secret_file_is_a_source_like_others(void **state)
{
    (void)state;
    aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
    aq_autosecret struct aq_buffer value = {0};
    write_file("token", "line\n", 0600);
    assert_ok(load_spec("  secrets: {in: {file: token}, out: {file: /etc/passwd}, gone: {file: nowhere}}\n"
                        "  post_modification: [{command: make, secrets: [in]}]\n",
                        NULL, &spec, &err));
    assert_ok(aq_secret_read(&spec, "in", &value, &err));
    assert_string_equal(value.data, "line\n");
    aq_secret_wipe(&value);
    assert_fails(aq_secret_read(&spec, "out", &value, &err), AQ_E_SOURCE_OUTSIDE);
    assert_fails(aq_secret_read(&spec, "gone", &value, &err), AQ_E_SECRET_MISSING);
}

static void what_a_command_said_of_its_secrets_is_masked(void **state)
{
    (void)state;
    aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
    setenv("TOKEN", "swordfish", 1);
    setenv("SHORT", "abc", 1);
    write_file("key", "-----BEGIN KEY-----\nMIIEvQIBADAN\nBgkqhkiG\n-----END KEY-----\n", 0600);
    assert_ok(load_spec("  secrets: {t: {env: TOKEN}, s: {env: SHORT}, k: {file: key}, other: {env: HOME}}\n"
                        "  post_modification: [{command: make, secrets: [t, s, k]}]\n",
                        NULL, &spec, &err));
    static const struct {
        const char *said;
        const char *shown;
    } cases[] = {
        {"", ""},
        {"nothing of it", "nothing of it"},
        {"swordfish", "***"},
        {"+ curl -H swordfishswordfish,swordfis", "+ curl -H ******,swordfis"},
        {"abc is too short to tell", "abc is too short to tell"},
        {"bad key: BgkqhkiG\n", "bad key: ***\n"},
        {"-----BEGIN KEY-----\nMIIEvQIBADAN\nBgkqhkiG\n-----END KEY-----\n.", "***."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        aq_autobuffer struct aq_buffer text = {0};
        aq_buffer_add_text(&text, cases[i].said);
        aq_secrets_mask(&spec, &spec.commands[0], &text);
        assert_string_equal(aq_buffer_text(&text), cases[i].shown);
    }
}

static void a_base_of_the_command_comes_first(void **state)
{
    (void)state;
    aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
    struct aq_spec_request request = {.path = "app.yaml", .base = "mine"};
    write_file("app.yaml", "checkpoint_modifications: {files: [{path: /a, mkdir: true}]}\n", 0644);
    assert_ok(aq_spec_load(&request, &spec, &err));
    assert_string_equal(spec.base, "mine");
    aq_spec_free(&spec);
    request.base = "../x";
    assert_fails(aq_spec_load(&request, &spec, &err), AQ_E_VALUE_INVALID);
    request.base = NULL;
    assert_fails(aq_spec_load(&request, &spec, &err), AQ_E_SPEC_INVALID);
    request.path = "nowhere.yaml";
    assert_fails(aq_spec_load(&request, &spec, &err), AQ_E_FILE_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(keys_say_what_a_step_makes_and_nothing_else, fresh),
        cmocka_unit_test_setup(a_secret_is_in_no_key_unless_asked, fresh),
        cmocka_unit_test_setup(a_secret_file_is_a_source_like_others, fresh),
        cmocka_unit_test_setup(what_a_command_said_of_its_secrets_is_masked, fresh),
        cmocka_unit_test_setup(a_base_of_the_command_comes_first, fresh),
    };
    return cmocka_run_group_tests_name("spec/keys", tests, NULL, NULL);
}
