/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/json.h"
#include "util/json_lines.h"

#define HANG 60000

static struct aq_json_lines pair_with(const char *text, size_t length, int *peer)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(write(ends[1], text, length), length);
    *peer = ends[1];
    return (struct aq_json_lines){.fd = ends[0], .max = 100};
}

static void release(struct aq_json_lines *lines, int peer)
{
    close(lines->fd);
    close(peer);
    aq_json_lines_free(lines);
}

static void lines_come_one_by_one(void **state)
{
    (void)state;
    struct aq_error err = {0};
    int peer;
    static const char text[] = "{\"n\": 1}\r\n\r\n \n{\"n\": 2}\n{\"n\"";
    struct aq_json_lines lines = pair_with(text, strlen(text), &peer);
    for (int n = 1; n <= 3; n++) {
        aq_autojson json_t *object = NULL;
        if (n == 3) {
            assert_int_equal(aq_json_lines_read(&lines, aq_after_ms(20), &object, &err), AQ_JSON_DEADLINE);
            assert_int_equal(write(peer, ": 3}\n", 5), 5);
        }
        assert_int_equal(aq_json_lines_read(&lines, aq_after_ms(HANG), &object, &err), AQ_JSON_OBJECT);
        assert_int_equal(aq_json_int(object, "n", 0), n);
    }
    json_t *none = NULL;
    shutdown(peer, SHUT_WR);
    assert_int_equal(aq_json_lines_read(&lines, aq_after_ms(HANG), &none, &err), AQ_JSON_ENDED);
    assert_int_equal(err.code, AQ_OK);
    release(&lines, peer);
}

/* A bad line is told once; what follows it can still be read. */
static void bad_lines_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"{",
                                      "[]",
                                      "1",
                                      "\"\"",
                                      "nonsense",
                                      "{\"a\": \xff}",
                                      "{} {}",
                                      "{\"a\":\"\\ud800\"}",
                                      "{\"n\": 99999999999999999999}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct aq_error err = {0};
        int peer;
        struct aq_json_lines lines = pair_with(bad[i], strlen(bad[i]), &peer);
        assert_int_equal(write(peer, "\n{}\n", 4), 4);
        aq_autojson json_t *object = NULL;
        assert_int_equal(aq_json_lines_read(&lines, aq_after_ms(HANG), &object, &err), AQ_JSON_BAD);
        assert_null(object);
        assert_fails(-1, AQ_E_GUEST_PROTOCOL);
        assert_int_equal(aq_json_lines_read(&lines, aq_after_ms(HANG), &object, &err), AQ_JSON_OBJECT);
        release(&lines, peer);
    }
}

static void the_longest_line_passes_and_one_more_byte_does_not(void **state)
{
    (void)state;
    for (int more = 0; more <= 1; more++) {
        struct aq_error err = {0};
        int peer;
        char text[103];
        size_t length = 100 + (size_t)more;
        memset(text, ' ', sizeof text);
        memcpy(text, "{}", 2);
        text[length] = '\n';
        struct aq_json_lines lines = pair_with(text, length + 1, &peer);
        aq_autojson json_t *object = NULL;
        assert_int_equal(aq_json_lines_read(&lines, aq_after_ms(HANG), &object, &err),
                         more ? AQ_JSON_BAD : AQ_JSON_OBJECT);
        release(&lines, peer);
    }
}

static json_t *parse_nested(unsigned depth, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer text = {0};
    for (unsigned i = 0; i < depth; i++)
        aq_buffer_add_text(&text, "{\"[\\\"{\":");
    aq_buffer_add_char(&text, '1');
    for (unsigned i = 0; i < depth; i++)
        aq_buffer_add_char(&text, '}');
    return aq_json_parse_untrusted(text.data, text.length, err);
}

static void depth_is_counted_outside_strings(void **state)
{
    (void)state;
    struct aq_error err = {0};
    aq_autojson json_t *deepest = parse_nested(AQ_JSON_MAX_DEPTH, &err);
    assert_non_null(deepest);
    assert_null(parse_nested(AQ_JSON_MAX_DEPTH + 1, &err));
    assert_fails(-1, AQ_E_GUEST_PROTOCOL);
}

static void writing_has_a_deadline(void **state)
{
    (void)state;
    struct aq_error err = {0};
    int peer;
    struct aq_json_lines lines = pair_with("", 0, &peer);
    aq_autojson json_t *small = json_pack("{s:s}", "a", "b");
    char text[64];
    assert_ok(aq_json_lines_write(lines.fd, small, aq_after_ms(HANG), &err));
    assert_int_equal(read(peer, text, sizeof text), 10);
    assert_memory_equal(text, "{\"a\":\"b\"}\n", 10);

    aq_autofree char *much = aq_alloc(4 << 20);
    memset(much, 'x', (4 << 20) - 1);
    aq_autojson json_t *big = json_pack("{s:s}", "a", much);
    assert_fails(aq_json_lines_write(lines.fd, big, aq_after_ms(20), &err), AQ_E_TIMEOUT);
    close(peer);
    assert_fails(aq_json_lines_write(lines.fd, small, aq_after_ms(HANG), &err), AQ_E_IO);
    release(&lines, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_one_by_one),
        cmocka_unit_test(bad_lines_are_refused),
        cmocka_unit_test(the_longest_line_passes_and_one_more_byte_does_not),
        cmocka_unit_test(depth_is_counted_outside_strings),
        cmocka_unit_test(writing_has_a_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
