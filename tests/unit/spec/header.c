/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <string.h>

#include "spec/header.h"

static struct aq_header header;
static struct aq_error err;

static int parse(const char *script)
{
    err = (struct aq_error){0};
    aq_header_free(&header);
    return aq_header_parse(script, strlen(script), "app.rexx", &header, &err);
}

static void all_keys_are_read(void **state)
{
    (void)state;
    assert_ok(parse("#!/usr/bin/env rexx\n"
                    "/* rexxjs-vm-base: base-rhel-8-with-jdk17 */\n"
                    "/* rexxjs-vm-memory: 4G */\n"
                    "/*rexxjs-vm-cpus:2*/  /* rexxjs-vm-name: my.vm */\n"
                    "/* rexxjs-vm-disk: 20G */\n"
                    "/* REXXJS-VM-TIMEOUT: 5m */\n"
                    "/* rexxjs-vm-ingress-port: 8080, 0.0.0.0:18080:8081/udp */\n"
                    "/* rexxjs-vm-egress-ports: 5432,6379 */\n"
                    "/* rexxjs-vm-network: backend */\n"
                    "/* rexxjs-vm-spec: ./app.yaml */\r\n"
                    "SAY 'hello'\n"));
    assert_string_equal(header.base, "base-rhel-8-with-jdk17");
    assert_string_equal(header.name, "my.vm");
    assert_int_equal(header.memory, UINT64_C(4) << 30);
    assert_int_equal(header.disk, UINT64_C(20) << 30);
    assert_int_equal(header.cpus, 2);
    assert_int_equal(header.timeout_ms, 300000);
    assert_int_equal(header.ingress_count, 2);
    assert_int_equal(header.ingress[0].guest, 8080);
    assert_int_equal(header.ingress[0].host, 0);
    assert_string_equal(header.ingress[0].address, "127.0.0.1");
    assert_string_equal(header.ingress[1].address, "0.0.0.0");
    assert_string_equal(header.ingress[1].protocol, "udp");
    assert_int_equal(header.ingress[1].host, 18080);
    assert_string_equal(header.egress, "5432/tcp, 6379/tcp");
    assert_string_equal(header.network, "backend");
    assert_string_equal(header.spec, "./app.yaml");
}

static void one_comment_may_hold_several_lines(void **state)
{
    (void)state;
    assert_ok(parse("/*\n * rexxjs-vm-base: debian\n *\n * rexxjs-vm-cpus: 3\n */\n"));
    assert_string_equal(header.base, "debian");
    assert_int_equal(header.cpus, 3);
}

static void only_real_comments_at_the_top_count(void **state)
{
    (void)state;
    assert_ok(parse("say '/* rexxjs-vm-base: string */'\n"
                    "say \"/* rexxjs-vm-base: string */\"\n"
                    "-- /* rexxjs-vm-base: line */\n"
                    "/* says that /* rexxjs-vm-base: nested */ is how it is written */\n"
                    "/* The header: rexxjs-vm-base: prose */\n"));
    assert_string_equal(header.base, "");
    char late[256] = "";
    for (int i = 0; i < AQ_HEADER_LINES; i++)
        strcat(late, "\n");
    strcat(late, "/* rexxjs-vm-base: late */\n");
    assert_ok(parse(late));
    assert_string_equal(header.base, "");
    assert_ok(parse(late + 1));
    assert_string_equal(header.base, "late");
}

static void an_apostrophe_does_not_hide_the_header(void **state)
{
    (void)state;
    assert_ok(parse("/* don't */ say \"it's\" -- isn't\n/* rexxjs-vm-base: debian */\n"));
    assert_string_equal(header.base, "debian");
}

static void what_is_wrong_is_told_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *script, *says;
    } bad[] = {
        {"\n/* rexxjs-vm-memory: lots */", "app.rexx, line 2: rexxjs-vm-memory has to be a size"},
        {"/* rexxjs-vm-memory: 1M */", "at least 16M"},
        {"/* rexxjs-vm-cpus: 0 */", "line 1: rexxjs-vm-cpus has to be a number"},
        {"/* rexxjs-vm-cpus: 2x */", "rexxjs-vm-cpus"},
        {"/* rexxjs-vm-base: ../etc */", "rexxjs-vm-base has to be a name"},
        {"/* rexxjs-vm-base: -x */", "rexxjs-vm-base has to be a name"},
        {"/* rexxjs-vm-base: */", "followed by a value"},
        {"/* rexxjs-vm-timeout: soon */", "rexxjs-vm-timeout has to be a duration"},
        {"/* rexxjs-vm-ingress-port: 70000 */", "\"70000\" is not a port"},
        {"/* rexxjs-vm-ingress-port: 80,,81 */", "is not a port"},
        {"\n\n/* rexxjs-vm-egress-ports: 80, htpp */", "app.rexx, line 3: rexxjs-vm-egress-ports: \"htpp\""},
        {"/* rexxjs-vm-egress-ports: 10.0.0.0/8 */", "does not say what may be reached"},
        {"/* rexxjs-vm-ingress-port: 80, 80 */", "named twice"},
        {"\n/* rexxjs-vm-network: bridge */", "app.rexx, line 2: rexxjs-vm-network: there is no network"},
        {"/* rexxjs-vm-network: ../x */", "rexxjs-vm-network: a network is"},
        {"/* rexxjs-vm-egres-ports: 80 */", "did you mean rexxjs-vm-egress-ports?"},
        {"/* rexxjs-vm-colour: blue */", "known are base"},
        {"/* rexxjs-vm-base debian */", "a header line looks like"},
        {"/* rexxjs-vm-base: a */\n/* rexxjs-vm-base: a */",
         "line 2: rexxjs-vm-base is given already, on line 1"},
        {"/* rexxjs-vm-base: a\n   nonsense */", "line 2: a header line looks like"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (parse(bad[i].script) == 0)
            fail_msg("accepted: %s", bad[i].script);
        assert_int_equal(err.code, AQ_E_HEADER_INVALID);
        if (strstr(err.text, bad[i].says) == NULL)
            fail_msg("%s\nsays: %s\nwanted: %s", bad[i].script, err.text, bad[i].says);
    }
}

static void any_bytes_are_survived(void **state)
{
    (void)state;
    static const char pieces[][24] = {
        "/* rexxjs-vm-",  "base: ", "*/", "/*",       "'", "\"", "--", "\n",      "\r\n",
        "ingress-port: ", "8080:",  ",",  "\xff\xfe", "a", " ",  "*",  "0.0.0.0:"};
    unsigned seed = 7;
    for (int round = 0; round < 20000; round++) {
        char script[512];
        size_t length = 0;
        for (int i = 0; i < 16; i++) {
            seed = seed * 1103515245 + 12345;
            const char *piece = pieces[(seed >> 16) % (sizeof pieces / sizeof *pieces)];
            memcpy(script + length, piece, strlen(piece));
            length += strlen(piece);
        }
        err = (struct aq_error){0};
        aq_header_free(&header);
        int parsed = aq_header_parse(script, length, "fuzz", &header, &err);
        assert_true(parsed == 0 ? err.code == AQ_OK : err.code == AQ_E_HEADER_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_keys_are_read),
        cmocka_unit_test(one_comment_may_hold_several_lines),
        cmocka_unit_test(only_real_comments_at_the_top_count),
        cmocka_unit_test(an_apostrophe_does_not_hide_the_header),
        cmocka_unit_test(what_is_wrong_is_told_with_its_line),
        cmocka_unit_test(any_bytes_are_survived),
    };
    int failed = cmocka_run_group_tests_name("spec/header", tests, NULL, NULL);
    aq_header_free(&header);
    return failed;
}
