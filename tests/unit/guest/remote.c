/* SPDX-License-Identifier: MIT */
/* What may be said for another machine. */
#include "guest/remote.h"
#include "test.h"

static void destinations_are_read(void **state)
{
    static const struct {
        const char *text, *user, *host;
        unsigned port;
    } cases[] = {
        {"far", NULL, "far", 0},
        {"me@far", "me", "far", 0},
        {"me@far:2222", "me", "far", 2222},
        {"ssh://me@far:22", "me", "far", 22},
        {"a@b@far", "a@b", "far", 0},
        {"::1", NULL, "::1", 0},
        {"[::1]:65535", NULL, "::1", 65535},
        {"me@[fe80::1%eth0]", "me", "fe80::1%eth0", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aq_error err = {0};
        char *user = NULL, *host = NULL;
        uint16_t port = 1;
        assert_int_equal(aq_remote_destination(cases[i].text, &user, &host, &port, &err), 0);
        assert_string_equal(host, cases[i].host);
        assert_int_equal(port, cases[i].port);
        assert_int_equal(user == NULL, cases[i].user == NULL);
        if (user != NULL)
            assert_string_equal(user, cases[i].user);
        free(user);
        free(host);
    }
}

static void others_are_refused(void **state)
{
    static const char *const cases[] = {"",          "@far",     "me@",    "far:",   "far:0",
                                        "far:65536", "far:1x",   "[::1]x", "-far",   "-o@far:22",
                                        "me@-oX=y",  "far host", "far;ls", "$(far)", "far\n"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aq_error err = {0};
        char *user = NULL, *host = NULL;
        uint16_t port = 0;
        assert_int_equal(aq_remote_destination(cases[i], &user, &host, &port, &err), -1);
        assert_int_equal(err.code, AQ_E_VALUE_INVALID);
        free(user);
        free(host);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(destinations_are_read),
        cmocka_unit_test(others_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
