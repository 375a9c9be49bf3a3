/* SPDX-License-Identifier: MIT */
/* What the runner learns from a script, and what the translator makes of it. What the results then do when
   they are run is shown by tests/rexx/dialect. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "dialect/source.h"
#include "util/memory.h"

static struct aq_source_traits prepare(const char *text, struct aq_buffer *out)
{
    struct aq_source_traits traits;
    struct aq_source_problem problem;
    aq_buffer_clear(out);
    if (aq_source_prepare(text, strlen(text), AQ_DIALECT_AUTO, out, &traits, &problem) < 0)
        fail_msg("%s is refused: %s", text, problem.text);
    if (!traits.rexxjs && !traits.redirects) {
        assert_int_equal(out->length, 0);
        aq_buffer_add_text(out, text);
    }
    aq_source_traits_free(&traits);
    return traits;
}

/* What a script in RexxJS style begins with. */
static const char preamble[] = "OPTIONS 'NOEXT_COMMANDS_AS_FUNCS';NUMERIC DIGITS 16;";

static void take_preamble(struct aq_buffer *out)
{
    char *at = strstr(out->data, preamble);
    assert_non_null(at);
    memmove(at, at + strlen(preamble), strlen(at + strlen(preamble)) + 1);
}

/* The text has to come out as `wanted`, and to be RexxJS if that is not what went in. */
static void check(const char *text, const char *wanted)
{
    aq_autobuffer struct aq_buffer out = {0};
    struct aq_source_traits traits = prepare(text, &out);
    if (traits.rexxjs)
        take_preamble(&out);
    assert_string_equal(aq_buffer_text(&out), wanted);
    assert_int_equal(traits.rexxjs || traits.redirects, strcmp(text, wanted) != 0);
}

/* The text has to be refused at that line, with something of that in the message. */
static void refuse(const char *text, int error, int line, const char *part)
{
    aq_autobuffer struct aq_buffer out = {0};
    struct aq_source_traits traits;
    struct aq_source_problem problem = {0};
    assert_int_equal(aq_source_prepare(text, strlen(text), AQ_DIALECT_AUTO, &out, &traits, &problem), -1);
    aq_source_traits_free(&traits);
    assert_int_equal(problem.error, error);
    assert_int_equal(problem.line, line);
    if (strstr(problem.text, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, problem.text);
    assert_string_not_equal(aq_source_error_name(error), "Syntax error");
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
        "let = 1",
        "let == 1",
        "let x == 1",
        "let",
        "let: say 1",
        "x // y",
        "x = 7 // 2",
        "say 7,\n// 2",
        "say 'a' // '`'",
        "/* ` [ { |> x += 1 */ -- ` [ {",
        "say '`[{|>'",
        "say a <<b\nb",
        "say 'a' <<b\nb",
        "say (a) <<b\nb",
        "x = a <<b\nb",
        "a <<b\nb",
        "x << 1",
        "x + = 1",
        "x +== 1",
        "x = + 1",
        "say x += 1",
        "do over = 1 to 2",
        "do i = 1 to over x",
        "do over",
        "do i over = 1",
        "x = do i over x",
        "if a != b then nop",
        "say \"{{x}} ${x} %x% $$x$$\"",
        "say f(a=1)",
        "interpolation shell",
        "options 'NOREXXJS'; let x = 1; say `a`",
        "say `a`; x += 1; options norexxjs",
        "say 'x\nLET y",
    };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        check(plain[i], plain[i]);
}

static void clauses_are_rewritten(void **state)
{
    (void)state;
    check("// one\n  // two `\nsay 1", "-- one\n  -- two `\nsay 1");
    check("if x then // y\nz = 1", "if x then -- y\nz = 1");
    check("LET x = 1", "    x = 1");
    check("d = 2; let a.b = c // d", "d = 2;     a.b = c // d");
    check("x += 1", "x = x + ( 1)");
    check("x.i *= 2 + 3 -- c", "x.i = x.i * ( 2 + 3) -- c");
    check("//\nsay 'all of it' // note\nsay \"a {{x}}\" // y",
          "--\nsay 'all of it' -- note\nsay REXXJS_TEXT(\"a {{x}}\") -- y");
    check("//\nx = 7 // Done\nexit 0 // rc", "--\nx = 7 -- Done\nexit 0 // rc");
    check("//\nx = 7 // done.1\nsay donee 'n' // n", "--\nx = 7 // done.1\nsay donee 'n' -- n");
    check("//\nparse arg n.\nsay x // N\nsay x // qemu_vm", "--\nparse arg n.\nsay x // N\nsay x // qemu_vm");
    check("//\nsay '7' // y \"{{x}}\" // y", "--\nsay '7' // y REXXJS_TEXT(\"{{x}}\") // y");
    check("x ||= 'a'; y //=3", "x = x || ( 'a'); y = y // (3)");
    check("if a then x -= 1 /* c */\nelse y = 1", "if a then x = x - ( 1) /* c */\nelse y = 1");
    check("x += 1,\n + 2\nsay x", "x = x + ( 1,\n + 2)\nsay x");
    check("LET x += 1", "    x = x + ( 1)");
    check("//\nif a != b & c!=1 & d !== e then a!=1", "--\nif a \\= b & c\\=1 & d \\== e then a!=1");
    check("do x over y.; end x",
          "do REXXJS!1 = 1 TO REXXJS_OVER(,\"REXXJS!L1.\",\"y\");x = REXXJS!L1.REXXJS!1; end REXXJS!1");
    check(
        "do x over f(y); leave x; end",
        "do REXXJS!1 = 1 TO REXXJS_OVER(( f(y)),\"REXXJS!L1.\");x = REXXJS!L1.REXXJS!1; leave REXXJS!1; end");
    check("let i = 1\nINTERPOLATION shell", "    i = 1\nCALL \"REXXJS_PATTERN\" \"shell\"");
}

static void texts_are_rewritten(void **state)
{
    (void)state;
    check("say `a \"b\"`", "say \"a \"\"b\"\"\"");
    check("say `a\nb`", "say ((\"a\"||'0A'x||\"b\"))/*\n*/");
    check("x = <<A\r\none\r\n  A \r\nsay x", "x = \"one\"/*\n\n*/ \r\nsay x");
    check("x = <<A\nA", "x = \"\"/*\n*/");
    check("say <<A\n{{v}}\nA\n", "say REXXJS_TEXT(\"{{v}}\")/*\n\n*/\n");
    check("//\nsay \"a\n'b'\" y", "--\nsay ((\"a\"||'0A'x||\"'b'\"))/*\n*/ y");
    check("//\nsay v\"{{x}}\"", "--\nsay v||REXXJS_TEXT(\"{{x}}\")");
    check("//\nsay '{{x}}' \"{{1}} {{}} {{x y}} {x}\"", "--\nsay '{{x}}' \"{{1}} {{}} {{x y}} {x}\"");
    check("//\n\"a {{x}}\"", "--\nREXXJS_TEXT(\"a {{x}}\", ADDRESS())");
    check("//\naddress qemu \"a {{x}}\"", "--\naddress qemu REXXJS_TEXT(\"a {{x}}\", \"qemu\")");
    check("//\nparse var a \"{{x}}\" b; signal \"{{x}}\"", "--\nparse var a \"{{x}}\" b; signal \"{{x}}\"");
    check("//\nparse value \"{{x}}\" with \"{{y}}\"",
          "--\nparse value REXXJS_TEXT(\"{{x}}\") with \"{{y}}\"");
    check("//\ncall \"{{a}}\" \"{{b}}\"; \"{{c}}\"(1)",
          "--\ncall \"{{a}}\" REXXJS_TEXT(\"{{b}}\"); \"{{c}}\"(1)");
    check("//\nx = max(y=1, x=(a = b))", "--\nx = max( (a = b),1)");
    check("//\nx = substr('a', length=1)", "--\nx = substr('a',, 1)");
}

static void what_has_no_meaning_is_refused(void **state)
{
    (void)state;
    refuse("x = 1\n\ny = [1", 13, 3, "never closed");
    refuse("a[1] = 2", 13, 1, "ARRAY_SET(a, index, value)");
    refuse("let a[1] = 2", 13, 1, "ARRAY_SET");
    refuse("say {a 1}", 13, 1, "stem");
    refuse("say 1]", 13, 1, "closes nothing");
    refuse("x = \"a\"[1]", 13, 1, "without a blank");
    refuse("say a [1]", 13, 1, "without a blank");
    refuse("if x {", 13, 1, "DO … END");
    refuse("say a[1,2]", 13, 1, "one value");
    refuse("a |> f", 35, 1, "g(f(x))");
    refuse("let x = 1\nsay \"open", 6, 2, "never closed");
    refuse("say `open", 6, 1, "never closed");
    refuse("x = <<A\nB", 6, 1, "<<A");
    refuse("let x = f(a=1)", 40, 1, "(a=…)");
    refuse("let x = max(x=1, x=2)", 40, 1, "two arguments");
    refuse("let x = max(1,\n2)", 35, 1, ",,");
    refuse("do x over y while z; end", 35, 1, "list.0");
    refuse("do x over; end; let x = 1", 35, 1, "list.0");
    refuse("let x = call f", 35, 1, "RESULT");
    refuse("let x = 1\nendif", 35, 2, "THEN DO");
    refuse("let x = 1\nexit 1 unless x = 2, 'no'", 35, 2, "IF \\(condition)");
    refuse("let x = f a=1", 40, 1, "without parentheses");
    refuse("let x = 1\nadd x=10 y=32", 40, 2, "in quotes");
    refuse("let x = 7 // 2 y", 35, 1, "remainder");
    refuse("let x = 1; address expectations 'EXPECT' x", 35, 1, "wants");
    refuse("let x = 1; interpolation custom", 25, 1, "SHELL");
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
    assert_false(prepare("// nothing", &out).has_clauses);
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

    assert_true(prepare("require 'a'", &out).requires);
    assert_false(prepare("let x = 1", &out).requires);
}

static void the_dialect_is_chosen(void **state)
{
    (void)state;
    static const char plain[] = "say \"{{x}}\"", rexxjs[] = "let x = 1";
    aq_autobuffer struct aq_buffer out = {0};
    struct aq_source_traits traits;
    struct aq_source_problem problem;
    assert_int_equal(aq_source_prepare(plain, strlen(plain), AQ_DIALECT_REXXJS, &out, &traits, &problem), 0);
    assert_true(traits.rexxjs);
    aq_source_traits_free(&traits);
    take_preamble(&out);
    assert_string_equal(out.data, "say REXXJS_TEXT(\"{{x}}\")");
    aq_buffer_clear(&out);
    assert_int_equal(aq_source_prepare(plain, strlen(plain), AQ_DIALECT_FRAGMENT, &out, &traits, &problem),
                     0);
    aq_source_traits_free(&traits);
    assert_string_equal(out.data, "say REXXJS_TEXT(\"{{x}}\")");
    aq_buffer_clear(&out);
    assert_int_equal(aq_source_prepare(rexxjs, strlen(rexxjs), AQ_DIALECT_REGINA, &out, &traits, &problem),
                     0);
    aq_source_traits_free(&traits);
    assert_false(traits.rexxjs);
    assert_int_equal(out.length, 0);
    aq_buffer_clear(&out);
    check("options 'rexxjs'; say a!=b", "options 'rexxjs'; say a\\=b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(require_is_rewritten),           cmocka_unit_test(everything_else_is_kept),
        cmocka_unit_test(clauses_are_rewritten),          cmocka_unit_test(texts_are_rewritten),
        cmocka_unit_test(what_has_no_meaning_is_refused), cmocka_unit_test(traits_are_seen),
        cmocka_unit_test(the_dialect_is_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
