/* SPDX-License-Identifier: MIT */
/* The verbs about bases, as a caller of the library meets them. */
#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "address-qemu/address-qemu.h"
#include "image.h"
#include "tool.h"
#include "util/cleanup.h"
#include "util/files.h"
#include "util/home.h"
#include "vm/vm.h"

static aq_session *session;
static aq_result *result;

static int fresh(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_autofree char *home = aq_home_path(&err);
    assert_ok(aq_remove_tree_at(AT_FDCWD, home, &err));
    session = aq_session_open(NULL);
    const char *const disks[] = {"one.qcow2", "two.qcow2"};
    for (size_t i = 0; i < 2; i++) {
        struct image image = image_sound();
        unlink(disks[i]);
        aq_autoclose int fd = open(disks[i], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        assert_int_equal(pwrite(fd, image.bytes, image.length, 0), image.length);
    }
    return 0;
}

static int finish(void **state)
{
    (void)state;
    aq_result_free(result);
    aq_session_close(session);
    result = NULL;
    return 0;
}

static void run(const char *command)
{
    aq_result_free(result);
    result = aq_run(session, command, AQ_WHOLE);
}

static void runs(const char *command)
{
    run(command);
    if (aq_result_rc(result) != 0)
        fail_msg("%s: %s: %s", command, aq_result_error_code(result), aq_result_error(result));
}

static void refused(const char *command, int rc, const char *code)
{
    run(command);
    if (strcmp(aq_result_error_code(result), code) != 0)
        fail_msg("%s: %s: %s, wanted %s", command, aq_result_error_code(result), aq_result_error(result),
                 code);
    assert_int_equal(aq_result_rc(result), rc);
}

static void field_is(const char *name, const char *value)
{
    const char *found = aq_result_field(result, name, NULL);
    if (found == NULL || strcmp(found, value) != 0)
        fail_msg("%s is %s, wanted %s", name, found != NULL ? found : "not set", value);
}

static size_t table(const char *name)
{
    for (size_t i = 0; i < aq_result_table_count(result); i++)
        if (strcmp(aq_result_table_name(result, i), name) == 0)
            return i;
    fail_msg("there is no table %s", name);
    return 0;
}

static void cell_is(const char *name, size_t row, const char *column, const char *value)
{
    const char *found = aq_result_cell(result, table(name), row, column, NULL);
    if (found == NULL || strcmp(found, value) != 0)
        fail_msg("%s.%zu.%s is %s, wanted %s", name, row + 1, column, found != NULL ? found : "not set",
                 value);
}

static void make_clone(const char *base, const char *name)
{
    struct aq_error err = {0};
    aq_autovm struct aq_vm vm = {0};
    struct aq_clone_request request = {.base = base, .name = name};
    assert_ok(aq_vm_clone(&request, &vm, &err));
}

static void a_base_is_registered_with_its_defaults(void **state)
{
    (void)state;
    aq_autofree char *path = realpath("one.qcow2", NULL);
    runs("REGISTER_BASE name=web disk=one.qcow2");
    field_is("NAME", "web");
    field_is("DISK", path);
    field_is("FORMAT", "qcow2");
    field_is("VIRTUAL_SIZE", "1048576");
    field_is("MEMORY", "2048");
    field_is("CPUS", "2");
    field_is("OS", "");
    field_is("STATUS", "ready");
    field_is("REXXJS_INSTALLED", "0");
    field_is("COPY", "0");
    field_is("UNCHANGED", "0");
    assert_null(aq_result_field(result, "SHA256", NULL));
    assert_null(aq_result_field(result, "SOURCE", NULL));
    runs("register_base name=web disk=one.qcow2");
    field_is("UNCHANGED", "1");
}

static void all_its_keys_count(void **state)
{
    (void)state;
    runs("register_base name=web disk='one.qcow2' memory=1.5G cpus=4 rexxjs_installed=true os=\"Debian 12\" "
         "copy digest");
    field_is("MEMORY", "1536");
    field_is("CPUS", "4");
    field_is("OS", "Debian 12");
    field_is("REXXJS_INSTALLED", "1");
    field_is("COPY", "1");
    assert_non_null(strstr(aq_result_field(result, "SOURCE", NULL), "/one.qcow2"));
    assert_int_equal(strlen(aq_result_field(result, "SHA256", NULL)), 64);
}

static void wrong_keys_are_refused(void **state)
{
    (void)state;
    refused("register_base name=web", 2, "KEY_MISSING");
    refused("register_base disk=one.qcow2", 2, "KEY_MISSING");
    refused("register_base name=../x disk=one.qcow2", 2, "VALUE_INVALID");
    refused("register_base name=web disk=one.qcow2 memory=1M", 2, "VALUE_INVALID");
    refused("register_base name=web disk=one.qcow2 cpus=0", 2, "VALUE_INVALID");
    refused("register_base name=web disk=one.qcow2 kopy=true", 2, "KEY_UNKNOWN");
    runs("list_bases");
    field_is("COUNT", "0");
}

static void unsound_disks_are_refused_by_name(void **state)
{
    (void)state;
    tool("qemu-img", "create", "-q", "-f", "qcow2", "-o", "data_file=data.raw", "outside.qcow2", "1M");
    tool("qemu-img", "create", "-q", "-u", "-f", "qcow2", "-F", "qcow2", "-b", "/etc/shadow", "over.qcow2",
         "1M");
    tool("qemu-img", "create", "-q", "-f", "qcow2", "--object", "secret,id=s,data=abc", "-o",
         "encrypt.format=aes,encrypt.key-secret=s", "aes.qcow2", "1M");
    tool("cp", "one.qcow2", "short.qcow2");
    assert_int_equal(truncate("short.qcow2", IMAGE_DATA), 0);
    refused("register_base name=x disk=nothing", 3, "FILE_NOT_FOUND");
    refused("register_base name=x disk=/", 6, "FILE_KIND");
    refused("register_base name=x disk=/dev/zero", 6, "FILE_KIND");
    refused("register_base name=x disk=/etc/passwd", 6, "IMAGE_NOT_QCOW2");
    refused("register_base name=x disk=outside.qcow2", 6, "IMAGE_DATA_FILE");
    refused("register_base name=x disk=over.qcow2 copy=true", 6, "IMAGE_BACKING_FILE");
    refused("register_base name=x disk=aes.qcow2", 6, "IMAGE_ENCRYPTED");
    refused("register_base name=x disk=short.qcow2", 6, "IMAGE_TRUNCATED");
    runs("list_bases");
    field_is("COUNT", "0");
}

static void conflicts_name_what_is_there(void **state)
{
    (void)state;
    runs("register_base name=web disk=one.qcow2");
    refused("register_base name=web disk=two.qcow2", 4, "BASE_EXISTS");
    assert_non_null(strstr(aq_result_error(result), "/one.qcow2"));
    refused("register_base name=web disk=one.qcow2 memory=1G", 4, "BASE_EXISTS");
    assert_non_null(strstr(aq_result_error(result), "memory=2048M"));
    runs("register_base name=web disk=one.qcow2 memory=1G replace=true");
    field_is("MEMORY", "1024");
    make_clone("web", "vm1");
    refused("register_base name=web disk=two.qcow2 replace=true", 4, "BASE_IN_USE");
    assert_non_null(strstr(aq_result_error(result), "vm1"));
}

static void bases_are_listed_with_their_clones(void **state)
{
    (void)state;
    runs("list_bases");
    field_is("COUNT", "0");
    runs("register_base name=web disk=one.qcow2 os=alpine");
    runs("register_base name=db disk=two.qcow2 copy=true");
    make_clone("web", "vm1");
    make_clone("web", "vm2");
    runs("list_bases");
    field_is("COUNT", "2");
    assert_int_equal(aq_result_row_count(result, table("BASES")), 2);
    cell_is("BASES", 0, "NAME", "db");
    cell_is("BASES", 0, "CLONES", "0");
    cell_is("BASES", 1, "NAME", "web");
    cell_is("BASES", 1, "CLONES", "2");
    cell_is("BASES", 1, "OS", "alpine");
    cell_is("BASES", 1, "FORMAT", "qcow2");
    cell_is("BASES", 1, "VIRTUAL_SIZE", "1048576");
    cell_is("BASES", 1, "STATUS", "ready");
    assert_non_null(strstr(aq_result_output(result), "web "));
}

static void a_changed_base_is_shown_and_not_cloned(void **state)
{
    (void)state;
    struct aq_error err = {0};
    runs("register_base name=web disk=one.qcow2");
    make_clone("web", "vm1");
    assert_int_equal(truncate("one.qcow2", 1 << 20), 0);
    runs("list_bases");
    cell_is("BASES", 0, "STATUS", "changed");
    runs("inspect_base web");
    field_is("STATUS", "changed");
    assert_non_null(strstr(aq_result_output(result), "bytes and has 1048576"));
    aq_autovm struct aq_vm vm = {0};
    assert_fails(aq_vm_clone(&(struct aq_clone_request){.base = "web", .name = "vm2"}, &vm, &err),
                 AQ_E_BASE_CHANGED);
    assert_int_equal(unlink("one.qcow2"), 0);
    runs("list_bases");
    cell_is("BASES", 0, "STATUS", "missing");
}

static void a_broken_record_does_not_end_the_listing(void **state)
{
    (void)state;
    struct aq_error err = {0};
    runs("register_base name=web disk=one.qcow2");
    runs("register_base name=db disk=two.qcow2");
    aq_autoclose int bases = aq_open_home_dir("bases", &err);
    aq_autoclose int web = openat(bases, "web", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_ok(aq_replace_file_at(web, "base.yaml", "rubbish: [", 10, &err));
    runs("list_bases");
    field_is("COUNT", "2");
    cell_is("BASES", 0, "STATUS", "ready");
    cell_is("BASES", 1, "STATUS", "broken");
    assert_non_null(aq_result_cell(result, table("BASES"), 1, "ERROR", NULL));
    refused("inspect_base web", 9, "RECORD_INVALID");
    runs("remove_base web");
}

static void inspecting_shows_clones_and_snapshots(void **state)
{
    (void)state;
    tool("qemu-img", "snapshot", "-c", "clean", "two.qcow2");
    runs("register_base name=web disk=two.qcow2");
    make_clone("web", "vm1");
    runs("inspect_base name=web");
    field_is("COUNT", "1");
    field_is("QCOW2_VERSION", "3");
    field_is("CLUSTER_SIZE", "4096");
    cell_is("CLONES", 0, "", "vm1");
    cell_is("SNAPSHOTS", 0, "NAME", "clean");
    cell_is("SNAPSHOTS", 0, "VM_STATE_SIZE", "0");
    refused("inspect_base wed", 3, "BASE_NOT_FOUND");
    assert_non_null(strstr(aq_result_error(result), "did you mean web"));
}

static void a_base_goes_when_nothing_depends_on_it(void **state)
{
    (void)state;
    struct aq_error err = {0};
    runs("register_base name=web disk=one.qcow2");
    make_clone("web", "vm1");
    refused("remove_base name=web", 4, "BASE_IN_USE");
    assert_non_null(strstr(aq_result_error(result), "vm1"));
    aq_autoclose int vms = aq_open_home_dir("vms", &err);
    assert_ok(aq_folder_remove(vms, "vm1", &err));
    runs("remove_base base=web");
    field_is("NAME", "web");
    refused("remove_base web", 3, "BASE_NOT_FOUND");
    assert_int_equal(access("one.qcow2", F_OK), 0);
}

/* Minutes of building would end in the same refusal; the builder here fails at once. */
static void a_base_with_clones_is_not_built_anew(void **state)
{
    (void)state;
    runs("register_base name=one disk=one.qcow2 copy=true");
    make_clone("one", "needy");
    aq_autofree char *path = strdup(getenv("PATH"));
    aq_autofree char *search = aq_format("%s/tools:%s", getenv("TEST_WORK"), path);
    static const char tool[] = "#!/bin/sh\nexit 1\n";
    struct aq_error err = {0};
    mkdir("tools", 0700);
    assert_ok(aq_write_new_file_at(AT_FDCWD, "tools/mmdebstrap", tool, sizeof tool - 1, 0700, &err));
    setenv("PATH", search, 1);
    run("create_base name=one kind=debian replace=true helper=false");
    setenv("PATH", path, 1);
    if (strcmp(aq_result_error_code(result), "TOOL_MISSING") == 0)
        skip();
    assert_string_equal(aq_result_error_code(result), "BASE_IN_USE");
    assert_non_null(strstr(aq_result_error(result), "needy"));
}

int main(void)
{
#define in_store(test) cmocka_unit_test_setup_teardown(test, fresh, finish)
    const struct CMUnitTest tests[] = {
        in_store(a_base_is_registered_with_its_defaults),
        in_store(all_its_keys_count),
        in_store(wrong_keys_are_refused),
        in_store(unsound_disks_are_refused_by_name),
        in_store(conflicts_name_what_is_there),
        in_store(bases_are_listed_with_their_clones),
        in_store(a_changed_base_is_shown_and_not_cloned),
        in_store(a_broken_record_does_not_end_the_listing),
        in_store(inspecting_shows_clones_and_snapshots),
        in_store(a_base_goes_when_nothing_depends_on_it),
        in_store(a_base_with_clones_is_not_built_anew),
    };
    return cmocka_run_group_tests_name("verbs/bases", tests, NULL, NULL);
}
