/* SPDX-License-Identifier: MIT */
/* Why a step has to be done again. */
#include "spec.h"

#include <stdlib.h>

#include "spec/step_note.h"
#include "util/json.h"
#include "util/yaml.h"

#define OTHER_IDENTITY "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct aq_error err;

static void prepare(const char *yaml, const char *identity, struct aq_spec *spec)
{
    assert_ok(load_spec(yaml, NULL, spec, &err));
    assert_ok(aq_spec_prepare(spec, identity, &err));
}

/* The note of a step, as it comes out of a record. */
static json_t *note_of(const char *yaml, size_t step)
{
    aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
    aq_autobuffer struct aq_buffer text = {0};
    prepare(yaml, BASE_IDENTITY, &spec);
    aq_autojson json_t *note = aq_step_note(&spec, &spec.steps[step]);
    assert_ok(aq_yaml_write(note, &text, &err));
    json_t *read = aq_yaml_parse(text.data, text.length, "note", &err);
    assert_non_null(read);
    return read;
}

static void assert_reason(const char *then, const char *now, size_t step, const char *identity,
                          const char *wanted)
{
    aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
    aq_autojson json_t *note = then != NULL ? note_of(then, step) : NULL;
    prepare(now, identity, &spec);
    aq_autofree char *reason = aq_step_reason(&spec, &spec.steps[step], note);
    assert_string_equal(reason, wanted);
}

static void the_first_difference_is_named(void **state)
{
    (void)state;
    const char *files = "  files: [{path: /a, content: x}, {path: /b, content: y}, {path: /c, content: z}]\n";
    write_file("app.conf", "1", 0644);
    assert_reason(NULL, files, 0, BASE_IDENTITY, "it was not done before");
    assert_reason(files, files, 0, BASE_IDENTITY, "its layer is not there any more");
    assert_reason(files, files, 0, OTHER_IDENTITY, "the base changed");
    assert_reason(files,
                  "  files: [{path: /a, content: x}, {path: /b, content: w}, {path: /c, content: z}]\n", 0,
                  BASE_IDENTITY, "the content of /b changed");
    assert_reason(
        files,
        "  files: [{path: /a, content: v}, {path: /b, content: w}, {path: /c, content: z, mode: '0600'}]\n",
        0, OTHER_IDENTITY, "the content of /a changed, and 2 more");
    assert_reason(
        files,
        "  files: [{path: /a, content: x}, {path: /b, content: y}, {path: /c, content: z, owner: app}]\n", 0,
        BASE_IDENTITY, "the mode or owner of /c changed");
    assert_reason(files, "  files: [{path: /a, content: x}, {path: /b, content: y}]\n", 0, BASE_IDENTITY,
                  "/c is not in it any more");
    assert_reason(
        files,
        "  files: [{path: /a, content: x}, {path: /d, mkdir: true}, {path: /b, content: y}, {path: /c, "
        "content: z}]\n",
        0, BASE_IDENTITY, "/d is new");
    assert_reason(files,
                  "  files: [{path: /b, content: y}, {path: /a, content: x}, {path: /c, content: z}]\n", 0,
                  BASE_IDENTITY, "the files changed");

    const char *commands =
        "  files: [{path: /a, content: x}]\n  post_modification: [{command: make}, {command: test}]\n";
    assert_reason(commands, commands, 1, OTHER_IDENTITY, "the step before it changed");
    assert_reason(
        commands,
        "  files: [{path: /a, content: y}]\n  post_modification: [{command: make}, {command: test}]\n", 2,
        BASE_IDENTITY, "the step before it changed");
    assert_reason(commands, "  files: [{path: /a, content: x}]\n  post_modification: [{command: make all}]\n",
                  1, BASE_IDENTITY, "the command changed");
    assert_reason(
        commands,
        "  files: [{path: /a, content: x}]\n  post_modification: [{command: make, network: true}]\n", 1,
        BASE_IDENTITY, "what the command may use or know changed");
    assert_reason(commands, "  post_modification: [{command: make}]\n", 0, BASE_IDENTITY,
                  "another step was in its place");
}

static void a_change_in_a_tree_is_its_entrys(void **state)
{
    (void)state;
    const char *tree = "  files: [{path: /srv, source: tree, recursive: true}]\n";
    mkdir("tree", 0755);
    write_file("tree/a", "1", 0644);
    aq_autojson json_t *note = note_of(tree, 0);
    write_file("tree/a", "2", 0644);
    aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
    prepare(tree, BASE_IDENTITY, &spec);
    aq_autofree char *reason = aq_step_reason(&spec, &spec.steps[0], note);
    assert_string_equal(reason, "the content of /srv changed");
}

static void a_note_tells_no_contents(void **state)
{
    (void)state;
    setenv("TOKEN", "swordfish", 1);
    aq_autojson json_t *note =
        note_of("  secrets: {t: {env: TOKEN, in_key: true}}\n  post_modification: [{command: make, "
                "env: {PASSWORD: hunter2}, secrets: [t]}]\n",
                0);
    aq_autofree char *text = json_dumps(note, 0);
    assert_null(strstr(text, "hunter2"));
    assert_null(strstr(text, "swordfish"));
    assert_non_null(strstr(text, "command make"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_difference_is_named),
        cmocka_unit_test(a_change_in_a_tree_is_its_entrys),
        cmocka_unit_test(a_note_tells_no_contents),
    };
    return cmocka_run_group_tests_name("spec/step_note", tests, NULL, NULL);
}
