/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "spec/egress.h"

static struct aq_egress egress;
static struct aq_error err;

/* What a list comes to, as text. free() it. */
static char *canonical(const char *text)
{
    aq_autobuffer struct aq_buffer buffer = {0};
    err = (struct aq_error){0};
    if (aq_egress_parse(text, &egress, &err) < 0)
        return aq_strdup(err.text);
    aq_egress_text(&egress, &buffer);
    return aq_strdup(aq_buffer_text(&buffer));
}

static void every_form_is_read_and_written_back(void **state)
{
    (void)state;
    static const struct {
        const char *text, *becomes;
    } cases[] = {
        {"5432,6379", "5432/tcp, 6379/tcp"},
        {" 8000-8100 , 53/udp", "8000-8100/tcp, 53/udp"},
        {"1-65535", "1-65535/tcp"},
        {"db.example.com:5432", "db.example.com:5432/tcp"},
        {"DB.Example.COM:5432/tcp", "db.example.com:5432/tcp"},
        {"*.debian.org:80", "*.debian.org:80/tcp"},
        {"_srv.x-y.example:1", "_srv.x-y.example:1/tcp"},
        {"10.0.0.0/8:5432", "10.0.0.0/8:5432/tcp"},
        {"192.0.2.1:any", "192.0.2.1:any/tcp"},
        {"192.0.2.1/32:any/udp", "192.0.2.1:any/udp"},
        {"0.0.0.0/0:443", "0.0.0.0/0:443/tcp"},
        {"[2001:db8::/32]:443", "[2001:db8::/32]:443/tcp"},
        {"[2001:db8::1]:8000-8100/udp", "[2001:db8::1]:8000-8100/udp"},
        {"[::ffff:192.0.2.1]:1", "192.0.2.1:1/tcp"},
        {"localhost:80", "localhost:80/tcp"},
        {"127.0.0.1:80", "localhost:80/tcp"},
        {"[::1]:80", "localhost:80/tcp"},
        {"any", "any"},
        {"none", "none"},
        {"any, !10.0.0.0/8:any", "any, !10.0.0.0/8:any"},
        {"any, !25", "any, !25"},
        {"any, !53/udp, !1-65535/tcp", "any, !53/udp, !1-65535/tcp"},
        {"443, any", "any"},
        {"443, none, 80", "80/tcp"},
        {"443, 443/tcp", "443/tcp"},
        {"443, !443", "!443"},
        {"any, localhost:8080", "any, localhost:8080/tcp"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        aq_autofree char *once = canonical(cases[i].text);
        assert_string_equal(once, cases[i].becomes);
        aq_autofree char *twice = canonical(once);
        assert_string_equal(twice, cases[i].becomes);
    }
}

static void what_is_no_rule_is_refused_and_quoted(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "0",
        "65536",
        "80-79",
        "80-",
        "-80",
        "80/sctp",
        "80/TCP",
        "80/",
        "http",
        "host:",
        ":80",
        "host",
        "10.0.0.0/8",
        "10.0.0.1/8:80",
        "10.0.0.0/33:80",
        "10.0.0:80",
        "300.1.1.1:80",
        "2001::1:80",
        "[10.0.0.1]:80",
        "[2001:db8::1:80",
        "[]:80",
        "[2001:db8::/129]:80",
        "a b:80",
        "a..b:80",
        "-a.b:80",
        "*:80",
        "*.*.a:80",
        "1.2.3:80",
        "127.0.0.0/8:80",
        "127.0.0.53:53",
        "[localhost]:80",
        "!",
        "!any",
        "!!80",
        "80 81",
        "any:80",
        "80,,81",
        "80,",
        "+80",
        "0x50",
        "10.0.0.0/+8:80",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        err = (struct aq_error){0};
        if (aq_egress_parse(wrong[i], &egress, &err) == 0)
            fail_msg("accepted: %s", wrong[i]);
        assert_int_equal(err.code, AQ_E_VALUE_INVALID);
    }
    assert_int_equal(aq_egress_parse("80, htpp, 443", &egress, &err), -1);
    err = (struct aq_error){0};
    aq_egress_parse("80, htpp, 443", &egress, &err);
    assert_non_null(strstr(err.text, "\"htpp\""));
}

static void changes_come_last_and_replace_what_they_override(void **state)
{
    (void)state;
    static const struct {
        const char *before, *allow, *deny, *after;
    } cases[] = {
        {"443", "80", NULL, "443/tcp, 80/tcp"},
        {"443, 80", NULL, "443", "80/tcp, !443"},
        {"443, 53/udp", NULL, "53", "443/tcp, !53"},
        {"443", NULL, "443/udp", "443/tcp, !443/udp"},
        {"any", NULL, "10.0.0.0/8:any", "any, !10.0.0.0/8:any"},
        {"any, !10.0.0.0/8:any", "10.1.2.3:443", NULL, "any, !10.0.0.0/8:any, 10.1.2.3:443/tcp"},
        {"any", NULL, "any", "none"},
        {"none", "any", NULL, "any"},
        {"80, 443", "any", "25", "any, !25"},
        {"any", NULL, "!443", "any, 443/tcp"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        aq_autobuffer struct aq_buffer text = {0};
        assert_ok(aq_egress_parse(cases[i].before, &egress, &err));
        if (cases[i].allow != NULL)
            assert_ok(aq_egress_change(&egress, cases[i].allow, false, &err));
        if (cases[i].deny != NULL)
            assert_ok(aq_egress_change(&egress, cases[i].deny, true, &err));
        aq_egress_text(&egress, &text);
        assert_string_equal(aq_buffer_text(&text), cases[i].after);
    }
}

static void a_change_that_fails_changes_nothing(void **state)
{
    (void)state;
    assert_ok(aq_egress_parse("80, 443", &egress, &err));
    assert_fails(aq_egress_change(&egress, "22, nonsense", false, &err), AQ_E_VALUE_INVALID);
    assert_fails(aq_egress_change(&egress, "none", true, &err),
                 AQ_E_VALUE_INVALID); /* which would widen it */
    assert_int_equal(egress.count, 2);
    for (unsigned i = 2; i < AQ_EGRESS_RULES_MAX; i++) {
        aq_autofree char *port = aq_format("%u", i);
        assert_ok(aq_egress_change(&egress, port, false, &err));
    }
    assert_fails(aq_egress_change(&egress, "1000", false, &err), AQ_E_LIMIT_EXCEEDED);
    assert_int_equal(egress.count, AQ_EGRESS_RULES_MAX);
    assert_ok(aq_egress_change(&egress, "80", true, &err)); /* in place of the one that it overrides */
}

static void any_bytes_are_survived(void **state)
{
    (void)state;
    static const char pieces[][16] = {"80", ",",        "-",         "/",    "tcp",   "udp", "[", "]",
                                      ":",  "10.0.0.0", "8",         "any",  "none",  "!",   " ", "a.b",
                                      "*.", "::1",      "localhost", "\xff", "65535", "0"};
    unsigned seed = 11;
    for (int round = 0; round < 50000; round++) {
        char text[256] = "";
        for (int i = 0; i < 8; i++) {
            seed = seed * 1103515245 + 12345;
            strcat(text, pieces[(seed >> 16) % (sizeof pieces / sizeof *pieces)]);
        }
        err = (struct aq_error){0};
        if (aq_egress_parse(text, &egress, &err) < 0)
            continue;
        aq_autobuffer struct aq_buffer once = {0}, twice = {0};
        aq_egress_text(&egress, &once);
        assert_ok(aq_egress_parse(aq_buffer_text(&once), &egress, &err));
        aq_egress_text(&egress, &twice);
        assert_string_equal(aq_buffer_text(&once), aq_buffer_text(&twice));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read_and_written_back),
        cmocka_unit_test(what_is_no_rule_is_refused_and_quoted),
        cmocka_unit_test(changes_come_last_and_replace_what_they_override),
        cmocka_unit_test(a_change_that_fails_changes_nothing),
        cmocka_unit_test(any_bytes_are_survived),
    };
    return cmocka_run_group_tests_name("spec/egress", tests, NULL, NULL);
}
