/* SPDX-License-Identifier: MIT */
/* From a command's text to its result: verbs, keys, types, help. */
#include "test.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "command/verb.h"
#include "session.h"

static void verbs_are_found_in_any_case_and_suggested(void **state)
{
    (void)state;
    assert_command("PiNg");
    assert_string_equal(aq_result_operation(last), "ping");
    assert_string_equal(aq_result_output(last), "pong");
    assert_refused("VERB_UNKNOWN", "pnig");
    assert_says("did you mean ping?");
    assert_string_equal(aq_result_operation(last), "pnig");
    assert_refused("VERB_UNKNOWN", "xyzzy-plugh");
    assert_says("`help` lists");
    assert_refused("COMMAND_EMPTY", "  ");
    assert_string_equal(aq_result_operation(last), "");
}

static void keys_are_held_against_the_descriptor(void **state)
{
    (void)state;
    assert_refused("KEY_UNKNOWN", "ping twice=true");
    assert_says("takes no keys");
    assert_refused("KEY_UNKNOWN", "logs name=x linse=5");
    assert_says("did you mean lines?");
    assert_refused("KEY_MISSING", "logs lines=5");
    assert_says("name=name");
    assert_refused("KEY_REPEATED", "logs name=x vm=y");
    assert_refused("VALUE_INVALID", "logs name=x lines=none");
    assert_refused("VALUE_INVALID", "logs name=x lines=0");
    assert_says("from 1 to 100000");
    assert_refused("VALUE_INVALID", "logs name=x lines");
    assert_says("needs a value");
    assert_refused("VALUE_INVALID", "stop name=x timeout=-1");
    assert_refused("VALUE_INVALID", "stop name=x timeout=soon");
    assert_refused("VALUE_INVALID", "stop name=x force=perhaps");
    assert_refused("VALUE_INVALID", "clone base=x accel=godot");
    assert_says("auto|kvm|tcg");
    assert_refused("VALUE_INVALID", "copy_to vm=x local=a remote=relative");
    assert_refused("VALUE_INVALID", "copy_to vm=x local=a remote=/b mode=999");
    assert_refused("VALUE_INVALID", "copy_to vm=x local= remote=/b");
}

static void a_nul_byte_is_refused(void **state)
{
    (void)state;
    aq_session *session = aq_session_open(NULL);
    aq_result_free(last);
    last = aq_run(session, "status name=a\0b", 15);
    assert_string_equal(aq_result_error_code(last), "VALUE_INVALID");
    aq_session_close(session);
}

static void every_verb_explains_itself(void **state)
{
    (void)state;
    assert_command("help");
    assert_int_equal(atoi(field("COUNT")), aq_verb_count);
    for (size_t i = 0; i < aq_verb_count; i++) {
        const struct aq_verb *verb = aq_verbs[i];
        assert_command("help %s", verb->name);
        assert_non_null(strstr(aq_result_output(last), verb->summary));
        assert_true(verb->group != NULL && verb->run != NULL);
        assert_true(strncmp(verb->example, verb->name, strlen(verb->name)) == 0);
        assert_ptr_equal(aq_verb_find(verb->name), verb);
        for (const struct aq_param *param = verb->params; param != NULL && param->name != NULL; param++) {
            assert_true(param->meaning != NULL && param->meaning[0] != '\0');
            assert_ptr_equal(aq_param_find(verb, param->name), param);
            assert_true(param->type != AQ_TYPE_CHOICE || param->choices != NULL);
            assert_false(param->required && param->fallback != NULL);
        }
    }
    assert_refused("HELP_NOT_FOUND", "help xyzzy");
    assert_refused("HELP_NOT_FOUND", "help clnoe");
    assert_non_null(strstr(aq_result_error(last), "did you mean clone?"));
}

/* What a user copies out of the reference has to be REXX: a quote within a string is written twice. */
static void examples_are_strings(void **state)
{
    (void)state;
    assert_command("help topic=reference");
    const char *at = aq_result_output(last);
    size_t examples = 0;
    while ((at = strstr(at, "\nADDRESS QEMU \"")) != NULL) {
        at += strlen("\nADDRESS QEMU \"");
        while (*at != '"' || at[1] == '"')
            at += *at == '"' ? 2 : 1;
        assert_memory_equal(at, "\"\n", 2);
        examples++;
    }
    assert_int_equal(examples, aq_verb_count);
}

static void numbers_that_are_too_large_are_called_so(void **state)
{
    (void)state;
    assert_refused("VALUE_INVALID", "clone base=b memory=99999999999999999999");
    assert_non_null(strstr(aq_result_error(last), "too large"));
    assert_refused("VALUE_INVALID", "clone base=b cpus=99999999999999999999");
    assert_non_null(strstr(aq_result_error(last), "too large"));
    assert_refused("VALUE_INVALID", "configure_health_check vm=a command=true interval=1");
    assert_non_null(strstr(aq_result_error(last), "from 100ms to 7d"));
    assert_refused("VALUE_INVALID", "clone base=b cpus=two");
    assert_null(strstr(aq_result_error(last), "too large"));
}

static void no_name_or_alias_means_two_verbs(void **state)
{
    (void)state;
    for (size_t i = 0; i < aq_verb_count; i++)
        for (size_t j = 0; j < aq_verb_count; j++)
            assert_false(i != j && (strcmp(aq_verbs[i]->name, aq_verbs[j]->name) == 0 ||
                                    aq_word_in(aq_verbs[i]->aliases, aq_verbs[j]->name)));
}

static void closed_standard_descriptors_are_not_reused(void **state)
{
    (void)state;
    int saved = dup(STDIN_FILENO);
    close(STDIN_FILENO);
    assert_command("ping");
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
    dup2(saved, STDIN_FILENO);
    close(saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verbs_are_found_in_any_case_and_suggested),
        cmocka_unit_test(keys_are_held_against_the_descriptor),
        cmocka_unit_test(a_nul_byte_is_refused),
        cmocka_unit_test(every_verb_explains_itself),
        cmocka_unit_test(examples_are_strings),
        cmocka_unit_test(numbers_that_are_too_large_are_called_so),
        cmocka_unit_test(no_name_or_alias_means_two_verbs),
        cmocka_unit_test(closed_standard_descriptors_are_not_reused),
    };
    int failed = cmocka_run_group_tests_name("command/session", tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
