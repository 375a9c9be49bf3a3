/* SPDX-License-Identifier: MIT */
/* What stands on what, and removing what nothing needs. */
#include "test.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "disk.h"
#include "image/base.h"
#include "vm/template.h"

/* The listing, with ids and sizes left out. */
static void assert_tree(const char *wanted)
{
    assert_command("tree");
    aq_autobuffer struct aq_buffer got = {0};
    for (size_t row = 0; row < aq_result_row_count(last, 0); row++)
        aq_buffer_format(&got, "%*s%s %.4s %s%s%s\n", atoi(aq_result_cell(last, 0, row, "DEPTH", NULL)), "",
                         aq_result_cell(last, 0, row, "KIND", NULL),
                         strcmp(aq_result_cell(last, 0, row, "KIND", NULL), "layer") == 0
                             ? "-"
                             : aq_result_cell(last, 0, row, "NAME", NULL),
                         aq_result_cell(last, 0, row, "STATUS", NULL),
                         strlen(aq_result_cell(last, 0, row, "DETAILS", NULL)) > 0 ? " " : "",
                         aq_result_cell(last, 0, row, "DETAILS", NULL)[0] == '/'
                             ? "/"
                             : aq_result_cell(last, 0, row, "DETAILS", NULL));
    assert_string_equal(aq_buffer_text(&got), wanted);
}

static void the_whole_descent_is_shown(void **state)
{
    (void)state;
    assert_tree("base base ready /\n");
    assert_command("clone base=base name=one no_start");
    disk_mark("one", 1, 1);
    assert_command("clone vm=one name=two");
    assert_command("snapshot name=two snapshot_name=full");
    assert_command("snapshot name=one snapshot_name=disk");
    assert_command("clone vm=one snapshot=disk name=tri no_start");
    assert_tree("base base ready /\n"
                " layer - ready frozen from one\n"
                "  layer - ready frozen from one at disk\n"
                "   vm tri stopped\n"
                "  vm one stopped\n"
                "   snapshot disk ready\n"
                "  vm two running\n"
                "   snapshot full ready with memory\n");
    assert_string_equal(aq_result_cell(last, 0, 2, "PARENT", NULL), "2");
    assert_string_equal(aq_result_cell(last, 0, 1, "CHILDREN", NULL), "3");
    assert_string_equal(aq_result_cell(last, 0, 0, "PARENT", NULL), "0");
    assert_non_null(strstr(aq_result_output(last), "  layer "));
    tool("sh", "-c", "echo broken >\"$ADDRESS_QEMU_HOME/vms/tri/vm.yaml\"");
    assert_command("tree");
    assert_non_null(strstr(aq_result_output(last), "vm tri (broken"));
    assert_command("remove two force=true");
    assert_command("remove tri");
}

static void what_nothing_needs_is_removed(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    for (int i = 1; i <= 3; i++) {
        disk_mark("one", i, i);
        assert_command("clone vm=one name=vm-%d no_start", i);
    }
    assert_command("prune");
    assert_string_equal(field("COUNT"), "0");
    assert_command("remove one");
    assert_command("remove vm-3");
    assert_command("prune dry_run=true");
    assert_string_equal(field("COUNT"), "1");
    assert_string_equal(aq_result_cell(last, 0, 0, "REMOVED", NULL), "0");
    assert_command("prune older_than=1h");
    assert_string_equal(field("COUNT"), "0");
    assert_command("prune");
    assert_string_equal(field("COUNT"), "1");
    assert_true(atoi(field("BYTES")) > 65536);
    assert_disk("vm-2", 2, 2);
    assert_disk("vm-2", 1, 1);
    assert_sound("vm-2");
    assert_command("remove vm-2");
    assert_command("remove vm-1");
    assert_refused("BASE_IN_USE", "remove_base name=base");
    assert_says("`prune`");
    assert_command("prune");
    assert_string_equal(field("COUNT"), "2"); /* one stood on the other */
    aq_autofree char *left = store_files("layers");
    assert_string_equal(left, "");
    assert_command("remove_base name=base");
}

static void old_downloads_are_removed(void **state)
{
    (void)state;
    tool("sh", "-c",
         "umask 077; mkdir -p \"$ADDRESS_QEMU_HOME/cache/downloads/sha256\" && "
         "cd \"$ADDRESS_QEMU_HOME/cache/downloads/sha256\" && echo new >new && echo old >old && "
         "touch -d '31 days ago' old");
    assert_command("prune older_than=40d");
    assert_string_equal(field("DOWNLOADS"), "0");
    assert_command("prune dry_run=true");
    assert_string_equal(field("DOWNLOADS"), "1");
    assert_command("prune");
    assert_string_equal(field("DOWNLOADS"), "1");
    assert_true(atoi(field("DOWNLOAD_BYTES")) > 0);
    assert_command("prune older_than=0");
    assert_string_equal(field("DOWNLOADS"), "1");
}

static void nothing_is_removed_while_something_is_not_known(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    disk_mark("one", 1, 1);
    assert_command("clone vm=one name=two no_start");
    assert_command("remove one");
    tool("sh", "-c", "echo broken >\"$ADDRESS_QEMU_HOME/vms/two/vm.yaml\"");
    assert_refused("RECORD_INVALID", "prune");
    assert_says("two");
    assert_command("remove two");
    assert_command("prune");
    assert_string_equal(field("COUNT"), "1");
}

/* As `create_template` leaves one, whose disk is the layer that `vm` stands on. */
static void plant_template(const char *name, const char *vm)
{
    aq_autovm struct aq_vm from = {0};
    assert_ok(aq_vm_load(vm, &from, &err));
    aq_autotemplate struct aq_template template = {
        .name = aq_strdup(name),
        .base = aq_strdup("base"),
        .vm = aq_strdup("one"),
        .warm = aq_strdup(""),
        .parent = aq_parent_copy(&from.parent),
        .disk_size = from.disk_size,
        .memory = 64,
        .cpus = 1,
        .network = aq_strdup("none"),
        .mac = "52:54:00:12:34:56",
        .qemu = aq_strdup("7.2.0"),
        .machine = aq_strdup("pc-q35-7.2"),
        .cpu = aq_strdup("cpu"),
        .shape = aq_strdup("0"),
        .accel = AQ_ACCEL_TCG,
        .window = aq_strdup(""),
        .created = aq_strdup(from.created),
    };
    aq_random_uuid(template.id);
    aq_autoclose int templates = aq_templates_open(&err);
    assert_int_equal(mkdirat(templates, name, 0700), 0);
    aq_autoclose int folder = openat(templates, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_ok(aq_template_write(folder, &template, &err));
}

static void what_a_template_needs_is_kept(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    disk_mark("one", 1, 1);
    assert_command("clone vm=one name=two no_start");
    plant_template("warm", "two");
    assert_command("remove one");
    assert_command("remove two");
    assert_tree("base base ready /\n"
                " layer - ready frozen from one\n"
                "  template warm ready taken from one\n");
    assert_command("prune");
    assert_string_equal(field("COUNT"), "0");
    assert_refused("BASE_IN_USE", "remove_base name=base");
    tool("sh", "-c",
         "cd \"$ADDRESS_QEMU_HOME/templates\" && cp -a warm ../kept && echo broken >warm/template.yaml");
    assert_refused("RECORD_INVALID", "prune"); /* what it needs is not known */
    assert_says("warm");
    tool("sh", "-c", "cd \"$ADDRESS_QEMU_HOME/templates\" && rm -r warm && mv ../kept gone && rm -r gone");
    assert_command("prune");
    assert_string_equal(field("COUNT"), "1");
}

/* A layer that a base may be rolled back to is needed, though nothing stands on it. */
static void earlier_generations_are_kept(void **state)
{
    (void)state;
    char ids[2][AQ_LAYER_ID_TEXT];
    const char *const names[] = {"one", "two"};
    for (int i = 0; i < 2; i++) {
        assert_command("clone base=base name=%s no_start", names[i]);
        disk_mark(names[i], 1, i + 1);
        assert_command("clone vm=%s name=%s-clone no_start", names[i], names[i]);
        memcpy(ids[i], field("LAYER"), sizeof ids[i]);
        assert_command("remove %s", names[i]);
    }
    const struct aq_base_request request = {
        .name = "app", .memory = 64, .cpus = 1, .dependents = aq_vm_dependents};
    aq_autobase struct aq_base base = {0};
    enum aq_base_outcome outcome;
    json_t *built = json_pack("{s:[{s:s}, {s:s}]}", "generations", "layer", ids[0], "layer", ids[1]);
    assert_ok(aq_base_register_layer(ids[1], &request, built, &base, &outcome, &err));
    assert_command("remove one-clone");
    assert_command("remove two-clone");
    assert_command("prune dry_run=true");
    assert_string_equal(field("COUNT"), "0");
    assert_command("prune");
    assert_string_equal(field("COUNT"), "0");
    assert_command("remove_base name=app");
    assert_command("prune");
    assert_string_equal(field("COUNT"), "2");
}

/* One process prunes all the time while others clone and remove: no clone ever loses what it stands on. */
static void pruning_beside_cloning(void **state)
{
    (void)state;
    assert_command("clone base=base name=one no_start");
    pid_t pruner = fork();
    if (pruner == 0)
        for (;;)
            command("prune");
    for (int i = 0; i < 40; i++) {
        disk_mark("one", i, i + 1);
        assert_command("clone vm=one name=vm-%d no_start", i);
        assert_disk("one", i, i + 1);
        aq_autofree char *name = aq_format("vm-%d", i);
        assert_disk(name, i, i + 1);
        assert_sound(name);
        assert_command("remove one");
        assert_command("rename %s new_name=one", name);
        if (i % 12 == 11) { /* so that it does not get too deep */
            assert_command("remove one");
            assert_command("clone base=base name=one no_start");
        }
    }
    kill(pruner, SIGKILL);
    waitpid(pruner, NULL, 0);
    assert_sound("one");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_whole_descent_is_shown, fresh, ended),
        cmocka_unit_test_setup_teardown(what_nothing_needs_is_removed, fresh, ended),
        cmocka_unit_test_setup_teardown(old_downloads_are_removed, fresh, ended),
        cmocka_unit_test_setup_teardown(nothing_is_removed_while_something_is_not_known, fresh, ended),
        cmocka_unit_test_setup_teardown(what_a_template_needs_is_kept, fresh, ended),
        cmocka_unit_test_setup_teardown(earlier_generations_are_kept, fresh, ended),
        cmocka_unit_test_setup_teardown(pruning_beside_cloning, fresh, ended),
    };
    int failed = cmocka_run_group_tests_name("vm/tree", tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
