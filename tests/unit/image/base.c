/* SPDX-License-Identifier: MIT */
/* The registry of bases: what is recorded, compared and refused, and what keeps a base. */
#include "bases.h"

#include <sys/wait.h>

#include "tool.h"

static void what_is_registered_is_known_again(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_base_request request = request_for("web", "./one.qcow2");
    request.os = "debian 12";
    request.rexxjs_installed = true;
    assert_int_equal(register_ok(&request), AQ_BASE_REGISTERED);

    aq_autobase struct aq_base base = {0};
    aq_autofree char *path = realpath("one.qcow2", NULL);
    assert_ok(aq_base_load("web", &base, &err));
    assert_string_equal(base.name, "web");
    assert_string_equal(base.path, path);
    assert_string_equal(base.format, "qcow2");
    assert_string_equal(base.os, "debian 12");
    assert_string_equal(base.source, "");
    assert_string_equal(base.sha256, "");
    assert_int_equal(strlen(base.created), strlen("2026-01-01T00:00:00Z"));
    assert_int_equal(base.virtual_size, 1 << 20);
    assert_int_equal(base.memory, 2048);
    assert_int_equal(base.cpus, 2);
    assert_true(base.rexxjs_installed);
    assert_false(base.copy);
    assert_status("web", "ready", AQ_OK);

    aq_autostrings struct aq_strings names = {0};
    assert_ok(aq_base_list(&names, &err));
    assert_int_equal(names.count, 1);
    assert_string_equal(names.items[0], "web");
}

static void odd_texts_survive_the_record(void **state)
{
    (void)state;
    struct aq_error err = {0};
    const char *const odd[] = {"true",      "123",      "~", "a: b", "- x", "it's \"so\", {ok} #1",
                               "tab\there", "\xc3\xa4", " "};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        aq_autofree char *path = aq_format("%s.qcow2", odd[i]);
        put_image(path, 1);
        struct aq_base_request request = request_for("true", path);
        request.os = odd[i];
        request.replace = true;
        register_ok(&request);
        aq_autobase struct aq_base base = {0};
        assert_ok(aq_base_load("true", &base, &err));
        assert_string_equal(base.os, odd[i]);
        assert_status("true", "ready", AQ_OK);
        unlink(path);
    }
}

static void a_path_that_cannot_be_recorded_is_refused(void **state)
{
    (void)state;
    struct aq_error err = {0};
    put_image("\xff.qcow2", 1);
    struct aq_base_request request = request_for("web", "\xff.qcow2");
    assert_fails(try_register(&request, &err), AQ_E_VALUE_INVALID);
    assert_int_equal(entries(), 0);
}

static void bad_requests_are_refused(void **state)
{
    (void)state;
    struct aq_error err = {0};
    const char *const names[] = {"", ".", "..", "../x", "a/b", ".x", "-x"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct aq_base_request request = request_for(names[i], "one.qcow2");
        assert_fails(try_register(&request, &err), AQ_E_VALUE_INVALID);
        aq_autobase struct aq_base base = {0};
        assert_fails(aq_base_load(names[i], &base, &err), AQ_E_BASE_NOT_FOUND);
        assert_fails(aq_base_remove(names[i], dependents, &err), AQ_E_BASE_NOT_FOUND);
    }
    struct aq_base_request request = request_for("web", "one.qcow2");
    request.memory = 0;
    assert_fails(try_register(&request, &err), AQ_E_VALUE_INVALID);
}

static void the_same_again_changes_nothing(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_base_request request = request_for("web", "one.qcow2");
    assert_int_equal(register_ok(&request), AQ_BASE_REGISTERED);
    assert_int_equal(register_ok(&request), AQ_BASE_UNCHANGED);
    request.replace = true;
    assert_int_equal(register_ok(&request), AQ_BASE_UNCHANGED);
    aq_strings_add(&vms, "a-clone");
    assert_int_equal(register_ok(&request), AQ_BASE_UNCHANGED);
    assert_int_equal(entries(), 1);
    struct aq_base_request second = request_for("again", "one.qcow2");
    assert_int_equal(register_ok(&second), AQ_BASE_REGISTERED);
    aq_autobase struct aq_base base = {0};
    assert_ok(aq_base_load("again", &base, &err));
}

static void other_settings_need_replace_and_keep_the_disk(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_base_request request = request_for("web", "one.qcow2");
    register_ok(&request);
    request.memory = 4096;
    request.os = "alpine";
    assert_int_equal(try_register(&request, &err), -1);
    assert_int_equal(err.code, AQ_E_BASE_EXISTS);
    assert_non_null(strstr(err.text, "memory=2048M, os=\"\""));
    request.replace = true;
    aq_strings_add(&vms, "a-clone"); /* which does not mind */
    assert_int_equal(register_ok(&request), AQ_BASE_UPDATED);
    struct aq_error after = {0};
    aq_autobase struct aq_base base = {0};
    assert_int_equal(aq_base_load("web", &base, &after), 0);
    assert_int_equal(base.memory, 4096);
    assert_string_equal(base.os, "alpine");
    assert_status("web", "ready", AQ_OK);
    assert_int_equal(entries(), 1);
}

static void another_disk_needs_replace_and_nothing_that_depends(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_base_request request = request_for("web", "one.qcow2");
    register_ok(&request);
    struct aq_base_request other = request_for("web", "two.qcow2");
    assert_fails(try_register(&other, &err), AQ_E_BASE_EXISTS);
    other.replace = true;
    for (char name[] = "vm-a"; name[3] < 'a' + 12; name[3]++)
        aq_strings_add(&vms, name);
    assert_int_equal(try_register(&other, &err), -1);
    assert_int_equal(err.code, AQ_E_BASE_IN_USE);
    assert_non_null(strstr(err.text, "vm-a, vm-b"));
    assert_non_null(strstr(err.text, "and 2 more"));
    aq_strings_free(&vms);
    assert_int_equal(register_ok(&other), AQ_BASE_REPLACED);
    struct aq_error after = {0};
    aq_autobase struct aq_base base = {0};
    assert_int_equal(aq_base_load("web", &base, &after), 0);
    assert_non_null(strstr(base.path, "/two.qcow2"));
    assert_int_equal(entries(), 1);
    assert_int_equal(access("one.qcow2", F_OK), 0);
}

static void a_digest_is_noted(void **state)
{
    (void)state;
    struct aq_error err = {0};
    char *theirs = tool_output("sha256sum", "one.qcow2");
    theirs[64] = '\0';
    struct aq_base_request plain = request_for("plain", "one.qcow2"),
                           copied = request_for("copied", "one.qcow2");
    plain.digest = copied.digest = copied.copy = true;
    register_ok(&plain);
    register_ok(&copied);
    aq_autobase struct aq_base a = {0}, b = {0}, c = {0};
    assert_ok(aq_base_load("plain", &a, &err));
    assert_ok(aq_base_load("copied", &b, &err));
    assert_string_equal(a.sha256, theirs);
    assert_string_equal(b.sha256, theirs);

    struct aq_base_request later = request_for("later", "one.qcow2");
    register_ok(&later);
    later.digest = true;
    assert_fails(try_register(&later, &err), AQ_E_BASE_EXISTS);
    later.replace = true;
    assert_int_equal(register_ok(&later), AQ_BASE_UPDATED);
    assert_ok(aq_base_load("later", &c, &err));
    assert_string_equal(c.sha256, theirs);
    free(theirs);
}

static void removing_takes_the_stores_own_disk_only(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_base_request plain = request_for("plain", "one.qcow2"),
                           copied = request_for("copied", "one.qcow2");
    copied.copy = true;
    register_ok(&plain);
    register_ok(&copied);
    aq_strings_add(&vms, "vm-z");
    assert_int_equal(aq_base_remove("plain", dependents, &err), -1);
    assert_int_equal(err.code, AQ_E_BASE_IN_USE);
    assert_non_null(strstr(err.text, "vm-z"));
    err = (struct aq_error){0};
    assert_int_equal(entries(), 2);
    aq_strings_free(&vms);
    assert_ok(aq_base_remove("plain", dependents, &err));
    assert_ok(aq_base_remove("copied", dependents, &err));
    assert_int_equal(entries(), 0);
    assert_int_equal(access("one.qcow2", F_OK), 0);
    assert_fails(aq_base_remove("plain", dependents, &err), AQ_E_BASE_NOT_FOUND);
}

static void removing_waits_for_who_uses_it(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_base_request request = request_for("web", "one.qcow2");
    register_ok(&request);
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        int lock = aq_base_lock("web", AQ_LOCK_SHARED, &err);
        if (write(ready[1], "x", 1) != 1)
            _exit(1);
        usleep(100000);
        /* still there, and only then let go */
        _exit(lock >= 0 && entries() == 1 ? 0 : 1);
    }
    char byte;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_ok(aq_base_remove("web", dependents, &err));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(ready[0]);
    close(ready[1]);
    assert_fails(aq_base_lock("web", AQ_LOCK_SHARED, &err), AQ_E_BASE_NOT_FOUND);
}

static void put_record(const char *text)
{
    struct aq_error err = {0};
    aq_autofree char *home = aq_home_path(&err);
    aq_autofree char *path = aq_format("%s/bases/web/base.yaml", home);
    aq_autoclose int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_ok(aq_write_all(fd, text, strlen(text), &err));
}

static void a_broken_record_is_told_and_can_be_removed(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_base_request request = request_for("web", "one.qcow2");
    register_ok(&request);
    const char *const records[] = {
        "",
        "- a list",
        "version: 2",
        "version: 1",
        "version: 1\nname: [",
        "version: 1\ndisk: relative.qcow2\nformat: qcow2\n",
        "version: 1\ndisk: /x\nformat: raw\nvirtual_size: 1\nmemory: 1\ncpus: 1\n",
        "version: 1\ndisk: /x\nformat: qcow2\nvirtual_size: -1\nmemory: 1\ncpus: 1\n",
        "version: 1\ndisk: /x\nformat: qcow2\nvirtual_size: 1\nmemory: 1\ncpus: 1\n",
        "version: 1\ndisk: /x\ncopy: true\nformat: qcow2\n"};
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        aq_autobase struct aq_base base = {0};
        put_record(records[i]);
        assert_fails(aq_base_load("web", &base, &err), AQ_E_RECORD_INVALID);
        assert_fails(try_register(&request, &err), AQ_E_RECORD_INVALID);
    }
    aq_autostrings struct aq_strings names = {0};
    assert_ok(aq_base_list(&names, &err));
    assert_int_equal(names.count, 1);
    assert_ok(aq_base_remove("web", dependents, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_registered_is_known_again, fresh),
        cmocka_unit_test_setup(odd_texts_survive_the_record, fresh),
        cmocka_unit_test_setup(a_path_that_cannot_be_recorded_is_refused, fresh),
        cmocka_unit_test_setup(bad_requests_are_refused, fresh),
        cmocka_unit_test_setup(the_same_again_changes_nothing, fresh),
        cmocka_unit_test_setup(other_settings_need_replace_and_keep_the_disk, fresh),
        cmocka_unit_test_setup(another_disk_needs_replace_and_nothing_that_depends, fresh),
        cmocka_unit_test_setup(a_digest_is_noted, fresh),
        cmocka_unit_test_setup(removing_takes_the_stores_own_disk_only, fresh),
        cmocka_unit_test_setup(removing_waits_for_who_uses_it, fresh),
        cmocka_unit_test_setup(a_broken_record_is_told_and_can_be_removed, fresh),
    };
    return cmocka_run_group_tests_name("image/base", tests, NULL, NULL);
}
