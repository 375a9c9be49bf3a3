/* SPDX-License-Identifier: MIT */
/* Specs that nobody would write: each is taken or refused with a place, and nothing else happens. */
#include "spec.h"

#include <stdlib.h>

#include "spec/template.h"

#define ROUNDS 6000

static struct aq_error err;
static uint64_t seed = 0x9e3779b97f4a7c15; /* the same every time */

static uint32_t next_random(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % below;
}

/* What is put in the place of something else: what means much to YAML or to a spec, or any byte. */
static void add_piece(struct aq_buffer *text)
{
    static const char *const pieces[] = {
        "{",        "}",          "[",       "]",        ": ",     "- ",      "\n",   "  ",       "\t",
        "'",        "\"",         "|\n",     ">-\n",     "# ",     "&a ",     "*a",   "!!str ",   "? ",
        "---\n",    "...\n",      "%YAML 9", "${",       "${A:-",  "}",       "$$",   "path",     "files",
        "mode",     "true",       "source",  "../../..", "/dev/x", "sha256:", "\xff", "\xc3\xa9", "\x01",
        "99999999", "recursive:", "~",       "\\x00",    "<<: ",   ",",       "0777", "secrets"};
    if (next_random(4) == 0)
        aq_buffer_add_char(text, (char)next_random(256));
    else
        aq_buffer_add_text(text, pieces[next_random(sizeof pieces / sizeof pieces[0])]);
}

/* Copies with a few changes: something left out, put in, or doubled. */
static void mutate(const struct aq_buffer *from, struct aq_buffer *to)
{
    size_t at = 0;
    for (uint32_t changes = 1 + next_random(4); changes > 0 && at < from->length; changes--) {
        size_t next = at + next_random((uint32_t)(from->length - at));
        size_t skipped = next_random(3) == 0 ? 0 : next_random(20);
        aq_buffer_add(to, from->data + at, next - at);
        if (next_random(3) != 0)
            add_piece(to);
        at = next + skipped < from->length ? next + skipped : from->length;
        if (next_random(5) == 0)
            at = next_random((uint32_t)from->length);
    }
    aq_buffer_add(to, from->data + at, from->length - at);
}

static void load_mutant(const struct aq_buffer *text)
{
    aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
    const struct aq_spec_request request = {.path = "mutant.yaml"};
    aq_autoclose int fd = open("mutant.yaml", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, aq_buffer_text(text), text->length), text->length);
    assert_int_equal(ftruncate(fd, (off_t)text->length), 0); /* O_TRUNC would wait for the disk each time */
    if (aq_spec_load(&request, &spec, &err) == 0) {
        aq_spec_prepare(&spec, BASE_IDENTITY, &err); /* most sources are not there */
    } else if (err.code != AQ_E_SPEC_INVALID || strncmp(err.text, "mutant.yaml:", 12) != 0) {
        fail_msg("%s: %s, from:\n%s", aq_error_name(err.code), err.text, text->data);
    }
    err = (struct aq_error){0};
}

static void mutants_of_a_spec_are_taken_or_refused(void **state)
{
    (void)state;
    aq_autobuffer struct aq_buffer whole = {0};
    aq_autofree char *path = aq_format("%s/tests/unit/spec/valid/everything/spec.yaml", getenv("SOURCE_DIR"));
    aq_autofree char *name = aq_format("%s", strrchr(path, '/') + 1);
    path[strlen(path) - strlen(name) - 1] = '\0';
    aq_autoclose int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_ok(aq_read_file_at(folder, name, 1 << 20, &whole, &err));
    load_mutant(&whole);
    for (int round = 0; round < ROUNDS; round++) {
        aq_autobuffer struct aq_buffer mutant = {0};
        mutate(&whole, &mutant);
        load_mutant(&mutant);
    }
}

static void mutants_of_a_template_are_filled_or_refused(void **state)
{
    (void)state;
    aq_autobuffer struct aq_buffer whole = {0};
    struct aq_named_text items[] = {{"a", "value"}, {"long_name", "{{ a }}"}};
    const struct aq_named_texts variables = {items, 2};
    aq_buffer_add_text(&whole, "one {{ a }} two {{long_name}}\n{ three } $\\{#x\\} }} {{ a }}{{ a }}\n");
    for (int round = 0; round < ROUNDS; round++) {
        aq_autobuffer struct aq_buffer mutant = {0};
        aq_autobuffer struct aq_buffer filled = {0};
        mutate(&whole, &mutant);
        if (aq_template_fill(mutant.data, mutant.length, "t", &variables, &filled, &err) < 0)
            assert_memory_equal(err.text, "t:", 2);
        err = (struct aq_error){0};
    }
}

int main(void)
{
    setenv("DB_PASSWORD", "hunter2", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mutants_of_a_spec_are_taken_or_refused),
        cmocka_unit_test(mutants_of_a_template_are_filled_or_refused),
    };
    return cmocka_run_group_tests_name("spec/fuzz", tests, NULL, NULL);
}
