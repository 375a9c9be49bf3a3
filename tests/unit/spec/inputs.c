/* SPDX-License-Identifier: MIT */
/* What the steps of a spec read, what they come to, and their keys. */
#include "spec.h"

#include <stdlib.h>

static struct aq_error err;

static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    return 0;
}

static void assert_error(const char *part)
{
    if (strstr(err.text, part) == NULL)
        fail_msg("wanted \"%s\" in: %s", part, err.text);
    err = (struct aq_error){0};
}

/* All bytes of an item. */
static void read_item(const struct aq_spec *spec, const struct aq_item *item, struct aq_buffer *bytes)
{
    aq_autoreader struct aq_reader reader = AQ_READER_NONE;
    char piece[7];
    ssize_t got;
    assert_ok(aq_item_open(spec, item, &reader, &err));
    while ((got = aq_reader_read(&reader, piece, sizeof piece, &err)) > 0)
        aq_buffer_add(bytes, piece, (size_t)got);
    if (got < 0)
        fail_msg("%s", err.text);
    assert_int_equal(aq_reader_read(&reader, piece, sizeof piece, &err), 0);
}

static void assert_item(const struct aq_spec *spec, size_t index, enum aq_item_kind kind, const char *path,
                        int mode, bool mode_set, const char *text)
{
    const struct aq_item *item = &spec->steps[0].items[index];
    assert_true(index < spec->steps[0].item_count);
    assert_string_equal(item->path, path);
    assert_int_equal(item->kind, kind);
    if (mode >= 0) {
        assert_int_equal(item->mode, mode);
        assert_int_equal(item->mode_set, mode_set);
    }
    if (text == NULL)
        return;
    aq_autobuffer struct aq_buffer bytes = {0};
    read_item(spec, item, &bytes);
    assert_string_equal(aq_buffer_text(&bytes), text);
    assert_int_equal(item->size, strlen(text));
}

static void entries_become_items(void **state)
{
    (void)state;
    aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
    write_file("config.json", "{}\n", 0640);
    write_file("compose.j2", "password: {{ password }}\nport: {{port}}\nraw: ${{ password }}${#x}\n", 0600);
    setenv("PASSWORD", "{{ port }} $x", 1);
    assert_ok(prepare_files(
        "    - {path: /a/config.json, source: ./config.json}\n"
        "    - {path: /a/in/, source: config.json, mode: '4750', owner: app}\n"
        "    - {path: /a/b, content: \"x\\n\", group: '7'}\n"
        "    - {path: /a/c, template: compose.j2, variables: {password: '${PASSWORD}', port: 80}}\n"
        "    - {path: /etc/hosts, content: y, append: true}\n"
        "    - {path: /a/link, symlink: ../x}\n"
        "    - {path: /a/folder/, mkdir: true}\n"
        "    - {path: /a/gone, delete: true, recursive: true}\n"
        "    - {path: /a/empty, content: ''}\n"
        "    - {path: /a/bytes, content: AAEC/w==, encoding: base64}\n",
        &spec, &err));
    assert_int_equal(spec.steps[0].item_count, 10);
    assert_item(&spec, 0, AQ_ITEM_FILE, "/a/config.json", 0640, false, "{}\n");
    assert_item(&spec, 1, AQ_ITEM_FILE, "/a/in/config.json", 04750, true, "{}\n");
    assert_item(&spec, 2, AQ_ITEM_FILE, "/a/b", 0644, false, "x\n");
    assert_item(&spec, 3, AQ_ITEM_FILE, "/a/c", 0644, false,
                "password: {{ port }} $x\nport: 80\nraw: ${{ port }} $x${#x}\n");
    assert_item(&spec, 4, AQ_ITEM_APPEND, "/etc/hosts", 0644, false, "y");
    assert_item(&spec, 5, AQ_ITEM_LINK, "/a/link", -1, false, NULL);
    assert_string_equal(spec.steps[0].items[5].target, "../x");
    assert_item(&spec, 6, AQ_ITEM_FOLDER, "/a/folder", 0755, false, NULL);
    assert_item(&spec, 7, AQ_ITEM_DELETE, "/a/gone", -1, false, NULL);
    assert_true(spec.steps[0].items[7].recursive);
    assert_item(&spec, 8, AQ_ITEM_FILE, "/a/empty", 0644, false, "");
    assert_item(&spec, 9, AQ_ITEM_FILE, "/a/bytes", 0644, false, NULL);
    assert_memory_equal(spec.steps[0].items[9].bytes.data, "\0\1\2\377", 4);
    assert_string_equal(spec.steps[0].items[1].owner, "app");
    assert_true(spec.steps[0].items[1].owner_set);
    assert_null(spec.steps[0].items[1].group);
    assert_false(spec.steps[0].items[0].owner_set);
    assert_int_equal(spec.steps[0].bytes, 3 + 3 + 2 +
                                              strlen("password: {{ port }} $x\nport: 80\nraw: ${{ port "
                                                     "}} $x${#x}\n") +
                                              1 + 0 + 4);
}

static void make_tree(void)
{
    mkdir("tree", 0755);
    mkdir("tree/sub", 0700);
    mkdir("tree/sub/deep", 0755);
    mkdir("tree/.git", 0755);
    write_file("tree/a.txt", "a", 0644);
    write_file("tree/run.sh", "#!/bin/sh\n", 0755);
    write_file("tree/sub/b.o", "object", 0644);
    write_file("tree/sub/deep/c", "c", 0400);
    write_file("tree/.git/config", "x", 0644);
    unlink("tree/sub/out");
    assert_int_equal(symlink("/etc/shadow", "tree/sub/out"), 0);
}

static void a_tree_is_all_of_it_in_one_order(void **state)
{
    (void)state;
    aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
    make_tree();
    assert_ok(prepare_files("    - {path: /srv/static/, source: ./tree/, recursive: true, replace: true, "
                            "exclude: ['*.o', .git/]}\n",
                            &spec, &err));
    assert_int_equal(spec.steps[0].item_count, 8);
    assert_item(&spec, 0, AQ_ITEM_DELETE, "/srv/static", -1, false, NULL);
    assert_item(&spec, 1, AQ_ITEM_FOLDER, "/srv/static", 0755, false, NULL);
    assert_item(&spec, 2, AQ_ITEM_FILE, "/srv/static/a.txt", 0644, true, "a");
    assert_item(&spec, 3, AQ_ITEM_FILE, "/srv/static/run.sh", 0755, true, "#!/bin/sh\n");
    assert_item(&spec, 4, AQ_ITEM_FOLDER, "/srv/static/sub", 0700, false, NULL);
    assert_item(&spec, 5, AQ_ITEM_FOLDER, "/srv/static/sub/deep", 0755, false, NULL);
    assert_item(&spec, 6, AQ_ITEM_FILE, "/srv/static/sub/deep/c", 0400, true, "c");
    assert_item(&spec, 7, AQ_ITEM_LINK, "/srv/static/sub/out", -1, false, NULL);
    assert_string_equal(spec.steps[0].items[7].target, "/etc/shadow");
}

static void a_tree_may_go_to_the_root_with_modes_of_its_own(void **state)
{
    (void)state;
    aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
    make_tree();
    assert_ok(
        prepare_files("    - {path: /, source: tree, recursive: true, mode: '0640', owner: app, exclude: "
                      "[\"/sub/**\", \"**/config\", .git]}\n",
                      &spec, &err));
    assert_int_equal(spec.steps[0].item_count, 3);
    assert_item(&spec, 0, AQ_ITEM_FILE, "/a.txt", 0640, true, "a");
    assert_item(&spec, 1, AQ_ITEM_FILE, "/run.sh", 0640, true, "#!/bin/sh\n");
    assert_item(&spec, 2, AQ_ITEM_FOLDER, "/sub", 0750, false, NULL);
    assert_true(spec.steps[0].items[0].owner_set);
    assert_false(spec.steps[0].items[2].owner_set); /* new ones only: the folder may be the system's */
    assert_string_equal(spec.steps[0].items[2].owner, "app");
}

static void what_no_image_gets_is_refused(void **state)
{
    (void)state;
    aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
    mkdir("special", 0755);
    assert_int_equal(mkfifo("special/pipe", 0600), 0);
    assert_fails(prepare_files("    - {path: /s, source: special, recursive: true}\n", &spec, &err),
                 AQ_E_FILE_KIND);
    aq_spec_free(&spec);
    assert_fails(prepare_files("    - {path: /s, source: special/pipe}\n", &spec, &err), AQ_E_FILE_KIND);
    aq_spec_free(&spec);
    assert_fails(prepare_files("    - {path: /s, source: special}\n", &spec, &err), AQ_E_FILE_KIND);
    aq_spec_free(&spec);
    assert_fails(prepare_files("    - {path: /s, source: app.yaml, recursive: true}\n", &spec, &err),
                 AQ_E_FILE_KIND);
    aq_spec_free(&spec);
    assert_fails(prepare_files("    - {path: /s, source: nowhere}\n", &spec, &err), AQ_E_FILE_NOT_FOUND);
    aq_spec_free(&spec);
    assert_true(prepare_files("    - {path: /s, source: nowhere}\n", &spec, &err) < 0);
    assert_error("app.yaml:4:26: there is no ");
    aq_spec_free(&spec);
    assert_ok(
        prepare_files("    - {path: /s, source: special, recursive: true, exclude: [pipe]}\n", &spec, &err));
    assert_int_equal(spec.steps[0].item_count, 1);
}

/* The test's work folder has the spec in a folder of its own, and secrets beside it. */
static void nothing_outside_is_read_unless_allowed(void **state)
{
    (void)state;
    static const char *const ways[] = {
        "../secret",        "/etc/passwd", "out",     "out/passwd",         "sub/../../secret",
        "link-to-absolute", "~/secret",    "chained", "/proc/self/environ",
    };
    mkdir("outside", 0755);
    write_file("outside/secret", "s", 0600);
    write_file("secret", "s", 0600);
    mkdir("spec", 0755);
    assert_int_equal(chdir("spec"), 0);
    mkdir("sub", 0755);
    write_file("sub/inside", "i", 0600);
    assert_int_equal(symlink("/etc", "out"), 0);
    assert_int_equal(symlink("/etc/passwd", "link-to-absolute"), 0);
    assert_int_equal(symlink("sub/../out/passwd", "chained"), 0);
    assert_int_equal(symlink("sub/inside", "link-inside"), 0);
    setenv("HOME", getenv("TEST_WORK"), 1);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
        aq_autofree char *entry = aq_format("    - {path: /s, source: '%s'}\n", ways[i]);
        if (prepare_files(entry, &spec, &err) == 0 || err.code != AQ_E_SOURCE_OUTSIDE)
            fail_msg("%s: %s", ways[i], err.text);
        err = (struct aq_error){0};
    }
    aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
    assert_ok(prepare_files(
        "    - {path: /s, source: link-inside}\n    - {path: /t, source: sub/../sub/inside}\n", &spec, &err));
    assert_item(&spec, 0, AQ_ITEM_FILE, "/s", 0600, false, "i");

    aq_autofree char *outside = aq_format("%s/outside", getenv("TEST_WORK"));
    aq_autofree char *absolute = aq_format("  files:\n    - {path: /s, source: %s/secret}\n", outside);
    const char *const allowed[] = {"../outside", NULL};
    aq_autospec struct aq_spec climbing = AQ_SPEC_NONE;
    assert_ok(load_spec("  files:\n    - {path: /s, source: ../outside/secret}\n", allowed, &climbing, &err));
    assert_ok(aq_spec_prepare(&climbing, BASE_IDENTITY, &err));
    assert_item(&climbing, 0, AQ_ITEM_FILE, "/s", 0600, false, "s");
    aq_autospec struct aq_spec whole = AQ_SPEC_NONE;
    assert_ok(load_spec(absolute, allowed, &whole, &err));
    assert_ok(aq_spec_prepare(&whole, BASE_IDENTITY, &err));
    assert_item(&whole, 0, AQ_ITEM_FILE, "/s", 0600, false, "s");
    aq_autospec struct aq_spec beside = AQ_SPEC_NONE;
    assert_ok(load_spec("  files:\n    - {path: /s, source: ../secret}\n", allowed, &beside, &err));
    assert_fails(aq_spec_prepare(&beside, BASE_IDENTITY, &err), AQ_E_SOURCE_OUTSIDE);
    assert_int_equal(chdir(".."), 0);
}

static void a_source_that_changes_is_found_out(void **state)
{
    (void)state;
    static const char *const later[] = {"123456780", "12345", "1234567890", ""};
    char piece[64];
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
        aq_autoreader struct aq_reader reader = AQ_READER_NONE;
        write_file("moving", "123456789", 0644);
        assert_ok(prepare_files("    - {path: /s, source: moving}\n", &spec, &err));
        assert_ok(aq_item_open(&spec, &spec.steps[0].items[0], &reader, &err));
        write_file("moving", later[i], 0644);
        ssize_t got;
        while ((got = aq_reader_read(&reader, piece, sizeof piece, &err)) > 0)
            ;
        assert_int_equal(got, -1);
        assert_int_equal(err.code, AQ_E_SOURCE_CHANGED);
        assert_error("app.yaml:4:26: moving changed");
    }
}

static void templates_do_nothing_but_fill_in(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
        {"a\n\n  {% if x %}", "t.j2:3:3: control blocks"},
        {"{%- endfor %}", "t.j2:1:1: control blocks"},
        {"a {# note #}", "t.j2:1:3: comments"},
        {"{{ name | upper }}", "t.j2:1:1: only {{ name }}"},
        {"x\n{{ name.first }}", "t.j2:2:1: only {{ name }}"},
        {"{{ name() }}", "t.j2:1:1: only {{ name }}"},
        {"{{ 'text' }}", "t.j2:1:1: only {{ name }}"},
        {"{{ name", "t.j2:1:1: only {{ name }}"},
        {"{{ name\n}}", "t.j2:1:1: only {{ name }}"},
        {"{{}}", "t.j2:1:1: only {{ name }}"},
        {"{{ 1a }}", "t.j2:1:1: only {{ name }}"},
        {"{{", "t.j2:1:1: only {{ name }}"},
        {"one\ntwo {{ nam }}", "t.j2:2:5: there is no variable \"nam\"; did you mean \"name\"?"},
        {"{{ entirely_other }}", "t.j2:1:1: there is no variable \"entirely_other\" under \"variables\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
        write_file("t.j2", cases[i].text, 0644);
        assert_true(prepare_files("    - {path: /s, template: t.j2, variables: {name: x}}\n", &spec, &err) <
                    0);
        assert_error("app.yaml:4:28: ");
        assert_true(aq_spec_prepare(&spec, BASE_IDENTITY, &err) < 0);
        assert_error(cases[i].error);
    }
    aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
    write_file("t.j2", "{ {x} }} } {{{{name}}{{ name }}{{\tname\t}}{", 0644);
    assert_fails(prepare_files("    - {path: /s, template: t.j2, variables: {name: x}}\n", &spec, &err),
                 AQ_E_SPEC_INVALID);
    aq_spec_free(&spec);
    write_file("t.j2", "{ {x} }} } {{name}}{{ name }}{{\tname\t}}{", 0644);
    assert_ok(prepare_files("    - {path: /s, template: t.j2, variables: {name: '{{x}}'}}\n", &spec, &err));
    assert_item(&spec, 0, AQ_ITEM_FILE, "/s", 0644, false, "{ {x} }} } {{x}}{{x}}{{x}}{");
}

static void a_cut_checksum_can_be_read_but_not_built(void **state)
{
    (void)state;
    aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
    assert_fails(
        prepare_files("    - {path: /m, url: 'https://example.org/m', checksum: 'sha256:abc123...'}\n", &spec,
                      &err),
        AQ_E_SPEC_INVALID);
}

/* A spec of that many folders to be made. */
static int load_many(unsigned count, struct aq_spec *spec)
{
    aq_autobuffer struct aq_buffer yaml = {0};
    aq_buffer_add_text(&yaml, "  files:\n");
    for (unsigned i = 0; i < count; i++)
        aq_buffer_format(&yaml, "    - {path: /a/%u, mkdir: true}\n", i);
    return load_spec(yaml.data, NULL, spec, &err);
}

static void there_is_an_end_to_everything(void **state)
{
    (void)state;
    aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
    assert_ok(load_many(10000, &spec));
    aq_spec_free(&spec);
    assert_fails(load_many(10001, &spec), AQ_E_SPEC_INVALID);
    aq_autobuffer struct aq_buffer large = {0};
    while (large.length <= 1 << 20)
        aq_buffer_add_text(&large, "0123456789abcde\n");
    write_file("large", large.data, 0644);
    assert_fails(prepare_files("    - {path: /s, template: large}\n", &spec, &err), AQ_E_LIMIT_EXCEEDED);
    aq_spec_free(&spec);

    aq_autobuffer struct aq_buffer deep = {0};
    aq_buffer_add_text(&deep, "deep");
    for (int i = 0; i < 130; i++) {
        assert_int_equal(mkdir(deep.data, 0755), 0);
        aq_buffer_add_text(&deep, "/d");
    }
    assert_fails(prepare_files("    - {path: /s, source: deep, recursive: true}\n", &spec, &err),
                 AQ_E_LIMIT_EXCEEDED);
}

/* So many entries with a tree of 990 files. */
static int prepare_trees(int count, struct aq_spec *spec)
{
    aq_autobuffer struct aq_buffer entries = {0};
    for (int i = 0; i < count; i++)
        aq_buffer_format(&entries, "    - {path: /s%d, source: many, recursive: true}\n", i);
    return prepare_files(entries.data, spec, &err);
}

static void trees_of_too_many_files_are_refused(void **state)
{
    (void)state;
    mkdir("many", 0755);
    write_file("many/0", "", 0644);
    for (int i = 1; i < 990; i++) { /* links of one file: quickly made, and no fewer files */
        aq_autofree char *name = aq_format("many/%d", i);
        assert_int_equal(link("many/0", name), 0);
    }
    aq_autospec struct aq_spec fits = AQ_SPEC_NONE, does_not = AQ_SPEC_NONE;
    assert_ok(prepare_trees(100, &fits));
    assert_int_equal(fits.steps[0].item_count, 100 * 991);
    assert_fails(prepare_trees(101, &does_not), AQ_E_LIMIT_EXCEEDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(entries_become_items, fresh),
        cmocka_unit_test_setup(a_tree_is_all_of_it_in_one_order, fresh),
        cmocka_unit_test_setup(a_tree_may_go_to_the_root_with_modes_of_its_own, fresh),
        cmocka_unit_test_setup(what_no_image_gets_is_refused, fresh),
        cmocka_unit_test_setup(nothing_outside_is_read_unless_allowed, fresh),
        cmocka_unit_test_setup(a_source_that_changes_is_found_out, fresh),
        cmocka_unit_test_setup(templates_do_nothing_but_fill_in, fresh),
        cmocka_unit_test_setup(a_cut_checksum_can_be_read_but_not_built, fresh),
        cmocka_unit_test_setup(there_is_an_end_to_everything, fresh),
        cmocka_unit_test_setup(trees_of_too_many_files_are_refused, fresh),
    };
    return cmocka_run_group_tests_name("spec/inputs", tests, NULL, NULL);
}
