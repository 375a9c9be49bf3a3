/* SPDX-License-Identifier: MIT */
/* ProxyCommand without a shell: its words, and what would take one. */
#include <string.h>

#include "guest/ssh_proxy.h"
#include "test.h"

static const struct aq_ssh_proxy_names names = {
    .host = "10.0.0.7; id", .typed = "web", .user = "$(id)", .port = 2222};

/* Splits the command; the words come out with a | between them. */
static int split(const char *command, const char *configuration, char text[512], struct aq_error *err)
{
    aq_autostrings struct aq_strings words = {0};
    int done = aq_ssh_proxy_words(command, &names, configuration, &words, err);
    text[0] = '\0';
    for (size_t i = 0; i < words.count; i++)
        snprintf(text + strlen(text), 512 - strlen(text), "%s%s", i > 0 ? "|" : "", words.items[i]);
    return done;
}

static void words_are_those_of_a_shell(void **state)
{
    (void)state;
    static const struct {
        const char *command, *words;
    } cases[] = {
        {"nc %h %p", "nc|10.0.0.7; id|2222"},
        {"  nc\t%n  %r ", "nc|web|$(id)"},
        {"exec /usr/bin/nc -X 5 -x proxy:1080 %h %p", "/usr/bin/nc|-X|5|-x|proxy:1080|10.0.0.7; id|2222"},
        {"exec", "exec"},
        {"a '' \"\" b", "a|||b"},
        {"a 'b c'd\"e f\"g", "a|b cde fg"},
        {"a '$x `y` \\z;|' \"'\" '\"'", "a|$x `y` \\z;||'|\""},
        {"a \"x\\\"\\\\\\$y\\z\"", "a|x\"\\$y\\z"},
        {"a b\\ c \\$d \\", "a|b c|$d|\\"},
        {"a 100%% '%h:%p' \"%p\" x=%p {} [%h]:%p",
         "a|100%|10.0.0.7; id:2222|2222|x=2222|{}|[10.0.0.7; id]:2222"},
        {"aws ssm start-session --target %h --parameters 'portNumber=%p'",
         "aws|ssm|start-session|--target|10.0.0.7; id|--parameters|portNumber=2222"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        struct aq_error err = {0};
        assert_int_equal(split(cases[i].command, NULL, text, &err), 0);
        assert_string_equal(text, cases[i].words);
    }
}

static void an_ssh_asks_nobody_and_reads_the_same_file(void **state)
{
    (void)state;
    char text[512];
    struct aq_error err = {0};
    assert_int_equal(split("ssh -W '[%h]:%p' gate", "/etc/own file", text, &err), 0);
    assert_string_equal(text, "ssh|-oBatchMode=yes|-F/etc/own file|-W|[10.0.0.7; id]:2222|gate");
    assert_int_equal(split("exec /usr/bin/ssh gate nc %h %p", NULL, text, &err), 0);
    assert_string_equal(text, "/usr/bin/ssh|-oBatchMode=yes|gate|nc|10.0.0.7; id|2222");
    assert_int_equal(split("sshx ssh", NULL, text, &err), 0);
    assert_string_equal(text, "sshx|ssh");
}

static void what_takes_a_shell_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "nc $HOST 22", "nc `hostname`", "a | b",    "a; b",       "a && b", "a >log", "a <in",
        "(a)",         "a *",           "a file?",  "~/proxy %h", "! a",    "a # b",  "a\nb",
        "a \"$x\"",    "a \"`x`\"",     "X=1 a %h", "exec X=1 a", "a %z",   "a %",    "a %%%",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        struct aq_error err = {0};
        assert_int_equal(split(cases[i], NULL, text, &err), -1);
        assert_int_equal(err.code, AQ_E_NOT_SUPPORTED);
        assert_string_equal(text, "");
    }
}

static void what_is_no_command_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {"", "  \t", "''", "exec ''", "a 'b", "a \"b", "a \"b\\\""};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        struct aq_error err = {0};
        assert_int_equal(split(cases[i], NULL, text, &err), -1);
        assert_int_equal(err.code, AQ_E_VALUE_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_those_of_a_shell),
        cmocka_unit_test(an_ssh_asks_nobody_and_reads_the_same_file),
        cmocka_unit_test(what_takes_a_shell_is_refused),
        cmocka_unit_test(what_is_no_command_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
