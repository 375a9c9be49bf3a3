/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/memory.h"

static void a_buffer_grows_and_stays_text(void **state)
{
    (void)state;
    aq_autobuffer struct aq_buffer buffer = {0};
    assert_string_equal(aq_buffer_text(&buffer), "");
    aq_buffer_clear(&buffer);
    aq_buffer_add(&buffer, NULL, 0);
    assert_string_equal(buffer.data, "");
    for (int i = 0; i < 10000; i++)
        aq_buffer_add_char(&buffer, (char)('a' + i % 26));
    assert_int_equal(buffer.length, 10000);
    assert_int_equal(buffer.data[10000], '\0');
    assert_int_equal(buffer.data[9999], 'a' + 9999 % 26);
    aq_buffer_clear(&buffer);
    aq_buffer_add(&buffer, "a\0b", 3);
    aq_buffer_format(&buffer, "%s-%d", "x", 7);
    aq_buffer_add_text(&buffer, "!");
    assert_memory_equal(buffer.data, "a\0bx-7!", 8);
    memcpy(aq_buffer_room(&buffer, 3), "end", 3);
    buffer.data[buffer.length + 3] = '?';
    aq_buffer_filled(&buffer, 3);
    assert_string_equal(buffer.data + 4, "-7!end");
    aq_buffer_add_char(&buffer, '.');
    assert_memory_equal(buffer.data, "a\0bx-7!end.", 12);
}

static void a_list_is_an_argv(void **state)
{
    (void)state;
    aq_autostrings struct aq_strings list = {0};
    assert_false(aq_strings_has(&list, "x"));
    aq_strings_sort(&list);
    for (int i = 99; i >= 0; i--)
        aq_strings_format(&list, "item %02d", i);
    aq_strings_add(&list, "first");
    assert_int_equal(list.count, 101);
    assert_null(list.items[101]);
    aq_strings_sort(&list);
    assert_string_equal(list.items[0], "first");
    assert_string_equal(list.items[1], "item 00");
    assert_string_equal(list.items[100], "item 99");
    assert_true(aq_strings_has(&list, "item 50"));
    assert_false(aq_strings_has(&list, "item"));
}

static void ownership_is_handed_out(void **state)
{
    (void)state;
    char *kept;
    {
        aq_autofree char *text = aq_format("%s %d", "kept", 1);
        kept = aq_steal_ptr(&text);
        assert_null(text);
    }
    assert_string_equal(kept, "kept 1");
    free(kept);
    int ends[2];
    assert_return_code(pipe(ends), 0);
    int given;
    {
        aq_autoclose int reading = ends[0];
        aq_autoclose int writing = ends[1];
        given = aq_steal_fd(&reading);
        assert_int_equal(reading, -1);
        assert_true(writing >= 0);
    }
    assert_int_equal(close(given), 0);
    assert_int_equal(close(ends[1]), -1);
}

static void without_memory_the_process_ends(void **state)
{
    (void)state;
    int ends[2];
    assert_return_code(pipe(ends), 0);
    pid_t child = fork();
    assert_return_code(child, 0);
    if (child == 0) {
        dup2(ends[1], 2);
        signal(SIGABRT, SIG_DFL);
        aq_panic("cannot %s", "go on");
    }
    close(ends[1]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    char text[64] = "";
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    assert_string_equal(text, "address-qemu: cannot go on\n");
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_grows_and_stays_text),
        cmocka_unit_test(a_list_is_an_argv),
        cmocka_unit_test(ownership_is_handed_out),
        cmocka_unit_test(without_memory_the_process_ends),
    };
    return cmocka_run_group_tests_name("util/memory", tests, NULL, NULL);
}
