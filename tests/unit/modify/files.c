/* SPDX-License-Identifier: MIT */
/* Specs of files, through the verbs: keys, layers, generations. The base is a disk that is all one ext4, so
 * no appliance is needed. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image/base.h"
#include "modify/step_key.h"
#include "session.h"
#include "tool.h"
#include "util/files.h"
#include "util/home.h"
#include "util/wait.h"
#include "vm/vm.h"

static struct aq_error err;

static void publish(const char *name, json_t *built)
{
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    aq_autofree char *folder = NULL;
    aq_autobase struct aq_base base = {0};
    enum aq_base_outcome outcome;
    assert_ok(aq_base_stage(name, &stage, &folder, &err));
    aq_autofree char *disk = aq_format("%s/" AQ_BASE_DISK, folder);
    tool("cp", "base.qcow2", disk);
    const struct aq_base_request request = {
        .name = name, .memory = 128, .cpus = 1, .copy = true, .dependents = aq_vm_dependents};
    assert_ok(aq_base_publish(&stage, &request, built, NULL, &base, &outcome, &err));
}

/* A base of which it is known where its file system is. */
static void publish_base(const char *name)
{
    publish(name, json_pack("{s:[{s:s, s:s}]}", "root", "device", "/dev/sda", "path", "/"));
}

static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    aq_autofree char *home = aq_home_path(&err);
    assert_ok(aq_remove_tree_at(AT_FDCWD, home, &err));
    if (access("base.qcow2", F_OK) < 0)
        tool("sh", "-c",
             "mkdir -p tree/etc tree/bin && : >tree/bin/sh && echo 'app:x:7:8::/:' >tree/etc/passwd && "
             "truncate -s 32M disk.raw && "
             "mkfs.ext4 -q -F -d tree disk.raw && qemu-img convert -f raw -O qcow2 disk.raw base.qcow2");
    publish_base("base");
    return 0;
}

static void write_text(const char *name, const char *text)
{
    aq_autofclose FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
}

#define SPEC(entries) "checkpoint_modifications:\n  base_checkpoint: base\n  files:\n" entries

static long number(const char *name)
{
    return strtol(field(name), NULL, 10);
}

static void builds_a_layer_once(void **state)
{
    (void)state;
    write_text("source", "one\n");
    write_text("spec.yaml", SPEC("    - {path: /srv/file, source: ./source, owner: app, mode: \"0640\"}\n"));
    assert_command("modify spec=spec.yaml dry_run=true");
    assert_string_equal(aq_result_cell(last, 0, 0, "STATUS", NULL), "todo");
    assert_command("modify spec=spec.yaml name=app");
    assert_int_equal(number("BUILT"), 1);
    assert_int_equal(number("GENERATION"), 1);
    assert_string_equal(aq_result_cell(last, 0, 0, "APPLIANCE", NULL), "0");
    aq_autofree char *layer = aq_strdup(field("LAYER"));
    assert_string_equal(aq_result_cell(last, 0, 0, "KEY", NULL), layer);

    assert_command("modify spec=spec.yaml name=app");
    assert_int_equal(number("CACHED"), 1);
    assert_int_equal(number("GENERATION"), 1);
    tool("touch", "source");
    assert_command("modify spec=spec.yaml");
    assert_int_equal(number("CACHED"), 1);
    write_text("source", "two\n");
    assert_command("modify spec=spec.yaml name=app");
    assert_int_equal(number("BUILT"), 1);
    assert_int_equal(number("GENERATION"), 2);
    assert_string_not_equal(field("LAYER"), layer);
    /* The old content is the old layer. */
    write_text("source", "one\n");
    assert_command("modify spec=spec.yaml name=app");
    assert_string_equal(field("LAYER"), layer);
    assert_int_equal(number("GENERATION"), 3);
}

static void keeps_generations(void **state)
{
    (void)state;
    char command_text[64];
    for (int i = 1; i <= 3; i++) {
        aq_autofree char *text = aq_format(
            SPEC("    - {path: /srv/file, content: \"%d\\n\"}\n    - {path: /srv/only-%d, content: x}\n"), i,
            i);
        write_text("spec.yaml", text);
        assert_command("modify spec=spec.yaml name=app");
        assert_int_equal(number("GENERATION"), i);
    }
    assert_command("clone base=app name=one no_start=true");
    assert_command("history name=app");
    assert_int_equal(aq_result_row_count(last, 0), 3);
    assert_command("rollback name=app");
    assert_int_equal(number("GENERATION"), 2);
    assert_command("rollback name=app to=1");
    assert_refused("GENERATION_NOT_FOUND", "rollback name=app");
    assert_refused("GENERATION_NOT_FOUND", "rollback name=app to=4");
    assert_command("rollback name=app to=3");
    assert_command("diff a=app@1 b=app@3");
    assert_int_equal(number("COUNT"), 3); /* what both have otherwise, what one has, what the other has */
    assert_refused("NOT_SUPPORTED", "rollback name=base");
    assert_refused("BASE_EXISTS", "modify spec=spec.yaml name=base");
    /* All of them keep their layers, and the VM too. */
    aq_autostrings struct aq_strings ids = {0};
    assert_ok(aq_layer_list(&ids, &err));
    assert_int_equal(ids.count, 3);
    for (size_t i = 0; i < ids.count; i++)
        assert_fails(aq_layer_remove(ids.items[i], aq_vm_dependents, &err), AQ_E_LAYER_IN_USE);
    snprintf(command_text, sizeof command_text, "diff a=base b=%.12s", ids.items[0]);
    assert_command("%s", command_text);
    assert_refused("BASE_NOT_FOUND", "diff a=base b=nothing");
}

static void stands_on_what_it_was_made_of(void **state)
{
    (void)state;
    write_text("spec.yaml", SPEC("    - {path: /srv/file, content: x}\n"));
    assert_command("modify spec=spec.yaml");
    aq_autofree char *first = aq_strdup(field("LAYER"));
    aq_autofree char *key = aq_strdup(aq_result_cell(last, 0, 0, "KEY", NULL));
    /* The same disk under another name: the same key, but the layer stands on another base. */
    publish_base("other");
    assert_command("modify spec=spec.yaml base=other");
    assert_int_equal(number("BUILT"), 1);
    assert_string_equal(aq_result_cell(last, 0, 0, "KEY", NULL), key);
    assert_string_not_equal(field("LAYER"), first);
    assert_command("modify spec=spec.yaml base=other");
    assert_int_equal(number("CACHED"), 1);
    /* What is made anew is what is found from then on. */
    assert_command("modify spec=spec.yaml base=other no_cache=true");
    aq_autofree char *anew = aq_strdup(field("LAYER"));
    assert_command("modify spec=spec.yaml base=other");
    assert_string_equal(field("LAYER"), anew);
    /* A layer as the base of a spec. */
    assert_command("modify spec=spec.yaml base=sha256:%s", anew);
    assert_int_equal(number("BUILT"), 1);
    assert_refused("LAYER_NOT_FOUND", "modify spec=spec.yaml base=sha256:%064d", 7);
}

/* A disk of which nothing is known but what it holds. */
static void finds_a_root_that_is_simple(void **state)
{
    (void)state;
    write_text("spec.yaml", SPEC("    - {path: /srv/file, content: x}\n"));
    assert_command("register_base name=plain disk=base.qcow2 memory=64M cpus=1");
    assert_command("diff a=plain b=base");
    assert_int_equal(number("COUNT"), 0);
    assert_command("modify spec=spec.yaml base=plain");
    assert_string_equal(aq_result_cell(last, 0, 0, "APPLIANCE", NULL), "0");
}

static void uses_no_layer_that_changed(void **state)
{
    (void)state;
    write_text("spec.yaml", SPEC("    - {path: /srv/file, content: x}\n"));
    assert_command("modify spec=spec.yaml");
    aq_autofree char *id = aq_strdup(field("LAYER"));
    aq_autolayer struct aq_layer layer = {0};
    assert_ok(aq_layer_load(id, &layer, &err));
    assert_command("verify_layers");
    assert_int_equal(number("BAD"), 0);
    struct stat was;
    assert_int_equal(stat(layer.path, &was), 0);
    assert_int_equal(chmod(layer.path, 0600), 0);
    aq_autoclose int fd = open(layer.path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "?", 1, was.st_size - 1), 1);
    assert_refused("LAYER_CHANGED", "verify_layers");
    assert_command("modify spec=spec.yaml");
    assert_int_equal(number("BUILT"), 1);
    assert_string_not_equal(field("LAYER"), id);
    /* Changed behind the file system's back: only reading it tells. */
    const struct timespec times[2] = {was.st_atim, was.st_mtim};
    assert_int_equal(futimens(fd, times), 0);
    assert_refused("LAYER_CHANGED", "verify_layers layer=%s", id);
    assert_non_null(strstr(aq_result_cell(last, 0, 0, "ERROR", NULL), "other contents"));
}

static void leaves_nothing_of_what_fails(void **state)
{
    (void)state;
    write_text("spec.yaml", SPEC("    - {path: /srv/file, content: x}\n    - {path: /etc, content: x}\n"));
    assert_refused("GUEST_REFUSED", "modify spec=spec.yaml name=app");
    assert_says("spec.yaml:5:7: in the image, /etc: a file goes there, and a folder is");
    write_text("spec.yaml", SPEC("    - {path: /srv/file, content: x, owner: nobody-knows}\n"));
    assert_refused("GUEST_REFUSED", "modify spec=spec.yaml name=app");
    assert_says("no user nobody-knows");
    assert_refused("VALUE_INVALID", "modify spec=spec.yaml vm=one name=app");
    assert_refused("VM_NOT_FOUND", "modify spec=spec.yaml vm=one");
    aq_autostrings struct aq_strings ids = {0};
    assert_ok(aq_layer_list(&ids, &err));
    assert_int_equal(ids.count, 0);
    assert_refused("BASE_NOT_FOUND", "inspect_base name=app");
    aq_autofree char *home = aq_home_path(&err);
    aq_autofree char *find = aq_format("find %s -name '*.tmp' -o -name '*.lock'", home);
    aq_autofree char *left = tool_output("sh", "-c", find);
    assert_string_equal(left, "");
}

static void changes_the_disk_of_a_vm(void **state)
{
    (void)state;
    write_text("spec.yaml", SPEC("    - {path: /srv/file, content: x}\n"));
    assert_command("clone base=base name=one no_start=true disk=64M");
    assert_command("modify spec=spec.yaml vm=one");
    aq_autovm struct aq_vm vm = {0};
    assert_ok(aq_vm_load("one", &vm, &err));
    assert_int_equal(vm.parent.kind, AQ_PARENT_LAYER);
    assert_string_equal(vm.parent.name, field("LAYER"));
    assert_int_equal(vm.disk_size, 64 << 20);
    /* Nothing was written since: the next stands on the layer itself. */
    assert_command("modify spec=spec.yaml vm=one");
    aq_autolayer struct aq_layer layer = {0};
    assert_ok(aq_layer_load(field("LAYER"), &layer, &err));
    assert_string_equal(layer.parent.name, vm.parent.name);
}

/* Many at once want the same: one makes it. */
static void two_make_it_once(void **state)
{
    enum { PROCESSES = 6 };
    pid_t children[PROCESSES];
    int built = 0;
    (void)state;
    write_text("spec.yaml", SPEC("    - {path: /srv/file, content: at once}\n"));
    for (int i = 0; i < PROCESSES; i++)
        if ((children[i] = fork()) == 0)
            _exit(command("modify spec=spec.yaml") == 0 ? 10 + (int)number("BUILT") : 1);
    for (int i = 0; i < PROCESSES; i++) {
        int status = 0;
        waitpid(children[i], &status, 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) >= 10);
        built += WEXITSTATUS(status) - 10;
    }
    assert_int_equal(built, 1);
}

static void policy(const char *text)
{
    tool("sh", "-ec",
         "mkdir -p \"$XDG_CONFIG_HOME/address-qemu\" && "
         "printf '%s' \"$1\" >\"$XDG_CONFIG_HOME/address-qemu/policy.yaml\"",
         "sh", text);
}

static size_t layer_count(void)
{
    aq_autostrings struct aq_strings ids = {0};
    assert_ok(aq_layer_list(&ids, &err));
    return ids.count;
}

/* What is known to fail of a script's VM fails before its layers are made. */
static void makes_no_layers_for_a_vm_that_may_not_be(void **state)
{
    (void)state;
    write_text("spec.yaml", SPEC("    - {path: /srv/file, content: x}\n"));
    write_text("a.rexx", "/* rexxjs-vm-spec: spec.yaml */\n/* rexxjs-vm-memory: 1G */\nsay 1\n");
    policy("max_memory_per_vm: 512M\n");
    assert_refused("POLICY_REFUSED", "provision script=a.rexx");
    assert_says("would have 1G of memory, and the policy allows 512M (max_memory_per_vm, ");
    assert_string_equal(field("STAGE"), "image");
    policy("bases: [other]\n");
    assert_refused("POLICY_REFUSED", "provision script=a.rexx");
    policy("networks: [none]\n");
    assert_refused("POLICY_REFUSED", "provision script=a.rexx");
    policy("max_memory: 512M\n");
    assert_refused("POLICY_REFUSED", "provision script=a.rexx");
    policy("max_vms: 1\n");
    assert_command("clone base=base name=there no_start=true");
    assert_refused("POLICY_REFUSED", "provision script=a.rexx");
    policy("max_cpus_per_vm: none\n");
    assert_refused("POLICY_INVALID", "provision script=a.rexx");
    policy("{}\n");
    /* Neither can a VM that is there stand on what is not. */
    assert_refused("VM_MISMATCH", "provision script=a.rexx name=there");
    assert_refused("DISK_SHRINK", "clone base=base name=small disk=1M no_start=true");
    write_text("a.rexx", "/* rexxjs-vm-spec: spec.yaml */\n/* rexxjs-vm-disk: 1M */\nsay 1\n");
    assert_refused("DISK_SHRINK", "provision script=a.rexx");
    assert_int_equal(layer_count(), 0);
    assert_command("list");
    assert_int_equal(number("COUNT"), 1);
}

static void assert_left_to_the_guest(const char *name)
{
    assert_command("resize name=%s disk=48M", name);
    assert_string_equal(field("GUEST_GROWN"), "0");
    assert_string_equal(field("DISK_SIZE"), "50331648");
    assert_non_null(strstr(aq_result_output(last), "grows at the next boot"));
}

/* Guests that grow when they boot need nobody to do it for them, however the VM came to be. */
static void a_disk_whose_guest_grows_is_left_to_it(void **state)
{
    (void)state;
    publish("ours", json_pack("{s:s, s:b, s:[{s:s, s:s}]}", "kind", "micro", "helper", 1, "root", "device",
                              "/dev/sda", "path", "/"));
    assert_command("clone base=ours name=one no_start=true");
    assert_command("clone vm=one name=two no_start=true");
    write_text("spec.yaml", SPEC("    - {path: /srv/file, content: x}\n"));
    assert_command("modify spec=spec.yaml base=ours name=made");
    assert_command("clone base=made name=three no_start=true");
    assert_command("clone base=ours name=four no_start=true");
    assert_command("flatten name=four");
    assert_left_to_the_guest("one");
    assert_left_to_the_guest("two");
    assert_left_to_the_guest("three");
    assert_left_to_the_guest("four");
}

static void note_waiting(void *data)
{
    ++*(int *)data;
}

static void a_key_is_held_by_one(void **state)
{
    static const char key[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    int told = 0, ready[2];
    char byte;
    (void)state;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        int lock = aq_step_key_lock(key, NULL, NULL, &err);
        if (lock < 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        aq_sleep_until(aq_after_ms(300), &err);
        _exit(0); /* the dead hold nothing */
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    int lock = aq_step_key_lock(key, note_waiting, &told, &err);
    assert_true(lock >= 0);
    assert_int_equal(told, 1);
    aq_step_key_release(key, lock);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
}

static int ended(void **state)
{
    (void)state;
    aq_result_free(last);
    last = NULL;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(builds_a_layer_once, fresh, ended),
        cmocka_unit_test_setup_teardown(keeps_generations, fresh, ended),
        cmocka_unit_test_setup_teardown(stands_on_what_it_was_made_of, fresh, ended),
        cmocka_unit_test_setup_teardown(finds_a_root_that_is_simple, fresh, ended),
        cmocka_unit_test_setup_teardown(uses_no_layer_that_changed, fresh, ended),
        cmocka_unit_test_setup_teardown(leaves_nothing_of_what_fails, fresh, ended),
        cmocka_unit_test_setup_teardown(changes_the_disk_of_a_vm, fresh, ended),
        cmocka_unit_test_setup_teardown(two_make_it_once, fresh, ended),
        cmocka_unit_test_setup_teardown(a_disk_whose_guest_grows_is_left_to_it, fresh, ended),
        cmocka_unit_test_setup_teardown(makes_no_layers_for_a_vm_that_may_not_be, fresh, ended),
        cmocka_unit_test_setup_teardown(a_key_is_held_by_one, fresh, ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
