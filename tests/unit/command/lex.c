/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <string.h>

#include "command/lex.h"

static struct aq_error err;
static struct aq_words words;

/* The caller's variables. */
static const char *variable(void *data, const char *name, size_t length, size_t *value_length)
{
    (void)data;
    static const struct {
        const char *name, *value;
        size_t length;
    } known[] = {
        {"vm.image", "/img/a b.qcow2", 14},
        {"n", "7", 1},
        {"quotes", "\"{{n}}' x=1", 11},
        {"empty", "", 0},
        {"bytes", "a\0b", 3},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i].name) == length && strncmp(known[i].name, name, length) == 0) {
            *value_length = known[i].length;
            return known[i].value;
        }
    return NULL;
}

static int lex(const char *command)
{
    static const struct aq_callbacks callbacks = {.variable = variable};
    err = (struct aq_error){0};
    aq_words_free(&words);
    return aq_lex(command, strlen(command), &callbacks, &words, &err);
}

static void assert_word(size_t index, const char *key, const char *value)
{
    assert_true(index < words.count);
    if (key == NULL)
        assert_null(words.items[index].key);
    else
        assert_string_equal(words.items[index].key, key);
    assert_string_equal(aq_buffer_text(&words.items[index].value), value);
}

static void words_are_split(void **state)
{
    (void)state;
    assert_ok(lex("  clone\tbase=debian name='my vm'\n no_start  path=\"a=b\" empty= "));
    assert_string_equal(words.verb, "clone");
    assert_int_equal(words.count, 5);
    assert_word(0, "base", "debian");
    assert_word(1, "name", "my vm");
    assert_word(2, NULL, "no_start");
    assert_word(3, "path", "a=b");
    assert_word(4, "empty", "");
}

static void quotes_are_doubled_inside(void **state)
{
    (void)state;
    assert_ok(lex("execute command=\"say \"\"hi\"\" it's\" x='it''s' y='' z=a\"b"));
    assert_word(0, "command", "say \"hi\" it's");
    assert_word(1, "x", "it's");
    assert_word(2, "y", "");
    assert_word(3, "z", "a\"b");
}

static void variables_are_put_in(void **state)
{
    (void)state;
    assert_ok(lex("create image={vm.image} name=vm-{{ n }}-{n} q=\"<{{vm.image}}>\" e={empty}"));
    assert_word(0, "image", "/img/a b.qcow2");
    assert_word(1, "name", "vm-7-7");
    assert_word(2, "q", "</img/a b.qcow2>");
    assert_word(3, "e", "");
}

static void what_a_variable_holds_is_not_read_again(void **state)
{
    (void)state;
    assert_ok(lex("execute command={quotes} b=\"{{quotes}}\" c={bytes}"));
    assert_int_equal(words.count, 3);
    assert_word(0, "command", "\"{{n}}' x=1");
    assert_word(1, "b", "\"{{n}}' x=1");
    assert_int_equal(words.items[2].value.length, 3);
}

static void a_brace_may_be_just_a_brace(void **state)
{
    (void)state;
    assert_ok(lex("execute command=\"awk '{print $1}' {n} ${x} {{.ID}} {{\" json={1:2} open={ close=}"));
    assert_word(0, "command", "awk '{print $1}' {n} ${x} {{.ID}} {{");
    assert_word(1, "json", "{1:2}");
    assert_word(2, "open", "{");
    assert_word(3, "close", "}");
}

static void what_cannot_be_read_is_refused(void **state)
{
    (void)state;
    assert_fails(lex(""), AQ_E_COMMAND_EMPTY);
    assert_fails(lex(" \n\t "), AQ_E_COMMAND_EMPTY);
    assert_fails(lex("clone name=\"open"), AQ_E_COMMAND_SYNTAX);
    assert_fails(lex("clone name='a'b"), AQ_E_COMMAND_SYNTAX);
    assert_fails(lex("clone =x"), AQ_E_COMMAND_SYNTAX);
    assert_fails(lex("=x"), AQ_E_COMMAND_SYNTAX);
    assert_fails(lex("clone;rm"), AQ_E_COMMAND_SYNTAX);
    assert_fails(lex("clone name={nobody}"), AQ_E_VARIABLE_UNSET);
    assert_fails(lex("clone name=\"{{no.body}}\""), AQ_E_VARIABLE_UNSET);
    lex("clone a=1 b=\"x");
    assert_non_null(strstr(err.text, "column 13"));
    lex("clone name={nobody}");
    assert_non_null(strstr(err.text, "nobody"));
}

static void without_a_caller_every_variable_is_unset(void **state)
{
    (void)state;
    static const struct aq_callbacks none = {0};
    aq_words_free(&words);
    assert_fails(aq_lex("a b={n}", 7, &none, &words, &err), AQ_E_VARIABLE_UNSET);
}

static void any_bytes_are_survived(void **state)
{
    (void)state;
    static const char alphabet[] = "ab={}'\" \n{n}\0\xff-";
    static const struct aq_callbacks callbacks = {.variable = variable};
    unsigned seed = 1;
    for (int round = 0; round < 50000; round++) {
        char command[24];
        for (size_t i = 0; i < sizeof command; i++) {
            seed = seed * 1103515245 + 12345;
            command[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        err = (struct aq_error){0};
        aq_words_free(&words);
        int done = aq_lex(command, sizeof command, &callbacks, &words, &err);
        assert_true((done < 0) == (err.code != AQ_OK));
    }
}

static int finish(void **state)
{
    (void)state;
    aq_words_free(&words);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_split),
        cmocka_unit_test(quotes_are_doubled_inside),
        cmocka_unit_test(variables_are_put_in),
        cmocka_unit_test(what_a_variable_holds_is_not_read_again),
        cmocka_unit_test(a_brace_may_be_just_a_brace),
        cmocka_unit_test(what_cannot_be_read_is_refused),
        cmocka_unit_test(without_a_caller_every_variable_is_unset),
        cmocka_unit_test(any_bytes_are_survived),
    };
    return cmocka_run_group_tests_name("command/lex", tests, NULL, finish);
}
