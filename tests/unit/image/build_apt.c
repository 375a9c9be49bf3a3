/* SPDX-License-Identifier: MIT */
/* What apt says, and what is made of it. */
#include "test.h"

#include <string.h>

#include "image/build_apt.h"

#define SIGNED "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "

static void assert_sources(const char *targets, const char *suite, const char *expected)
{
    aq_autobuffer struct aq_buffer lines = {0};
    aq_apt_sources_of_host(targets, suite, &lines);
    assert_string_equal(aq_buffer_text(&lines), expected);
}

static void the_hosts_own_mirror_is_used(void **state)
{
    (void)state;
    assert_sources("http://mirror.lan/debian/ bookworm bookworm main\n"
                   "http://mirror.lan/debian/ bookworm bookworm contrib\n"
                   "http://mirror.lan/debian/ bookworm-updates bookworm-updates main\n"
                   "http://mirror.lan/security/ bookworm-security bookworm-security main\n"
                   "http://mirror.lan/debian/ bookworm-backports bookworm-backports main\n"
                   "https://packages.example.org/apt nodistro nodistro main\n",
                   "bookworm",
                   SIGNED "http://mirror.lan/debian/ bookworm main\n" SIGNED
                          "http://mirror.lan/debian/ bookworm-updates main\n" SIGNED
                          "http://mirror.lan/security/ bookworm-security main\n");
}

static void a_suite_is_known_by_its_code_name_too(void **state)
{
    (void)state;
    assert_sources("http://mirror.lan/debian/ stable trixie main\n"
                   "http://mirror.lan/debian/ stable-updates trixie-updates main\n",
                   "trixie",
                   SIGNED "http://mirror.lan/debian/ stable main\n" SIGNED
                          "http://mirror.lan/debian/ stable-updates main\n");
}

static void a_suite_that_the_host_does_not_have_gives_nothing(void **state)
{
    (void)state;
    assert_sources("", "bookworm", "");
    assert_sources("http://mirror.lan/ubuntu/ noble noble main\n", "bookworm", "");
    assert_sources("http://mirror.lan/debian/ bookworm-updates bookworm-updates main\n", "bookworm", "");
    assert_sources("http://mirror.lan/debian/ bookworm2 bookworm2 main\n", "bookworm", "");
}

static void simulated_installs_become_file_names(void **state)
{
    (void)state;
    aq_autostrings struct aq_strings names = {0};
    aq_apt_simulated_files("Reading package lists...\n"
                           "NOTE: This is only a simulation!\n"
                           "Inst libc6 (2.36-9+deb12u14 Debian:12.12/oldstable [amd64]) []\n"
                           "Inst busybox-static (1:1.35.0-4+b1 Debian:12.12/oldstable [amd64])\n"
                           "Inst logsave (1.47.0-2 Debian:12.12/oldstable, Debian-Security:12 [all])\n"
                           "Conf libc6 (2.36-9+deb12u14 Debian:12.12/oldstable [amd64])\n",
                           &names);
    assert_int_equal(names.count, 3);
    assert_string_equal(names.items[0], "libc6_2.36-9+deb12u14_amd64.deb");
    assert_string_equal(names.items[1], "busybox-static_1%3a1.35.0-4+b1_amd64.deb");
    assert_string_equal(names.items[2], "logsave_1.47.0-2_all.deb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hosts_own_mirror_is_used),
        cmocka_unit_test(a_suite_is_known_by_its_code_name_too),
        cmocka_unit_test(a_suite_that_the_host_does_not_have_gives_nothing),
        cmocka_unit_test(simulated_installs_become_file_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
