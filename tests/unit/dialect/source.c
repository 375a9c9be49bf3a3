/* SPDX-License-Identifier: MIT */
/* What the runner learns from a script, and what it rewrites: REQUIRE clauses and nothing else. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "dialect/source.h"
#include "util/memory.h"

static struct aq_source_traits prepare(const char *text, struct aq_buffer *out)
{
    struct aq_source_traits traits;
    aq_buffer_clear(out);
    aq_source_prepare(text, strlen(text), out, &traits);
    return traits;
}

/* The text has to come out as `wanted`. */
static void check(const char *text, const char *wanted)
{
    aq_autobuffer struct aq_buffer out = {0};
    struct aq_source_traits traits = prepare(text, &out);
    assert_string_equal(aq_buffer_text(&out), wanted);
    assert_int_equal(traits.requires, strcmp(text, wanted) != 0);
}

static void require_is_rewritten(void **state)
{
    (void)state;
    check("REQUIRE \"a/b\"", "CALL \"REQUIRE\" \"a/b\"");
    check("require 'a'\nsay 1", "CALL \"REQUIRE\" 'a'\nsay 1");
    check("  REQUIRE \"a\" AS Name ; say 1", "  CALL \"REQUIRE\" \"a\", \"Name\" ; say 1");
    check("#!/usr/bin/rexx\nrequire\t'a'as x-- comment", "#!/usr/bin/rexx\nrequire\t'a'as x-- comment");
    check("require 'a' as x-- comment", "CALL \"REQUIRE\" 'a', \"x\"-- comment");
    check("require 'it''s' /* why */", "CALL \"REQUIRE\" 'it''s' /* why */");
    check("say 1; require 'a'\r\nrequire 'b'\r\n", "say 1; CALL \"REQUIRE\" 'a'\r\nCALL \"REQUIRE\" 'b'\r\n");
    check("if x then require 'a'", "if x then CALL \"REQUIRE\" 'a'");
    check("if x then nop; else require 'a'", "if x then nop; else CALL \"REQUIRE\" 'a'");
    check("here: there: require 'a'", "here: there: CALL \"REQUIRE\" 'a'");
    check("/* /* nested */ */ require 'a'", "/* /* nested */ */ CALL \"REQUIRE\" 'a'");
    check("say 'x',\n\n  require 'a'\nrequire 'b'",
          "say 'x',\n\n  CALL \"REQUIRE\" 'a'\nCALL \"REQUIRE\" 'b'");
}

static void everything_else_is_kept(void **state)
{
    (void)state;
    static const char *const plain[] = {
        "",
        "\n",
        "require",
        "require = 'a'",
        "require 'a' || b",
        "require 'a'x",
        "require 'a'(1)",
        "require 'a' as",
        "require 'a' as b c",
        "require 'never closed",
        "require(\"a\")",
        "require: say 'a'",
        "say require 'a'",
        "x = require 'a'",
        "say 'x',\nrequire 'a'",
        "say 'require \"a\"'",
        "/* require 'a'",
        "-- require 'a'",
        "#!require 'a'",
        "require.a 'a'",
        "prerequire 'a'",
        "say \"a\"\"\nrequire",
    };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        check(plain[i], plain[i]);
}

static void traits_are_seen(void **state)
{
    (void)state;
    aq_autobuffer struct aq_buffer out = {0};
    assert_false(prepare("", &out).has_clauses);
    assert_false(prepare("/* a /* b */ */ ;\n; -- c\n#", &out).mentions_trace);
    assert_false(prepare("#!/usr/bin/rexx\n/* trace */", &out).has_clauses);
    assert_false(prepare(" \t\r\n;;", &out).has_clauses);
    assert_false(prepare(",\n", &out).has_clauses);
    assert_true(prepare("nop", &out).has_clauses);
    assert_true(prepare("'cmd'", &out).has_clauses);
    assert_true(prepare("(x)", &out).has_clauses);
    assert_true(prepare("/* never closed", &out).has_clauses);
    assert_true(prepare("/*/", &out).has_clauses);

    assert_true(prepare("trace o", &out).mentions_trace);
    assert_true(prepare("x = TRACE()", &out).mentions_trace);
    assert_false(prepare("say 'trace' /* trace */ retrace -- trace", &out).mentions_trace);

    assert_true(prepare("signal on error", &out).traps_errors);
    assert_true(prepare("CALL ON ERROR NAME x", &out).traps_errors);
    assert_true(prepare("signal on /* what */ error", &out).traps_errors);
    assert_false(prepare("signal on\nerror: say 'x'", &out).traps_errors);
    assert_false(prepare("signal off error; signal on syntax", &out).traps_errors);
}

/* Any bytes at all: nothing but REQUIRE changes the length, and nothing is read beyond the end. */
static void noise_is_kept(void **state)
{
    (void)state;
    static const char alphabet[] = "\"'/*-;:,\n\r aA1require(.#!\\";
    srand(1);
    for (int round = 0; round < 20000; round++) {
        size_t length = (size_t)rand() % 60;
        char *text = malloc(length + 1); /* to the byte, for the address sanitizer */
        assert_non_null(text);
        for (size_t i = 0; i < length; i++)
            text[i] = alphabet[(size_t)rand() % (sizeof alphabet - 1)];
        aq_autobuffer struct aq_buffer out = {0};
        struct aq_source_traits traits;
        aq_source_prepare(text, length, &out, &traits);
        if (!traits.requires) {
            assert_int_equal(out.length, length);
            assert_memory_equal(aq_buffer_text(&out), text, length);
        }
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(require_is_rewritten),
        cmocka_unit_test(everything_else_is_kept),
        cmocka_unit_test(traits_are_seen),
        cmocka_unit_test(noise_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
