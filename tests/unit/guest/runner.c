/* SPDX-License-Identifier: MIT */
/* The build-id of a program, and which of the places in the guest it is found in. */
#include "guest-server.h"
#include "test-files.h"

#include <stdlib.h>

#include "guest/runner.h"

static void reads_what_readelf_reads(void **state)
{
    struct aq_error err = {0};
    char id[AQ_BUILD_ID_TEXT];
    aq_autofree char *expected = NULL;
    size_t size = 0;
    (void)state;
    assert_ok(aq_guest_runner_build_id("/proc/self/exe", id, &err));
    FILE *tool = popen("readelf -n /proc/$PPID/exe | sed -n 's/.*Build ID: //p'", "re");
    assert_true(getline(&expected, &size, tool) > 0);
    pclose(tool);
    expected[strcspn(expected, "\n")] = '\0';
    assert_string_equal(id, expected);
}

/* The server finds its own note in memory, the host the same one in the file. */
static void both_ends_read_the_same_id(void **state)
{
    struct helper_fixture *fixture = *state;
    struct aq_error err = {0};
    struct aq_guest_runner runner;
    char id[AQ_BUILD_ID_TEXT];
    assert_ok(aq_guest_runner_build_id("/proc/self/exe", id, &err));
    assert_ok(aq_channel_ready(fixture->channel, aq_after_ms(20000), &err));
    assert_string_equal(aq_channel_build_id(fixture->channel), id);
    assert_ok(aq_guest_ensure_runner(fixture->channel, "/proc/self/exe", aq_after_ms(60000), &runner, &err));
    assert_false(runner.pushed);
    assert_string_equal(runner.path, aq_channel_runner_path(fixture->channel));
}

static void refuses_what_is_no_such_program(void **state)
{
    struct aq_error err = {0};
    char id[AQ_BUILD_ID_TEXT];
    (void)state;
    static const char *const shapes[] = {"empty", "text", "stump", "wild"};
    static char wild[4096] = "\177ELF\2\1\1";
    aq_autoclose int empty = make_file("empty", 0);
    aq_autoclose int text = make_file("text", 5000);
    aq_autoclose int stump = make_file("stump", 0);
    aq_autoclose int odd = make_file("wild", 0);
    assert_int_equal(write(stump, wild, 40), 40);
    memset(wild + 16, 0xFF, sizeof wild - 16);
    wild[54] = 56; /* e_phentsize as it should be, all else wild */
    wild[55] = 0;
    assert_int_equal(write(odd, wild, sizeof wild), sizeof wild);
    for (size_t i = 0; i < 4; i++)
        assert_fails(aq_guest_runner_build_id(shapes[i], id, &err), AQ_E_GUEST_RUNNER_MISSING);
    assert_fails(aq_guest_runner_build_id("absent", id, &err), AQ_E_GUEST_RUNNER_MISSING);
    assert_fails(aq_guest_runner_build_id("/", id, &err), AQ_E_GUEST_RUNNER_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_readelf_reads),
        cmocka_unit_test_setup_teardown(both_ends_read_the_same_id, open_fixture, close_fixture),
        cmocka_unit_test(refuses_what_is_no_such_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
