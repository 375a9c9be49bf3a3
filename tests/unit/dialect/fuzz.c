/* SPDX-License-Identifier: MIT */
/* Whatever the translator is given, it comes to an end, reads nothing beyond, and leaves plain REXX alone:
   with noise, with words in any order, and with the scripts of this tree after some accidents. What comes is
   the same every time. */
#include "test.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialect/source.h"
#include "util/files.h"
#include "util/memory.h"

static uint64_t seed;

static size_t any(size_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(seed >> 33) % below;
}

static size_t count_lines(const char *text, size_t length)
{
    size_t lines = 0;
    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n';
    return lines;
}

/* Plain REXX is not rewritten; anything else comes out with as many lines, or with a problem on one of them.
   Whether it is RexxJS. */
static bool try_any(const char *text, size_t length, enum aq_dialect dialect)
{
    char *exact = malloc(length + 1); /* to the byte, for the address sanitizer */
    assert_non_null(exact);
    char *end = exact + 1;
    memcpy(end, text, length);
    aq_autobuffer struct aq_buffer out = {0};
    struct aq_source_traits traits;
    struct aq_source_problem problem = {0};
    int result = aq_source_prepare(end, length, dialect, &out, &traits, &problem);
    aq_source_traits_free(&traits);
    size_t lines = count_lines(text, length);
    if (!traits.rexxjs && !traits.redirects) {
        assert_int_equal(result, 0);
        assert_int_equal(out.length, 0);
    } else if (result == 0)
        assert_int_equal(count_lines(aq_buffer_text(&out), out.length), lines);
    else {
        assert_in_range(problem.line, 1, lines + 1);
        assert_true(problem.text[0] != '\0');
    }
    free(exact);
    return traits.rexxjs;
}

static void try_all_dialects(const struct aq_buffer *text)
{
    static const enum aq_dialect dialects[] = {AQ_DIALECT_AUTO, AQ_DIALECT_REGINA, AQ_DIALECT_REXXJS,
                                               AQ_DIALECT_FRAGMENT};
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
        try_any(aq_buffer_text(text), text->length, dialects[i]);
}

static void noise_does_no_harm(void **state)
{
    (void)state;
    static const char alphabet[] = "\"'`/*-;:,\n\r aA1let=+<([{}]).#!\\|$%x\xc3\xa4";
    seed = 1;
    for (int round = 0; round < 20000; round++) {
        aq_autobuffer struct aq_buffer text = {0};
        for (size_t count = any(60); count > 0; count--)
            aq_buffer_add_char(&text, alphabet[any(sizeof alphabet - 1)]);
        try_all_dialects(&text);
    }
}

/* What has a meaning somewhere, with tabs between. */
static const char vocabulary[] =
    "LET \tx\t = \t+= \tREQUIRE \t\"a\"\t AS \tDO \t OVER \tlist. \tEND \tx \tIF \tTHEN \tELSE \t2 \t"
    "<<A\n\t\nA\n\t<<JSON\n\t\nJSON\n\t`\t\"\t'\t\n\t\r\n\t; \t, \t(\t)\t[\t]\t{\t}\t: \t\\\"\t\\n\t\\\t"
    "max(\tmax \tjson_stringify(\tarray_push(\tDATATYPE(\tSLEEP(\t\"O\")\ty=\tx=\tx.y \tx.y\tRESULT.a \t"
    "{{x}}\t${x}\t/* \t*/ \t-- \t// \t!=\t|> \tSAY \tlabel:\tPARSE ARG \tPARSE VALUE \tWITH \t"
    "OUTPUT STEM o. \tINPUT FIFO '' \tERROR STREAM x \tCALL \tADDRESS \tADDRESS QEMU \tEXPECTATIONS \t"
    "\"EXPECT\" \tINTERPOLATION SHELL\tINTERPOLATION \tPATTERN name=P start=\"<<\" end=\">>\"\tINTERPRET \t"
    "TRUE \tNULL \tAND \tNOT \tWHILE \tNOW\tOPTIONS 'NOREXXJS'\tSELECT \tLEAVE x\tEXIT 1 UNLESS \tENDIF\t"
    "\xc3\xa4\t#!";

static void add_word(struct aq_buffer *text)
{
    static struct aq_strings words;
    if (words.count == 0) {
        aq_autofree char *copy = aq_strdup(vocabulary);
        char *rest = NULL;
        for (char *word = strtok_r(copy, "\t", &rest); word != NULL; word = strtok_r(NULL, "\t", &rest))
            aq_strings_add(&words, word);
    }
    aq_buffer_add_text(text, words.items[any(words.count)]);
}

static void any_order_does_no_harm(void **state)
{
    (void)state;
    seed = 2;
    for (int round = 0; round < 30000; round++) {
        aq_autobuffer struct aq_buffer text = {0};
        for (size_t count = any(24); count > 0; count--)
            add_word(&text);
        try_all_dialects(&text);
    }
}

/* The scripts of the tree. */
static struct aq_buffer scripts[400];
static size_t script_count;

static int take_script(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)where;
    struct aq_error err = {0};
    size_t length = strlen(path);
    if (type == FTW_F && length > 5 && strcmp(path + length - 5, ".rexx") == 0) {
        assert_in_range(script_count, 0, sizeof scripts / sizeof *scripts - 1);
        if (aq_read_file_at(AT_FDCWD, path, 1 << 16, &scripts[script_count++], &err) < 0)
            fail_msg("%s", err.text);
    }
    return 0;
}

static int by_text(const void *a, const void *b)
{
    const struct aq_buffer *x = a, *y = b;
    return strcmp(aq_buffer_text(x), aq_buffer_text(y));
}

static void read_scripts(const char *folder)
{
    size_t before = script_count;
    assert_int_equal(chdir(getenv("SOURCE_DIR")), 0);
    assert_int_equal(nftw(folder, take_script, 16, FTW_PHYS), 0);
    assert_true(script_count > before);
    /* not in the order of the folder */
    qsort(scripts + before, script_count - before, sizeof *scripts, by_text);
}

static void forget_scripts(void)
{
    while (script_count > 0)
        aq_buffer_free(&scripts[--script_count]);
}

/* Behind a line's end, a blank or any character, in turns. */
static size_t any_place(const struct aq_buffer *text)
{
    size_t at = any(text->length + 1);
    const char *mark = any(2) == 0 ? "\n" : any(2) == 0 ? " (\"'" : "";
    while (at > 0 && *mark != '\0' && strchr(mark, text->data[at - 1]) == NULL)
        at--;
    return at;
}

static void add_part(const struct aq_buffer *from, size_t at, size_t to, struct aq_buffer *text)
{
    if (to > at)
        aq_buffer_add(text, from->data + at, to - at);
}

/* Something is lost, doubled, put in, or comes from another script. */
static void add_mutated(const struct aq_buffer *from, struct aq_buffer *text)
{
    const struct aq_buffer *other = &scripts[any(script_count)];
    size_t at = any_place(from), to = any_place(from), there = any_place(other);
    add_part(from, 0, at, text);
    switch (any(4)) {
    case 0: /* lost or doubled: what is between may go either way */
        break;
    case 1:
        add_word(text);
        to = at;
        break;
    case 2:
        add_part(other, there, any_place(other), text);
        break;
    default: /* one character is another */
        aq_buffer_add_char(text, (char)any(256));
        to = at + 1;
        break;
    }
    add_part(from, to, from->length, text);
}

static void accidents_do_no_harm(void **state)
{
    (void)state;
    seed = 3;
    read_scripts("tests/rexx");
    read_scripts("examples");
    for (int round = 0; round < 12000; round++) {
        aq_autobuffer struct aq_buffer text = {0}, more = {0};
        add_mutated(&scripts[any(script_count)], &text);
        if (any(2) == 0) {
            add_mutated(&text, &more);
            try_all_dialects(&more);
        } else
            try_all_dialects(&text);
    }
    forget_scripts();
}

/* Lines of plain scripts stay plain in any order, and without those that were between. */
static void plain_lines_stay_plain(void **state)
{
    (void)state;
    seed = 4;
    read_scripts("tests/rexx/corpus");
    for (int round = 0; round < 4000; round++) {
        aq_autobuffer struct aq_buffer text = {0};
        for (size_t count = any(40); count > 0; count--) {
            const struct aq_buffer *from = &scripts[any(script_count)];
            size_t at = any(from->length + 1);
            while (at > 0 && from->data[at - 1] != '\n')
                at--;
            size_t to = at + strcspn(aq_buffer_text(from) + at, "\n");
            add_part(from, at, to, &text);
            aq_buffer_add_char(&text, '\n');
        }
        if (try_any(aq_buffer_text(&text), text.length, AQ_DIALECT_AUTO))
            fail_msg("taken for RexxJS:\n%s", aq_buffer_text(&text));
    }
    forget_scripts();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_does_no_harm),
        cmocka_unit_test(any_order_does_no_harm),
        cmocka_unit_test(accidents_do_no_harm),
        cmocka_unit_test(plain_lines_stay_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
