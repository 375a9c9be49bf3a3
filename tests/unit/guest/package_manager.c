/* SPDX-License-Identifier: MIT */
/* Which commands install a package, for each family of distributions as they describe themselves. */
#include "test.h"

#include <string.h>

#include "guest/package_manager.h"

/* A command as one line. */
static const char *line(const char *const *words)
{
    static char text[512];
    text[0] = '\0';
    for (; words != NULL && *words != NULL; words++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", text[0] != '\0' ? " " : "", *words);
    return text;
}

static void each_family_has_its_own(void **state)
{
    static const struct {
        const char *release, *name, *install, *files;
    } cases[] = {
        {"ID=debian\nVERSION_ID=\"12\"\n", "apt",
         "apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install", "dpkg -i"},
        {"NAME=\"Linux Mint\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "apt", NULL, NULL},
        {"ID=fedora\nVERSION_ID=7\n", "dnf", "dnf -y install", "rpm -U --replacepkgs"},
        {"ID=\"rhel\"\nVERSION_ID=\"9.4\"\n", "dnf", NULL, NULL},
        {"ID='rocky'\nID_LIKE='rhel centos fedora'\nVERSION_ID='8.10'\n", "dnf", NULL, NULL},
        {"ID=\"centos\"\nVERSION_ID=\"7\"\n", "yum", "yum -y install", "rpm -U --replacepkgs"},
        {"ID=amzn\nVERSION_ID=2\nID_LIKE=\"centos rhel fedora\"\n", "yum", NULL, NULL},
        {"ID=amzn\nVERSION_ID=2023\n", "dnf", NULL, NULL},
        {"ID=alpine\nVERSION_ID=3.20.1\n", "apk", "apk add --no-cache", "apk add --allow-untrusted"},
        {"ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\nVERSION_ID=\"15.6\"\n", "zypper",
         "zypper --non-interactive install", "rpm -U --replacepkgs"},
        {"ID=\"sles\"\nID_LIKE=\"suse\"\n", "zypper", NULL, NULL},
        {"ID=arch\n", "pacman", "pacman -Sy --noconfirm --needed", "pacman -U --noconfirm --needed"},
        {"ID=endeavouros\nID_LIKE=arch", "pacman", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aq_distribution distribution;
        aq_distribution_parse(cases[i].release, &distribution);
        const struct aq_package_manager *manager = aq_package_manager_of(&distribution);
        assert_non_null(manager);
        assert_string_equal(manager->name, cases[i].name);
        if (cases[i].install != NULL) {
            assert_string_equal(line(manager->install), cases[i].install);
            assert_string_equal(line(manager->install_files), cases[i].files);
        }
    }
}

static void others_have_none(void **state)
{
    static const char *const cases[] = {
        "",  "\n\n", "ID=\n", "ID=nixos\n", "ID=debian2\n", "ID_LIKE=de\n", "NAME=debian\n", "XID=debian\n",
        "ID"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aq_distribution distribution;
        aq_distribution_parse(cases[i], &distribution);
        assert_null(aq_package_manager_of(&distribution));
        assert_null(aq_service_commands(&distribution)[0]);
    }
}

/* What a guest says is cut and cleaned. */
static void what_is_said_is_not_trusted(void **state)
{
    struct aq_distribution distribution;
    aq_autobuffer struct aq_buffer text = {0};
    (void)state;
    aq_buffer_add_text(&text, "ID=debian\nPRETTY_NAME=\"\x1b[2J\x80");
    for (int i = 0; i < 5000; i++)
        aq_buffer_add_text(&text, "x");
    aq_buffer_add_text(&text, "\"\nINIT=systemd\nUID=0\n");
    aq_distribution_parse(text.data, &distribution);
    assert_int_equal(strlen(distribution.name), sizeof distribution.name - 1);
    assert_memory_equal(distribution.name, "?[2J?xxx", 8);
    assert_string_equal(distribution.init, "systemd");
    assert_string_equal(distribution.user, "0");
}

static void services_are_started_by_what_is_there(void **state)
{
    struct aq_distribution distribution;
    const char *const *const *command;
    (void)state;
    aq_distribution_parse("ID=debian\nINIT=systemd\n", &distribution);
    for (command = aq_service_commands(&distribution); command[1] != NULL; command++)
        ;
    assert_string_equal(line(*command), "systemctl start qemu-guest-agent.service");
    aq_distribution_parse("ID=alpine\nINIT=openrc\n", &distribution);
    command = aq_service_commands(&distribution);
    assert_string_equal(line(command[0]), "rc-update add qemu-guest-agent default");
    assert_string_equal(line(command[1]), "rc-service qemu-guest-agent start");
    assert_null(command[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_family_has_its_own),
        cmocka_unit_test(others_have_none),
        cmocka_unit_test(what_is_said_is_not_trusted),
        cmocka_unit_test(services_are_started_by_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
