/* SPDX-License-Identifier: MIT */
/* The registry of bases: what is recorded, compared, refused and left on disk. */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "image.h"
#include "image/base.h"
#include "small.h"
#include "tool.h"
#include "util/files.h"
#include "util/home.h"
#include "util/json.h"

/* Stands in for vm/: the VMs that depend on a base. */
static struct aq_strings vms;

static int dependents(const struct aq_parent *on, struct aq_strings *names, struct aq_error *err)
{
    (void)on;
    (void)err;
    for (size_t i = 0; i < vms.count; i++)
        aq_strings_add(names, vms.items[i]);
    return 0;
}

static void put_image(const char *path, unsigned char data)
{
    struct image image = image_sound();
    memset(image.bytes + IMAGE_DATA, data, IMAGE_CLUSTER);
    unlink(path);
    aq_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_int_equal(pwrite(fd, image.bytes, image.length, 0), image.length);
}

/* An empty store, and the images one.qcow2 and two.qcow2 beside it. */
static int fresh(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_autofree char *home = aq_home_path(&err);
    assert_non_null(home);
    assert_ok(aq_remove_tree_at(AT_FDCWD, home, &err));
    aq_strings_free(&vms);
    put_image("one.qcow2", 1);
    put_image("two.qcow2", 2);
    return 0;
}

static struct aq_base_request request_for(const char *name, const char *disk)
{
    return (struct aq_base_request){
        .name = name, .disk = disk, .memory = 2048, .cpus = 2, .dependents = dependents};
}

static int try_register(const struct aq_base_request *request, struct aq_error *err)
{
    aq_autobase struct aq_base base = {0};
    enum aq_base_outcome outcome;
    return aq_base_register(request, &base, &outcome, err);
}

static enum aq_base_outcome register_ok(const struct aq_base_request *request)
{
    struct aq_error err = {0};
    aq_autobase struct aq_base base = {0};
    enum aq_base_outcome outcome = 99;
    assert_ok(aq_base_register(request, &base, &outcome, &err));
    assert_string_equal(base.name, request->name);
    return outcome;
}

static void assert_status(const char *name, const char *status, enum aq_error_code code)
{
    struct aq_error err = {0};
    aq_autobase struct aq_base base = {0};
    assert_ok(aq_base_load(name, &base, &err));
    assert_string_equal(aq_base_status(&base), status);
    if (code == AQ_OK)
        assert_ok(aq_base_check(&base, &err));
    else
        assert_fails(aq_base_check(&base, &err), code);
}

/* How many entries the folder of the bases has, hidden ones too. */
static size_t entries(void)
{
    struct aq_error err = {0};
    size_t count = 0;
    int fd = aq_open_home_dir("bases", &err);
    DIR *folder = fdopendir(fd);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return count;
}

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

static void what_is_no_sound_disk_is_refused_and_leaves_nothing(void **state)
{
    (void)state;
    struct aq_error err = {0};
    tool("qemu-img", "create", "-q", "-u", "-f", "qcow2", "-F", "raw", "-b", "/etc/passwd", "over.qcow2",
         "1M");
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_int_equal(mkdir("folder", 0700), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    aq_autoclose int empty = open("empty", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(empty >= 0);
    const struct {
        const char *disk;
        enum aq_error_code code;
    } cases[] = {{"no-such-file", AQ_E_FILE_NOT_FOUND},
                 {"dangling", AQ_E_FILE_LINK},
                 {"loop", AQ_E_FILE_LINK},
                 {"folder", AQ_E_FILE_KIND},
                 {"fifo", AQ_E_FILE_KIND},
                 {"/dev/null", AQ_E_FILE_KIND},
                 {"empty", AQ_E_IMAGE_NOT_QCOW2},
                 {"/etc/passwd", AQ_E_IMAGE_NOT_QCOW2},
                 {"over.qcow2", AQ_E_IMAGE_BACKING_FILE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int copy = 0; copy < 2; copy++) {
            struct aq_base_request request = request_for("web", cases[i].disk);
            request.copy = copy != 0;
            assert_fails(try_register(&request, &err), cases[i].code);
            assert_int_equal(entries(), 0);
        }
}

/* As a user who may not read it: the test itself may run as root. */
static void an_unreadable_disk_is_refused(void **state)
{
    (void)state;
    assert_int_equal(chmod("one.qcow2", 0), 0);
    aq_autofree char *disk = realpath("one.qcow2", NULL);
    pid_t child = fork();
    if (child == 0) {
        struct aq_error err = {0};
        if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
            _exit(2);
        int fd = aq_open_input(disk, &err);
        _exit(fd < 0 && err.code == AQ_E_UNREADABLE ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_link_to_a_good_disk_is_followed_once(void **state)
{
    (void)state;
    struct aq_error err = {0};
    assert_int_equal(symlink("one.qcow2", "link.qcow2"), 0);
    struct aq_base_request request = request_for("web", "link.qcow2");
    assert_int_equal(register_ok(&request), AQ_BASE_REGISTERED);
    aq_autobase struct aq_base base = {0};
    assert_ok(aq_base_load("web", &base, &err));
    assert_non_null(strstr(base.path, "/one.qcow2"));
    assert_int_equal(unlink("link.qcow2"), 0);
    assert_status("web", "ready", AQ_OK);
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

static void a_disk_that_changed_is_seen(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_base_request request = request_for("web", "one.qcow2");
    register_ok(&request);
    assert_int_equal(rename("one.qcow2", "away.qcow2"), 0);
    assert_status("web", "missing", AQ_E_BASE_MISSING);
    assert_int_equal(mkdir("one.qcow2", 0700), 0);
    assert_status("web", "missing", AQ_E_BASE_MISSING);
    assert_int_equal(rmdir("one.qcow2"), 0);
    tool("cp", "-p", "away.qcow2", "one.qcow2"); /* the same bytes and times, another file */
    assert_status("web", "changed", AQ_E_BASE_CHANGED);
    assert_int_equal(rename("away.qcow2", "one.qcow2"), 0);
    assert_status("web", "ready", AQ_OK);

    tool("qemu-io", "-f", "qcow2", "-c", "write -P 3 0 512", "one.qcow2");
    assert_status("web", "changed", AQ_E_BASE_CHANGED);
    assert_fails(try_register(&request, &err), AQ_E_BASE_EXISTS);
    request.replace = true;
    assert_int_equal(register_ok(&request), AQ_BASE_REPLACED);
    assert_status("web", "ready", AQ_OK);
    assert_int_equal(truncate("one.qcow2", 1 << 20), 0);
    assert_status("web", "changed", AQ_E_BASE_CHANGED);
}

static void a_change_is_named(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_base_request request = request_for("web", "one.qcow2");
    register_ok(&request);
    assert_int_equal(truncate("one.qcow2", 1 << 20), 0);
    aq_autobase struct aq_base base = {0};
    assert_ok(aq_base_load("web", &base, &err));
    assert_int_equal(aq_base_check(&base, &err), -1);
    assert_non_null(strstr(err.text, "base web"));
    assert_non_null(strstr(err.text, "one.qcow2 had 24576 bytes and has 1048576"));
}

static void a_copy_is_the_stores_own(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct stat source, copy;
    assert_int_equal(truncate("one.qcow2", 64 << 20), 0); /* a hole that stays one */
    struct aq_base_request request = request_for("web", "one.qcow2");
    request.copy = true;
    assert_int_equal(register_ok(&request), AQ_BASE_REGISTERED);
    assert_int_equal(register_ok(&request), AQ_BASE_UNCHANGED);
    aq_autobase struct aq_base base = {0};
    assert_ok(aq_base_load("web", &base, &err));
    assert_true(base.copy);
    assert_non_null(strstr(base.path, "/bases/web/disk.qcow2"));
    assert_non_null(strstr(base.source, "/one.qcow2"));
    assert_int_equal(stat("one.qcow2", &source), 0);
    assert_int_equal(stat(base.path, &copy), 0);
    assert_int_equal(copy.st_size, source.st_size);
    assert_int_equal(copy.st_mode & 07777, 0400);
    assert_true(copy.st_blocks * 512 < 1 << 20);
    tool("cmp", "one.qcow2", base.path);

    put_image("one.qcow2", 7); /* another disk under the same name: the copy does not care */
    assert_status("web", "ready", AQ_OK);
    assert_fails(try_register(&request, &err), AQ_E_BASE_EXISTS);
    request.replace = true;
    assert_int_equal(register_ok(&request), AQ_BASE_REPLACED);
    assert_int_equal(entries(), 1);
    assert_int_equal(unlink(base.path), 0);
    assert_status("web", "missing", AQ_E_BASE_MISSING);
    assert_int_equal(register_ok(&request),
                     AQ_BASE_REPLACED); /* the source is the same, but its copy is gone */
    assert_status("web", "ready", AQ_OK);
}

/* Exit code of a child that may not mount anything here. */
#define CANNOT_MOUNT 77

/* In a store on a file system of 64 KiB, which only this process sees. */
static int copy_into_a_full_store(void)
{
    struct aq_error err = {0};
    if (!small_mount("small", "size=64k"))
        return CANNOT_MOUNT;
    aq_autofree char *home = aq_format("%s/small", getenv("TEST_WORK"));
    setenv("ADDRESS_QEMU_HOME", home, 1);
    struct aq_base_request request = request_for("web", "one.qcow2");
    request.copy = true;
    if (try_register(&request, &err) == 0 || err.code != AQ_E_NO_SPACE)
        return 1;
    return entries() == 0 ? 0 : 2;
}

static void a_full_store_is_told_and_left_clean(void **state)
{
    (void)state;
    const struct image image = image_sound();
    aq_autoclose int fd = open("one.qcow2", O_WRONLY | O_APPEND | O_CLOEXEC);
    for (int i = 0; i < 64; i++)
        assert_int_equal(write(fd, image.bytes, image.length), IMAGE_LENGTH);
    pid_t child = fork();
    if (child == 0)
        _exit(copy_into_a_full_store());
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == CANNOT_MOUNT) {
        print_message("skipped: this user may not make a mount namespace\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_store_that_moved_keeps_its_copies(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_base_request request = request_for("web", "one.qcow2");
    request.copy = true;
    register_ok(&request);
    aq_autofree char *home = aq_home_path(&err);
    aq_autofree char *moved = aq_format("%s-moved", home);
    assert_int_equal(rename(home, moved), 0);
    setenv("ADDRESS_QEMU_HOME", moved, 1);
    assert_status("web", "ready", AQ_OK);
    assert_int_equal(rename(moved, home), 0);
    setenv("ADDRESS_QEMU_HOME", home, 1);
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

static void a_built_base_is_published(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    aq_autofree char *folder = NULL;
    enum aq_base_outcome outcome;
    struct aq_base_request request = request_for("built", NULL);
    assert_ok(aq_base_stage("built", &stage, &folder, &err));
    aq_autofree char *disk = aq_format("%s/%s", folder, AQ_BASE_DISK);
    tool("qemu-img", "create", "-q", "-f", "qcow2", disk, "5M");
    aq_autobase struct aq_base base = {0}, loaded = {0};
    assert_ok(aq_base_publish(&stage, &request, json_pack("{s:s}", "kind", "micro"), &base, &outcome, &err));
    aq_stage_close(&stage);
    assert_int_equal(outcome, AQ_BASE_REGISTERED);
    assert_ok(aq_base_load("built", &loaded, &err));
    assert_int_equal(loaded.virtual_size, 5 << 20);
    assert_string_equal(aq_json_text(loaded.built, "kind", ""), "micro");
    assert_status("built", "ready", AQ_OK);
    assert_int_equal(entries(), 1);

    aq_autofree char *second = NULL;
    aq_autobase struct aq_base again = {0};
    assert_ok(aq_base_stage("built", &stage, &second, &err));
    aq_autofree char *other = aq_format("%s/%s", second, AQ_BASE_DISK);
    tool("qemu-img", "create", "-q", "-f", "qcow2", other, "6M");
    assert_fails(aq_base_publish(&stage, &request, NULL, &again, &outcome, &err), AQ_E_BASE_EXISTS);
    request.replace = true;
    assert_ok(aq_base_publish(&stage, &request, NULL, &again, &outcome, &err));
    aq_stage_close(&stage);
    assert_int_equal(outcome, AQ_BASE_REPLACED);
    assert_int_equal(again.virtual_size, 6 << 20);
    assert_status("built", "ready", AQ_OK);
    assert_int_equal(entries(), 1);
}

static void a_build_that_made_no_sound_disk_leaves_nothing(void **state)
{
    (void)state;
    struct aq_error err = {0};
    struct aq_stage stage = AQ_STAGE_NONE;
    aq_autofree char *folder = NULL;
    enum aq_base_outcome outcome;
    aq_autobase struct aq_base base = {0};
    struct aq_base_request request = request_for("built", NULL);
    assert_ok(aq_base_stage("built", &stage, &folder, &err));
    assert_fails(aq_base_publish(&stage, &request, NULL, &base, &outcome, &err), AQ_E_FILE_NOT_FOUND);
    assert_ok(aq_write_new_file_at(stage.folder, AQ_BASE_DISK, "rubbish", 7, 0600, &err));
    assert_fails(aq_base_publish(&stage, &request, NULL, &base, &outcome, &err), AQ_E_IMAGE_NOT_QCOW2);
    aq_stage_close(&stage);
    assert_int_equal(entries(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_registered_is_known_again, fresh),
        cmocka_unit_test_setup(odd_texts_survive_the_record, fresh),
        cmocka_unit_test_setup(a_path_that_cannot_be_recorded_is_refused, fresh),
        cmocka_unit_test_setup(bad_requests_are_refused, fresh),
        cmocka_unit_test_setup(what_is_no_sound_disk_is_refused_and_leaves_nothing, fresh),
        cmocka_unit_test_setup(an_unreadable_disk_is_refused, fresh),
        cmocka_unit_test_setup(a_link_to_a_good_disk_is_followed_once, fresh),
        cmocka_unit_test_setup(the_same_again_changes_nothing, fresh),
        cmocka_unit_test_setup(other_settings_need_replace_and_keep_the_disk, fresh),
        cmocka_unit_test_setup(another_disk_needs_replace_and_nothing_that_depends, fresh),
        cmocka_unit_test_setup(a_disk_that_changed_is_seen, fresh),
        cmocka_unit_test_setup(a_change_is_named, fresh),
        cmocka_unit_test_setup(a_copy_is_the_stores_own, fresh),
        cmocka_unit_test_setup(a_full_store_is_told_and_left_clean, fresh),
        cmocka_unit_test_setup(a_store_that_moved_keeps_its_copies, fresh),
        cmocka_unit_test_setup(a_digest_is_noted, fresh),
        cmocka_unit_test_setup(removing_takes_the_stores_own_disk_only, fresh),
        cmocka_unit_test_setup(removing_waits_for_who_uses_it, fresh),
        cmocka_unit_test_setup(a_broken_record_is_told_and_can_be_removed, fresh),
        cmocka_unit_test_setup(a_built_base_is_published, fresh),
        cmocka_unit_test_setup(a_build_that_made_no_sound_disk_leaves_nothing, fresh),
    };
    return cmocka_run_group_tests_name("image/base", tests, NULL, NULL);
}
