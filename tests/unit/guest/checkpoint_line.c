/* SPDX-License-Identifier: MIT */
/* CHECKPOINT's lines: what is written is what is read; what is no such line is not read. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "guest/checkpoint_line.h"

static struct aq_checkpoint_line line_of(const char *values[AQ_CHECKPOINT_VALUES],
                                         const size_t lengths[AQ_CHECKPOINT_VALUES])
{
    struct aq_checkpoint_line line = {.id = "12.3"};
    for (int i = 0; i < AQ_CHECKPOINT_VALUES; i++) {
        line.values[i] = values[i];
        line.lengths[i] = lengths[i];
    }
    return line;
}

static void any_bytes_arrive_as_they_were(void **state)
{
    (void)state;
    char bytes[256], text[AQ_SIDE_MAX];
    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    const char *values[] = {"stage %41", "1.5E3", NULL, bytes};
    const size_t lengths[] = {9, 5, 0, 256};
    struct aq_checkpoint_line line = line_of(values, lengths), back;
    size_t length = aq_checkpoint_write(&line, text);
    assert_null(memchr(text, '\n', length));
    assert_null(memchr(text, '\0', length));
    assert_true(aq_checkpoint_read(text, length, &back));
    assert_string_equal(back.id, "12.3");
    assert_string_equal(back.values[AQ_CHECKPOINT_STAGE], "stage %41");
    assert_string_equal(back.values[AQ_CHECKPOINT_CURRENT], "1.5E3");
    assert_string_equal(back.values[AQ_CHECKPOINT_TOTAL], "");
    assert_int_equal(back.lengths[AQ_CHECKPOINT_TEXT], 256);
    assert_memory_equal(back.values[AQ_CHECKPOINT_TEXT], bytes, 256);
}

static void what_is_too_long_is_cut(void **state)
{
    (void)state;
    static char much[10000];
    char text[AQ_SIDE_MAX];
    memset(much, '%', sizeof much);
    const char *values[] = {much, much, much, much};
    const size_t lengths[] = {sizeof much, sizeof much, sizeof much, sizeof much};
    struct aq_checkpoint_line line = line_of(values, lengths), back;
    size_t length = aq_checkpoint_write(&line, text);
    assert_true(length <= AQ_SIDE_MAX && length > AQ_SIDE_MAX - 3);
    assert_true(aq_checkpoint_read(text, length, &back));
    assert_true(back.lengths[AQ_CHECKPOINT_STAGE] > 300 && back.lengths[AQ_CHECKPOINT_TEXT] > 900);
    assert_true(back.lengths[AQ_CHECKPOINT_CURRENT] > 40 && back.lengths[AQ_CHECKPOINT_TOTAL] > 40);
}

static void what_is_none_is_not_read(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "checkpoint",
        "checkpoint\t1",
        "checkpoint\t1\ta\t\t",
        "checkpoint\t1\ta\t\t\t\t",
        "checkpoint\t\ta\t\t\t",
        "checkpoint\t../1\ta\t\t\t",
        "checkpoint\t123456789012345678901234567890123\ta\t\t\t",
        "checkpoint\t1\t%\t\t\t",
        "checkpoint\t1\t%4\t\t\t",
        "checkpoint\t1\t%4g\t\t\t",
        "Checkpoint\t1\ta\t\t\t",
        " checkpoint\t1\ta\t\t\t",
    };
    struct aq_checkpoint_line line;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(aq_checkpoint_read(wrong[i], strlen(wrong[i]), &line));
    assert_true(aq_checkpoint_read("checkpoint\t1\ta\t\t\t", 17, &line));
}

/* Whatever comes: nothing is read or written where it should not be (the sanitizers look). */
static void noise_does_no_harm(void **state)
{
    (void)state;
    static const char letters[] = "checkpoint\t\t\t%%4F10.\n\xc3";
    srand(7);
    for (int round = 0; round < 20000; round++) {
        struct aq_checkpoint_line line;
        enum aq_checkpoint_answer answer;
        char id[AQ_CHECKPOINT_ID];
        size_t length = (size_t)(rand() % 60);
        char *noise = malloc(length + 11);
        memcpy(noise, "checkpoint", 10);
        size_t kept = rand() % 2 == 0 ? 10 : 0;
        for (size_t i = kept; i < length + kept; i++)
            noise[i] = letters[(size_t)rand() % (sizeof letters - 1)];
        if (aq_checkpoint_read(noise, length + kept, &line))
            for (int i = 0; i < AQ_CHECKPOINT_VALUES; i++)
                assert_int_equal(line.values[i][line.lengths[i]], '\0');
        aq_checkpoint_read_answer(noise, length, id, &answer);
        free(noise);
    }
}

static void answers_are_three_words(void **state)
{
    (void)state;
    char text[AQ_SIDE_MAX], id[AQ_CHECKPOINT_ID];
    enum aq_checkpoint_answer answer;
    for (int i = AQ_CHECKPOINT_CONTINUE; i <= AQ_CHECKPOINT_ABORT; i++) {
        size_t length = aq_checkpoint_write_answer("9.1", (enum aq_checkpoint_answer)i, text);
        assert_true(aq_checkpoint_read_answer(text, length, id, &answer));
        assert_int_equal(answer, i);
        assert_string_equal(id, "9.1");
    }
    assert_string_equal(text, "9.1\tabort");
    assert_false(aq_checkpoint_read_answer("9.1\tdance", 9, id, &answer));
    assert_false(aq_checkpoint_read_answer("abort", 5, id, &answer));
    assert_true(aq_checkpoint_answer_find("Abort", 5, &answer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bytes_arrive_as_they_were), cmocka_unit_test(what_is_too_long_is_cut),
        cmocka_unit_test(what_is_none_is_not_read),      cmocka_unit_test(noise_does_no_harm),
        cmocka_unit_test(answers_are_three_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
