/* SPDX-License-Identifier: MIT */
/* A host's end of a side channel that answers, and a command that asks: for the channels that carry one. */
#ifndef AQ_TEST_SIDE_TALK_H
#define AQ_TEST_SIDE_TALK_H

#include <string.h>

#include "guest/channel.h"
#include "guest/side.h"
#include "test.h"

/* Shell functions: `say LINE`, and `hear`, which sets $line to the next line that was told. */
#define SIDE_SHELL                                                                                           \
    "case $ADDRESS_QEMU_SIDE in\n"                                                                           \
    "fd:*) say() { printf '%s\\n' \"$1\" >&4; }; hear() { line=; IFS= read -r line <&4; };;\n"               \
    "file:*) f=${ADDRESS_QEMU_SIDE#file:} n=0\n"                                                             \
    "  say() { printf '%s\\n' \"$1\" >>\"$f.said\"; }\n"                                                     \
    "  hear() { n=$((n+1)); until line=$(sed -n \"${n}p\" \"$f.told\") && [ -n \"$line\" ]\n"                \
    "    do sleep 0.02; done; };;\n"                                                                         \
    "*) say() { echo no side; exit 9; };;\n"                                                                 \
    "esac\n"

/* Answers each line with "heard LINE"; "hold" after some ticks; "end" by ending the command. */
struct side_talk {
    struct aq_guest_side side;
    unsigned lines;
    unsigned held; /* ticks left */
    bool end;
    struct aq_buffer answer; /* to be told; empty: nothing */
    struct aq_buffer all;    /* what was said, in brackets */
};

static inline void side_said(void *data, const char *line, size_t length)
{
    struct side_talk *talk = data;
    talk->lines++;
    aq_buffer_add_char(&talk->all, '[');
    aq_buffer_add(&talk->all, line, length);
    aq_buffer_add_char(&talk->all, ']');
    aq_buffer_clear(&talk->answer);
    aq_buffer_add_text(&talk->answer, "heard ");
    aq_buffer_add(&talk->answer, line, length);
    talk->held = length == 4 && memcmp(line, "hold", 4) == 0 ? 3 : 0;
    talk->end = length == 3 && memcmp(line, "end", 3) == 0;
    talk->side.tick_ms = talk->held > 0 ? 20 : 0;
}

static inline int side_tell(void *data, struct aq_buffer *line, struct aq_error *err)
{
    struct side_talk *talk = data;
    if (talk->end)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "it asked for it");
    if (talk->answer.length == 0 || (talk->held > 0 && talk->held-- > 0))
        return 0;
    aq_buffer_add(line, talk->answer.data, talk->answer.length);
    aq_buffer_clear(&talk->answer);
    return 1;
}

/* Runs a shell's text with such a side channel. */
static inline int run_talking(struct aq_channel *channel, struct side_talk *talk, const char *text,
                              struct aq_guest_exit *exit, struct aq_error *err)
{
    aq_autofree char *script = aq_format("%s%s", SIDE_SHELL, text);
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    aq_buffer_free(&talk->answer);
    aq_buffer_free(&talk->all);
    *talk = (struct side_talk){.side = {.data = talk, .said = side_said, .tell = side_tell}};
    const struct aq_guest_exec exec = {
        .argv = argv, .capture_limit = 1 << 20, .side = &talk->side, .deadline = aq_after_ms(60000)};
    return aq_channel_exec(channel, &exec, exit, err);
}

static inline void talk_free(struct side_talk *talk)
{
    aq_buffer_free(&talk->answer);
    aq_buffer_free(&talk->all);
}

/* What has to hold on every channel. */
static inline void assert_side_works(struct aq_channel *channel)
{
    struct aq_error err = {0};
    aq_cleanup(talk_free) struct side_talk talk = {0};
    aq_autoguestexit struct aq_guest_exit first = {0}, second = {0}, third = {0}, none = {0};

    assert_ok(run_talking(channel, &talk,
                          "echo out; say 'one %\t x'; hear; echo \"$line\"; say hold; hear; echo \"$line\"; "
                          "say last; exit 3",
                          &first, &err));
    assert_int_equal(first.exit_code, 3);
    assert_string_equal(aq_buffer_text(&first.output), "out\nheard one %\t x\nheard hold\n");
    assert_string_equal(aq_buffer_text(&talk.all), "[one %\t x][hold][last]");

    /* Lines of the longest length, and one that is longer: dropped. Many at once: none is lost. */
    assert_ok(run_talking(channel, &talk,
                          "long=$(printf '%04096d' 7); say \"$long\"; say \"$long.\"; say after\n"
                          "i=0; while [ $i -lt 300 ]; do say $i; i=$((i+1)); done",
                          &second, &err));
    assert_int_equal(talk.lines, 302);
    assert_non_null(strstr(talk.all.data, "7][after][0]"));
    assert_non_null(strstr(talk.all.data, "[299]"));

    /* The host ends it. */
    assert_fails(run_talking(channel, &talk, "echo before; say end; sleep 1234", &third, &err),
                 AQ_E_LIMIT_EXCEEDED);
    assert_string_equal(aq_buffer_text(&third.output), "before\n");

    /* Without one there is no trace of it. */
    const char *const argv[] = {"/bin/sh", "-c", "echo \"[$ADDRESS_QEMU_SIDE]\"; ls /proc/self/fd", NULL};
    const struct aq_guest_exec exec = {.argv = argv, .capture_limit = 1000};
    assert_ok(aq_channel_exec(channel, &exec, &none, &err));
    assert_string_equal(aq_buffer_text(&none.output), "[]\n0\n1\n2\n3\n");
}

#endif
