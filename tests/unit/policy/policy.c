/* SPDX-License-Identifier: MIT */
/* The policy's files, and what they allow. */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "tool.h"
#include "util/files.h"

#define GIB (1ULL << 30)

static struct aq_error err;
static char host[4200], own[4200], here[4000];

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    tool("sh", "-ec", "rm -rf config host.yaml; mkdir -p config/address-qemu");
    struct aq_strings notes = {0};
    aq_policy_take_notes(&notes);
    aq_strings_free(&notes);
    return 0;
}

/* What the latest refusal said. */
static char said[sizeof err.text];

static int note(int result)
{
    snprintf(said, sizeof said, "%s", err.text);
    return result;
}

/* Each asks with the files that are there; they are read anew each time. */
static int number(enum aq_policy_rule rule, uint64_t wanted)
{
    aq_autopolicy struct aq_policy policy = {0};
    int loaded = aq_policy_load(&policy, &err);
    return note(loaded < 0 ? -1 : aq_policy_number(&policy, rule, wanted, "it would have", &err));
}

static int name(enum aq_policy_rule rule, const char *wanted)
{
    aq_autopolicy struct aq_policy policy = {0};
    int loaded = aq_policy_load(&policy, &err);
    return note(loaded < 0 ? -1 : aq_policy_name(&policy, rule, wanted, "the thing", &err));
}

static int source(const char *wanted)
{
    aq_autopolicy struct aq_policy policy = {0};
    int loaded = aq_policy_load(&policy, &err);
    return note(loaded < 0 ? -1 : aq_policy_source(&policy, AQ_POLICY_DISK_FOLDERS, wanted, &err));
}

#define assert_text(part)                                                                                    \
    do {                                                                                                     \
        if (strstr(said, part) == NULL)                                                                      \
            fail_msg("wanted \"%s\" in: %s", part, said);                                                    \
    } while (0)

static void without_files_everything_is_allowed(void **state)
{
    (void)state;
    assert_ok(number(AQ_POLICY_MAX_VMS, 1000000));
    assert_ok(name(AQ_POLICY_NETWORKS, "bridge"));
    assert_ok(source("/etc/passwd"));
    write_file(own, "{}\n");
    assert_ok(number(AQ_POLICY_MAX_MEMORY_PER_VM, 1ULL << 50));
}

static void a_limit_names_rule_file_and_line(void **state)
{
    (void)state;
    write_file(own, "# mine\nmax_vms: 3\n\nmax_memory_per_vm: 1.5G\nmax_cpus: 4\n");
    assert_ok(number(AQ_POLICY_MAX_VMS, 3));
    assert_fails(number(AQ_POLICY_MAX_VMS, 4), AQ_E_POLICY_REFUSED);
    aq_autofree char *where = aq_format("(max_vms, %s:2)", own);
    assert_text(where);
    assert_text("it would have 4 VMs, and the policy allows 3");
    assert_ok(number(AQ_POLICY_MAX_MEMORY_PER_VM, GIB + GIB / 2));
    assert_fails(number(AQ_POLICY_MAX_MEMORY_PER_VM, 2 * GIB), AQ_E_POLICY_REFUSED);
    assert_text("2G of memory, and the policy allows 1.5G");
    assert_text("yaml:4)");
    assert_ok(number(AQ_POLICY_MAX_CPUS_PER_VM, 64));
}

/* Neither loosens the other, whatever its mode is. */
static void both_files_count(void **state)
{
    (void)state;
    write_file(host, "max_vms: 5\nnetworks: [none, 'user']\n");
    write_file(own, "security_mode: permissive\nmax_vms: 100\nnetworks: ['*']\n");
    assert_ok(number(AQ_POLICY_MAX_VMS, 5));
    assert_fails(number(AQ_POLICY_MAX_VMS, 6), AQ_E_POLICY_REFUSED);
    assert_text("host.yaml:1");
    assert_ok(name(AQ_POLICY_NETWORKS, "user"));
    assert_fails(name(AQ_POLICY_NETWORKS, "bridge"), AQ_E_POLICY_REFUSED);
    write_file(own, "max_vms: 2\nnetworks: [none]\n");
    assert_fails(number(AQ_POLICY_MAX_VMS, 3), AQ_E_POLICY_REFUSED);
    assert_text("policy.yaml:1");
    assert_fails(name(AQ_POLICY_NETWORKS, "user"), AQ_E_POLICY_REFUSED);
    assert_text("the thing user is not one that the policy allows: none");
}

static void strict_refuses_what_is_not_allowed(void **state)
{
    (void)state;
    write_file(own, "bases: [debian, 'ci-*']\nsecurity_mode: strict\n");
    assert_ok(name(AQ_POLICY_BASES, "ci-7"));
    assert_fails(name(AQ_POLICY_BASES, "micro"), AQ_E_POLICY_REFUSED);
    assert_fails(name(AQ_POLICY_NETWORKS, "none"), AQ_E_POLICY_REFUSED);
    assert_text("networks is not set and security_mode is strict");
    assert_text("policy.yaml:2");
    assert_fails(source("/etc/passwd"), AQ_E_POLICY_REFUSED);
    assert_ok(number(AQ_POLICY_MAX_VMS, 10));
    assert_fails(number(AQ_POLICY_MAX_VMS, 11), AQ_E_POLICY_REFUSED);
    assert_fails(number(AQ_POLICY_MAX_CPUS_PER_VM, 9), AQ_E_POLICY_REFUSED);
    assert_ok(number(AQ_POLICY_MAX_CPUS, 1000));
    write_file(own, "max_vms: 20\nsecurity_mode: strict\n");
    assert_ok(number(AQ_POLICY_MAX_VMS, 20));
}

static void permissive_notes_what_it_would_refuse(void **state)
{
    (void)state;
    aq_autostrings struct aq_strings notes = {0};
    write_file(own, "security_mode: permissive\nmax_vms: 1\ndisk_folders: []\n");
    assert_ok(number(AQ_POLICY_MAX_VMS, 2));
    assert_ok(source("/etc/passwd"));
    aq_policy_take_notes(&notes);
    assert_int_equal(notes.count, 2);
    assert_non_null(strstr(notes.items[0], "it would have 2 VMs, and the policy allows 1 (max_vms, "));
    assert_non_null(strstr(notes.items[1], "/etc/passwd is not in a place that the policy allows: nothing"));
    aq_policy_take_notes(&notes);
    assert_int_equal(notes.count, 2);
}

static void sources_are_where_they_really_are(void **state)
{
    (void)state;
    tool("sh", "-ec",
         "rm -rf in inn out; mkdir -p in/sub inn out; echo x >in/sub/a; echo x >inn/a; echo x "
         ">out/a; ln -s ../out/a in/escape; ln -s ../in/sub/a out/inside; ln -s in link");
    aq_autofree char *text = aq_format("disk_folders: [%s/link, 'https://example.org/images/']\n", here);
    write_file(own, text);
    assert_ok(source("in/sub/a"));
    assert_ok(source("out/../in/sub/../sub/a"));
    assert_ok(source("out/inside"));
    aq_autofree char *url = aq_format("file://%s/in/sub/a", here);
    assert_ok(source(url));
    assert_fails(source("in/escape"), AQ_E_POLICY_REFUSED);
    assert_text("out/a is not in a place");
    assert_fails(source("inn/a"), AQ_E_POLICY_REFUSED);
    assert_fails(source("in/../out/a"), AQ_E_POLICY_REFUSED);
    aq_autofree char *climbs = aq_format("file://%s/in/%%2e%%2e/out/a", here);
    assert_fails(source(climbs), AQ_E_POLICY_REFUSED);
    assert_ok(source("in/nothing")); /* whoever opens it says so */
    assert_ok(source("https://example.org/images/a.qcow2"));
    assert_fails(source("https://example.org/imagesx/a"), AQ_E_POLICY_REFUSED);
    assert_fails(source("https://example.org/images/../a"), AQ_E_POLICY_REFUSED);
    assert_fails(source("http://example.org/images/a"), AQ_E_POLICY_REFUSED);
    assert_fails(source("https://example.org.evil.net/images/a"), AQ_E_POLICY_REFUSED);
}

static void a_file_that_is_wrong_allows_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"max_vms: 3\nmax_vmz: 4\n", ":2: there is no rule max_vmz; did you mean max_vms?"},
        {"security_mode: lax\n", ":1: security_mode has to be strict, moderate or permissive"},
        {"max_vms: many\n", ":1: max_vms has to be a whole number"},
        {"max_vms: -1\n", ":1: max_vms has to be a whole number"},
        {"max_memory: lots\n", ":1: max_memory has to be a size"},
        {"max_memory: [1]\n", ":1: max_memory has to be a size"},
        {"\nbases: debian\n", ":2: bases has to be a list"},
        {"bases:\n  - a\n  - {b: c}\n", ":3: an entry has to be text"},
        {"disk_folders: [images]\n", ":1: a folder has to be an absolute path"},
        {"audit_reads: maybe\n", ":1: audit_reads has to be true or false"},
        {"max_vms: 1\nmax_vms: 2\n", "max_vms"},
        {"- a\n", "policy.yaml"},
        {"a: [\n", "policy.yaml"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        write_file(own, wrong[i].text);
        assert_fails(number(AQ_POLICY_MAX_CPUS, 1), AQ_E_POLICY_INVALID);
        assert_text(wrong[i].says);
        assert_text("policy.yaml");
    }
}

static void a_file_that_others_may_write_is_none(void **state)
{
    (void)state;
    write_file(own, "max_vms: 1000\n");
    assert_int_equal(chmod(own, 0666), 0);
    assert_fails(number(AQ_POLICY_MAX_VMS, 1), AQ_E_POLICY_INVALID);
    assert_int_equal(chmod(own, 0644), 0);
    assert_ok(number(AQ_POLICY_MAX_VMS, 1));
    if (getuid() == 0) {
        assert_int_equal(chown(own, 12345, -1), 0);
        assert_fails(number(AQ_POLICY_MAX_VMS, 1), AQ_E_POLICY_INVALID);
        assert_int_equal(rename(own, host), 0);
        assert_fails(number(AQ_POLICY_MAX_VMS, 1), AQ_E_POLICY_INVALID);
    }
    tool("sh", "-ec",
         "rm -f host.yaml config/address-qemu/policy.yaml; mkfifo config/address-qemu/policy.yaml");
    assert_fails(number(AQ_POLICY_MAX_VMS, 1), AQ_E_POLICY_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_files_everything_is_allowed, fresh),
        cmocka_unit_test_setup(a_limit_names_rule_file_and_line, fresh),
        cmocka_unit_test_setup(both_files_count, fresh),
        cmocka_unit_test_setup(strict_refuses_what_is_not_allowed, fresh),
        cmocka_unit_test_setup(permissive_notes_what_it_would_refuse, fresh),
        cmocka_unit_test_setup(sources_are_where_they_really_are, fresh),
        cmocka_unit_test_setup(a_file_that_is_wrong_allows_nothing, fresh),
        cmocka_unit_test_setup(a_file_that_others_may_write_is_none, fresh),
    };
    if (getcwd(here, sizeof here) == NULL)
        return 1;
    snprintf(host, sizeof host, "%s/host.yaml", here);
    snprintf(own, sizeof own, "%s/config/address-qemu/policy.yaml", here);
    aq_autofree char *config = aq_format("%s/config", here);
    setenv("XDG_CONFIG_HOME", config, 1);
    aq_policy_host_file = host;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
