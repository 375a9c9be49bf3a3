/* SPDX-License-Identifier: MIT */
/* The policy, as commands meet it. */
#include "test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "bios-vm.h"
#include "policy/policy.h"

static char *config;

static void policy(const char *text)
{
    aq_autofree char *path = aq_format("%s/policy.yaml", config);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int fresh_policy(void **state)
{
    tool("sh", "-ec", "rm -f host.yaml \"$XDG_CONFIG_HOME/address-qemu/policy.yaml\"");
    return fresh(state);
}

static int ended_policy(void **state)
{
    tool("sh", "-ec", "rm -f host.yaml \"$XDG_CONFIG_HOME/address-qemu/policy.yaml\"");
    return ended(state);
}

static void assert_count(int wanted)
{
    assert_command("list");
    assert_int_equal(atoi(field("COUNT")), wanted);
}

static void what_a_vm_may_be(void **state)
{
    (void)state;
    policy("max_memory_per_vm: 96M\nmax_cpus_per_vm: 2\nnetworks: [none]\nbases: ['b*']\n");
    assert_refused("POLICY_REFUSED", "clone base=base name=one network=none memory=128M no_start");
    assert_says("the VM one would have 128M of memory, and the policy allows 96M (max_memory_per_vm, ");
    assert_says("policy.yaml:1)");
    assert_int_equal(aq_result_rc(last), 6);
    assert_refused("POLICY_REFUSED", "clone base=base name=one network=none cpus=3 no_start");
    assert_refused("POLICY_REFUSED", "clone base=base name=one network=user no_start");
    assert_says("the network user is not one that the policy allows: none (networks, ");
    assert_count(0);
    assert_command("clone base=base name=one network=none");
    policy("bases: [other]\n");
    assert_refused("POLICY_REFUSED", "clone base=base name=two no_start");
    assert_says("the base base is not one that the policy allows: other");
    assert_refused("POLICY_REFUSED", "clone vm=one name=two no_start");
    assert_command("inspect one"); /* its disk was not made a layer first */
    assert_string_equal(field("LAYER"), "");
    assert_command("stop one force=true");
    /* What there is already may not be started either. */
    assert_refused("POLICY_REFUSED", "start one");
    assert_command("status one");
    assert_string_equal(field("STATUS"), "stopped");
    assert_count(1);
    policy("bases: [base]\n");
    assert_command("start one");
}

/* Also when a script's header asks for it. */
static void what_a_script_asks_for(void **state)
{
    (void)state;
    tool("sh", "-ec", "printf '/* rexxjs-vm-base: base */\\n/* rexxjs-vm-memory: 1G */\\nsay 1\\n' >a.rexx");
    policy("max_memory_per_vm: 512M\n");
    assert_refused("POLICY_REFUSED", "provision script=a.rexx");
    assert_says("max_memory_per_vm");
    assert_count(0);
    policy("script_folders: [/nowhere]\n");
    assert_refused("POLICY_REFUSED", "provision script=a.rexx base=base");
    assert_says("script_folders");
    assert_refused("POLICY_REFUSED", "execute_rexx vm=one script_file=a.rexx");
    assert_count(0);
}

static void so_many_vms(void **state)
{
    (void)state;
    policy("max_vms: 2\n");
    assert_command("clone base=base name=one no_start");
    assert_command("clone base=base name=two no_start");
    assert_refused("POLICY_REFUSED", "clone base=base name=three no_start");
    assert_says("with it there would be 3 VMs, and the policy allows 2 (max_vms, ");
    assert_count(2);
    aq_autoclose int vms = aq_open_home_dir("vms", &err);
    tool("sh", "-ec", "[ \"$(ls -A \"$ADDRESS_QEMU_HOME/vms\" | sort | tr '\\n' ' ')\" = 'one two ' ]");
    assert_command("remove one");
    assert_command("clone base=base name=three no_start");
}

/* However many try at once, exactly as many get through as are allowed. */
static void so_many_vms_at_once(void **state)
{
    (void)state;
    enum { TRIES = 12, ALLOWED = 5 };
    int made = 0;
    policy("max_vms: 5\n");
    for (int i = 0; i < TRIES; i++)
        if (fork() == 0)
            _exit(command("clone base=base no_start"));
    for (int i = 0; i < TRIES; i++) {
        int status = 0;
        assert_true(wait(&status) > 0);
        assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 6);
        made += WEXITSTATUS(status) == 0;
    }
    assert_int_equal(made, ALLOWED);
    assert_count(ALLOWED);
}

static void so_much_in_all(void **state)
{
    (void)state;
    policy("max_memory: 160M\nmax_cpus: 3\n");
    for (int i = 1; i <= 3; i++)
        assert_command("clone base=base name=vm%d no_start", i);
    assert_command("start vm1");
    assert_command("start vm2");
    assert_refused("POLICY_REFUSED", "start vm3");
    assert_says("with it all VMs that run would have 192M of memory, and the policy allows 160M");
    assert_command("policy");
    assert_string_equal(field("VMS"), "3");
    assert_string_equal(field("MEMORY"), "128");
    assert_string_equal(field("CPUS"), "2");
    assert_command("status vm3");
    assert_string_equal(field("STATUS"), "stopped");
    assert_command("stop vm1 force=true");
    assert_command("start vm3");
    assert_refused("POLICY_REFUSED", "clone base=base name=vm4 cpus=2");
    assert_command("list");
    assert_string_equal(field("RUNNING"), "2");
}

static void so_much_in_all_at_once(void **state)
{
    (void)state;
    enum { TRIES = 6, ALLOWED = 2 };
    int started = 0;
    for (int i = 0; i < TRIES; i++)
        assert_command("clone base=base name=vm%d no_start", i);
    policy("max_cpus: 2\n");
    for (int i = 0; i < TRIES; i++)
        if (fork() == 0)
            _exit(command("start vm%d", i));
    for (int i = 0; i < TRIES; i++) {
        int status = 0;
        assert_true(wait(&status) > 0);
        assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 6);
        started += WEXITSTATUS(status) == 0;
    }
    assert_int_equal(started, ALLOWED);
    assert_command("list");
    assert_int_equal(atoi(field("RUNNING")), ALLOWED);
}

static void disks_come_from_where_they_may(void **state)
{
    (void)state;
    tool("sh", "-ec",
         "rm -rf images; mkdir images; cp base.qcow2 images/a.qcow2; cp base.qcow2 b.qcow2; ln -s "
         "../b.qcow2 images/link.qcow2; echo x >a.iso");
    aq_autofree char *here = getcwd(NULL, 0);
    aq_autofree char *text = aq_format("disk_folders:\n  - %s/images\n", here);
    policy(text);
    assert_refused("POLICY_REFUSED", "register_base name=b disk=b.qcow2");
    assert_says("disk_folders");
    assert_says("policy.yaml:1");
    assert_refused("POLICY_REFUSED", "register_base name=b disk=images/link.qcow2");
    assert_refused("POLICY_REFUSED", "create image=b.qcow2 name=one no_start");
    assert_refused("POLICY_REFUSED", "import name=b file=b.qcow2");
    assert_refused("POLICY_REFUSED", "import name=b url=https://127.0.0.1:1/b.qcow2");
    assert_refused("POLICY_REFUSED", "download_iso url=https://127.0.0.1:1/b.iso");
    assert_command("register_base name=b disk=images/a.qcow2 memory=64M cpus=1");
    assert_command("clone base=b name=one no_start");
    assert_refused("POLICY_REFUSED", "attach_iso one iso_path=a.iso");
    assert_refused("FILE_NOT_FOUND", "register_base name=c disk=images/none.qcow2");
}

/* What a user says of himself does not loosen what the host says. */
static void a_user_cannot_loosen(void **state)
{
    (void)state;
    tool("sh", "-ec", "echo 'max_vms: 1' >host.yaml");
    policy("max_vms: 100\nsecurity_mode: permissive\n");
    assert_command("clone base=base name=one no_start");
    assert_refused("POLICY_REFUSED", "clone base=base name=two no_start");
    assert_says("host.yaml:1");
    assert_command("policy");
    assert_string_equal(field("COUNT"), "4");
    assert_string_equal(aq_result_cell(last, 0, 1, "NAME", NULL), "max_vms");
    assert_string_equal(aq_result_cell(last, 0, 1, "VALUE", NULL), "1");
    assert_string_equal(aq_result_cell(last, 0, 1, "LINE", NULL), "1");
    assert_string_equal(aq_result_cell(last, 0, 2, "MODE", NULL), "permissive");
}

static void permissive_warns(void **state)
{
    (void)state;
    policy("security_mode: permissive\nmax_vms: 0\n");
    assert_command("clone base=base name=one no_start");
    assert_non_null(strstr(aq_result_output(last), "policy: with it there would be 1 VMs"));
    assert_command("security_audit verb=clone");
    assert_non_null(strstr(aq_result_cell(last, 0, 0, "POLICY", NULL), "max_vms"));
    assert_command("status one"); /* nothing is carried over */
    assert_null(strstr(aq_result_output(last), "policy"));
}

/* Nothing new while it cannot be read, but what there is can be looked at and ended. */
static void a_policy_that_is_wrong(void **state)
{
    (void)state;
    assert_command("clone base=base name=one");
    policy("max_vms: [\n");
    assert_refused("POLICY_INVALID", "clone base=base name=two no_start");
    assert_says("policy.yaml");
    assert_refused("POLICY_INVALID", "policy");
    assert_command("list");
    assert_command("stop one force=true");
    assert_refused("POLICY_INVALID", "start one");
    assert_command("remove one");
}

/* A refusal is in the log, with all that the issue is about; and what only looks, where that is wanted. */
static void the_audit_log_has_it(void **state)
{
    (void)state;
    policy("max_vms: 0\n");
    assert_refused("POLICY_REFUSED", "clone base=base name=one no_start");
    assert_command("list");
    assert_command("security_audit outcome=policy_refused");
    assert_string_equal(field("COUNT"), "1");
    assert_string_equal(aq_result_cell(last, 0, 0, "VERB", NULL), "clone");
    assert_string_equal(aq_result_cell(last, 0, 0, "PARAMETERS", NULL),
                        "{\"base\":\"base\",\"name\":\"one\",\"no_start\":\"true\"}");
    assert_command("security_audit verb=list");
    assert_string_equal(field("COUNT"), "0");
    policy("audit_reads: true\n");
    assert_command("list");
    assert_command("ping");
    assert_command("security_audit verb=list");
    assert_string_equal(field("COUNT"), "1");
    assert_command("security_audit verb=ping");
    assert_string_equal(field("COUNT"), "0");
}

#define test(name) cmocka_unit_test_setup_teardown(name, fresh_policy, ended_policy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(what_a_vm_may_be),
        test(what_a_script_asks_for),
        test(so_many_vms),
        test(so_many_vms_at_once),
        test(so_much_in_all),
        test(so_much_in_all_at_once),
        test(disks_come_from_where_they_may),
        test(a_user_cannot_loosen),
        test(permissive_warns),
        test(a_policy_that_is_wrong),
        test(the_audit_log_has_it),
    };
    aq_autofree char *here = getcwd(NULL, 0);
    aq_autofree char *host = aq_format("%s/host.yaml", here);
    config = aq_format("%s/config/address-qemu", here);
    tool("mkdir", "-p", config);
    aq_autofree char *home = aq_format("%s/config", here);
    setenv("XDG_CONFIG_HOME", home, 1);
    aq_policy_host_file = host;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    aq_result_free(last);
    free(config);
    return failed;
}
