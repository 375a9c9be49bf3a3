/* SPDX-License-Identifier: MIT */
/* What `plan` says: which steps are there already, and why the others have to be done. The layers are empty
   ones under the keys that a build would give them. */
#include "spec.h"

#include <stdlib.h>

#include "modify/modify.h"
#include "modify/step_key.h"
#include "session.h"
#include "spec/step_note.h"
#include "tool.h"
#include "util/home.h"
#include "util/json.h"

static struct aq_error err;

static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    aq_autofree char *home = aq_home_path(&err);
    assert_ok(aq_remove_tree_at(AT_FDCWD, home, &err));
    unlink("base.qcow2");
    tool("qemu-img", "create", "-q", "-f", "qcow2", "base.qcow2", "1M");
    assert_command("register_base name=debian disk=base.qcow2 copy=true");
    return 0;
}

static void write_spec(const char *name, const char *yaml)
{
    aq_autofree char *text = aq_format("checkpoint_modifications:\n  base_checkpoint: debian\n%s", yaml);
    write_file(name, text, 0644);
}

static void make_layer(const struct aq_modify *modify, size_t index, struct aq_parent *parent)
{
    const struct aq_step *step = &modify->spec.steps[index];
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    aq_autolayer struct aq_layer layer = {.kind = aq_strdup(AQ_LAYER_BUILT),
                                          .parent = aq_parent_copy(parent)};
    aq_step_key_choose(step->key, layer.id);
    layer.built = json_pack("{s:o}", "step", aq_step_note(&modify->spec, step));
    assert_ok(aq_layer_stage(layer.id, &stage, NULL, &err));
    assert_ok(aq_layer_make_overlay(&stage, parent, 1 << 20, &err));
    assert_int_equal(aq_layer_publish(&stage, &layer, false, &err), 1);
    assert_ok(aq_step_key_note(step->key, layer.id, &err));
    aq_parent_free(parent);
    *parent = aq_layer_as_parent(&layer);
}

/* As if `modify` had run. */
static void pretend_built(const char *spec)
{
    aq_automodify struct aq_modify modify = AQ_MODIFY_NONE;
    const struct aq_modify_request request = {.spec = {.path = spec}};
    assert_ok(aq_modify_load(&request, &modify, &err));
    aq_autoparent struct aq_parent parent = aq_parent_copy(&modify.base.parent);
    for (size_t i = 0; i < modify.spec.step_count; i++) {
        if (modify.steps[i].status == AQ_MODIFY_CACHED) {
            aq_parent_free(&parent);
            parent = aq_layer_as_parent(&modify.steps[i].layer);
        } else {
            make_layer(&modify, i, &parent);
        }
    }
}

/* The plan as a listing without the keys, which are two words from its lines' start. */
static void assert_plan(const char *wanted)
{
    aq_autobuffer struct aq_buffer found = {0};
    assert_command("plan spec=app.yaml");
    for (size_t row = 0; row < aq_result_row_count(last, 0); row++) {
        const char *reason = aq_result_cell(last, 0, row, "REASON", NULL);
        aq_buffer_format(&found, "%s %s%s%s\n", aq_result_cell(last, 0, row, "STATUS", NULL),
                         aq_result_cell(last, 0, row, "TITLE", NULL), reason[0] != '\0' ? ": " : "", reason);
    }
    assert_string_equal(aq_buffer_text(&found), wanted);
}

#define FILES(content) "  files: [{path: /etc/a, source: a}, {path: /etc/b, content: '" content "'}]\n"
#define COMMANDS "  post_modification: [{command: make}, {command: make test, env: {A: b}}]\n"

static void what_was_never_done_says_so(void **state)
{
    (void)state;
    write_file("a", "1", 0644);
    write_spec("app.yaml", FILES("x") COMMANDS);
    assert_plan("todo 2 files: it was not done before\n"
                "todo command make: it was not done before\n"
                "todo command make test: it was not done before\n");
    assert_string_equal(field("PENDING"), "3");
    assert_string_equal(field("CACHED"), "0");
    assert_string_equal(field("LAYER"), "");
    assert_string_equal(field("BASE"), "debian");
    assert_string_equal(aq_result_cell(last, 0, 0, "BYTES", NULL), "2");
    assert_string_equal(aq_result_cell(last, 0, 1, "PLACE", NULL), "4:23");
}

static void what_is_there_is_not_done_again(void **state)
{
    (void)state;
    write_file("a", "1", 0644);
    write_spec("app.yaml", FILES("x") COMMANDS);
    pretend_built("app.yaml");
    struct timespec long_ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    assert_int_equal(utimensat(AT_FDCWD, "a", long_ago, 0), 0);
    assert_plan("cached 2 files\ncached command make\ncached command make test\n");
    assert_string_equal(field("PENDING"), "0");
    assert_true(aq_layer_id_valid(field("LAYER")));
    write_spec("other.yaml", FILES("x")); /* another spec that begins alike shares what it begins with */
    assert_command("plan spec=other.yaml");
    assert_string_equal(field("CACHED"), "1");
}

static void what_changed_is_named(void **state)
{
    (void)state;
    write_file("a", "1", 0644);
    write_spec("app.yaml", FILES("x") COMMANDS);
    pretend_built("app.yaml");
    write_file("a", "2", 0644);
    assert_plan("todo 2 files: the content of /etc/a changed\n"
                "todo command make: the step before it changed\n"
                "todo command make test: the step before it changed\n");
    write_file("a", "1", 0644);
    write_spec("app.yaml",
               FILES("x") "  post_modification: [{command: make}, {command: make test, env: {A: c}}]\n");
    assert_plan("cached 2 files\n"
                "cached command make\n"
                "todo command make test: what the command may use or know changed\n");
    write_spec("app.yaml",
               FILES("x") "  post_modification: [{command: make all}, {command: make test, env: {A: b}}]\n");
    assert_plan("cached 2 files\n"
                "todo command make all: the command changed\n"
                "todo command make test: the step before it changed\n");
    write_spec("app.yaml", FILES("x") "  post_modification: [{command: make}, {command: another}]\n");
    assert_plan("cached 2 files\n"
                "cached command make\n"
                "todo command another: the command changed\n");
    write_spec("app.yaml", FILES("x") COMMANDS);
    assert_command("modify spec=app.yaml dry_run=true no_cache=true");
    assert_string_equal(field("PENDING"), "3");
    assert_string_equal(aq_result_cell(last, 0, 1, "REASON", NULL), "no_cache says so");
}

static void another_base_is_told(void **state)
{
    (void)state;
    write_file("a", "1", 0644);
    write_spec("app.yaml", FILES("x") COMMANDS);
    pretend_built("app.yaml");
    tool("qemu-img", "create", "-q", "-f", "qcow2", "two.qcow2", "2M");
    assert_command("register_base name=two disk=two.qcow2 copy=true");
    assert_command("plan spec=app.yaml base=two");
    assert_string_equal(aq_result_cell(last, 0, 0, "REASON", NULL), "the base changed");
    assert_string_equal(aq_result_cell(last, 0, 1, "REASON", NULL), "the step before it changed");
}

static void a_plan_touches_nothing_and_refuses_what_modify_would(void **state)
{
    (void)state;
    write_file("a", "1", 0644);
    write_spec(
        "app.yaml",
        "  files: [{path: /m, url: 'http://127.0.0.1:1/never', checksum: 'sha256:" BASE_IDENTITY "'}]\n"
        "  secrets: {t: {env: NOT_SET_ANYWHERE}}\n  post_modification: [{command: x, secrets: [t]}]\n");
    assert_command("plan spec=app.yaml");
    assert_string_equal(field("PENDING"), "2");
    assert_command("modify app.yaml dry_run=true");
    write_spec("app.yaml", "  files: [{path: /a, sorce: a}]\n");
    assert_refused("SPEC_INVALID", "plan app.yaml");
    assert_says("app.yaml:3:22: an entry of files has no key \"sorce\"");
    write_spec("app.yaml", "  files: [{path: /a, source: /etc/passwd}]\n");
    assert_refused("SOURCE_OUTSIDE", "plan app.yaml");
    assert_says("allow_source=");
    assert_command("plan app.yaml allow_source=/srv allow_source=/etc");
    write_file("app.yaml",
               "checkpoint_modifications: {base_checkpoint: nobody, files: [{path: /a, mkdir: true}]}\n",
               0644);
    assert_refused("BASE_NOT_FOUND", "plan app.yaml");
    assert_command("plan app.yaml base=debian");
    assert_refused("LAYER_NOT_FOUND", "plan app.yaml base=sha256:" BASE_IDENTITY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_was_never_done_says_so, fresh),
        cmocka_unit_test_setup(what_is_there_is_not_done_again, fresh),
        cmocka_unit_test_setup(what_changed_is_named, fresh),
        cmocka_unit_test_setup(another_base_is_told, fresh),
        cmocka_unit_test_setup(a_plan_touches_nothing_and_refuses_what_modify_would, fresh),
    };
    int failed = cmocka_run_group_tests_name("modify/why", tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
