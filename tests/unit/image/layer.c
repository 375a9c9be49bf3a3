/* SPDX-License-Identifier: MIT */
/* Layers, chains and what stands on what: what is on disk, what is refused, and that nothing in use can go.
 */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "image/base.h"
#include "image/chain.h"
#include "session.h"
#include "tool.h"
#include "util/files.h"
#include "util/home.h"
#include "util/wait.h"
#include "vm/vm.h"

static struct aq_error err;

/* The call has to fail with that code, and to say that. */
#define assert_fails_with(call, code, part)                                                                  \
    do {                                                                                                     \
        assert_int_equal(call, -1);                                                                          \
        if (strstr(err.text, part) == NULL)                                                                  \
            fail_msg("wanted \"%s\" in: %s", part, err.text);                                                \
        assert_fails(-1, code);                                                                              \
    } while (0)

#define SIZE (64 << 20)
#define ID(digit)                                                                                            \
    digit digit digit digit digit digit digit digit "000000000000000000000000000000000000000000000000000000" \
                                                    "00"

static int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    aq_autofree char *home = aq_home_path(&err);
    assert_ok(aq_remove_tree_at(AT_FDCWD, home, &err));
    unlink("base.qcow2");
    tool("qemu-img", "create", "-q", "-f", "qcow2", "base.qcow2", "64M");
    assert_command("register_base name=base disk=base.qcow2 memory=64M cpus=1");
    return 0;
}

static struct aq_parent parent_base(const char *name)
{
    aq_autobase struct aq_base base = {0};
    assert_ok(aq_base_load(name, &base, &err));
    return aq_base_as_parent(&base);
}

static struct aq_parent parent_layer(const char *id)
{
    aq_autolayer struct aq_layer layer = {0};
    assert_ok(aq_layer_load(id, &layer, &err));
    return aq_layer_as_parent(&layer);
}

/* Makes a layer with one marked cluster on `parent`, which is taken: what aq_layer_publish returns. */
static int make_layer(const char *id, struct aq_parent parent, int mark)
{
    aq_autolayer struct aq_layer layer = {.kind = aq_strdup(AQ_LAYER_BUILT), .parent = parent};
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    aq_autofree char *folder = NULL;
    aq_autoclose int hold = aq_parent_lock(&layer.parent, AQ_LOCK_SHARED, &err);
    memcpy(layer.id, id, sizeof layer.id);
    if (hold < 0 || aq_layer_stage(id, &stage, &folder, &err) < 0 ||
        aq_layer_make_overlay(&stage, &layer.parent, SIZE, &err) < 0)
        return -1;
    aq_autofree char *disk = aq_format("%s/" AQ_LAYER_DISK, folder);
    aq_autofree char *write = aq_format("write -P %d %dM 64k", mark, mark);
    tool("qemu-io", "-f", "qcow2", "-c", write, disk);
    layer.built = json_pack("{s:i}", "mark", mark);
    return aq_layer_publish(&stage, &layer, mark % 2 == 0, &err);
}

static char *layer_disk(const char *id)
{
    char *path = aq_layer_path(id, &err);
    assert_non_null(path);
    return path;
}

static void a_layer_is_sealed_and_recorded(void **state)
{
    (void)state;
    assert_int_equal(make_layer(ID("a"), parent_base("base"), 2), 1);
    aq_autolayer struct aq_layer layer = {0};
    assert_ok(aq_layer_load(ID("a"), &layer, &err));
    assert_string_equal(layer.kind, "built");
    assert_int_equal(layer.virtual_size, SIZE);
    assert_int_equal(layer.parent.kind, AQ_PARENT_BASE);
    assert_string_equal(layer.parent.name, "base");
    assert_int_equal(strlen(layer.sha256), 64);
    assert_int_equal(json_integer_value(json_object_get(layer.built, "mark")), 2);
    assert_string_equal(aq_layer_status(&layer), "ready");
    assert_ok(aq_layer_check(&layer, &err));
    struct stat st;
    assert_int_equal(stat(layer.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0400);
    /* The same again: somebody was faster, and nothing is left of the try. */
    assert_int_equal(make_layer(ID("a"), parent_base("base"), 3), 0);
    aq_autostrings struct aq_strings ids = {0};
    assert_ok(aq_layer_list(&ids, &err));
    assert_int_equal(ids.count, 1);
}

static void a_chain_is_resolved_top_first(void **state)
{
    (void)state;
    assert_int_equal(make_layer(ID("a"), parent_base("base"), 1), 1);
    assert_int_equal(make_layer(ID("b"), parent_layer(ID("a")), 2), 1);
    aq_autoparent struct aq_parent top = parent_layer(ID("b"));
    aq_autochain struct aq_chain chain = {0};
    assert_ok(aq_chain_add(&top, &chain, &err));
    assert_int_equal(chain.count, 3);
    assert_string_equal(chain.members[0].name, ID("b"));
    assert_string_equal(chain.members[1].name, ID("a"));
    assert_string_equal(chain.members[2].name, "base");
    assert_int_equal(chain.members[2].kind, AQ_PARENT_BASE);
    aq_autofree char *base = realpath("base.qcow2", NULL);
    assert_string_equal(chain.images[2].path, base);
    assert_string_equal(chain.images[0].format, "qcow2");
    /* The headers say the same to any other program. */
    tool("qemu-io", "-r", "-f", "qcow2", "-c", "read -P 1 1M 64k", "-c", "read -P 2 2M 64k",
         chain.images[0].path);
}

static void set_bytes(const char *path, off_t at, const char *text)
{
    assert_int_equal(chmod(path, 0600), 0);
    aq_autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, text, strlen(text), at), strlen(text));
}

static void what_changed_is_refused_by_name(void **state)
{
    (void)state;
    assert_int_equal(make_layer(ID("a"), parent_base("base"), 1), 1);
    assert_int_equal(make_layer(ID("b"), parent_layer(ID("a")), 2), 1);
    aq_autoparent struct aq_parent top = parent_layer(ID("b"));
    aq_autofree char *lower = layer_disk(ID("a"));
    aq_autochain struct aq_chain chain = {0};
    set_bytes(lower, 327680, "x");
    assert_fails_with(aq_chain_add(&top, &chain, &err), AQ_E_LAYER_CHANGED, "aaaaaaaa0000");
    unlink(lower);
    assert_fails(aq_chain_add(&top, &chain, &err), AQ_E_LAYER_MISSING);
    aq_autofree char *folder = aq_strndup(lower, strlen(lower) - strlen("/" AQ_LAYER_DISK));
    assert_ok(aq_remove_tree_at(AT_FDCWD, folder, &err));
    assert_fails(aq_chain_add(&top, &chain, &err), AQ_E_LAYER_NOT_FOUND);
    /* One that is made anew under the same id has other blocks: what stood on the old one is refused. */
    err = (struct aq_error){0};
    assert_int_equal(make_layer(ID("a"), parent_base("base"), 5), 1);
    assert_fails_with(aq_chain_add(&top, &chain, &err), AQ_E_LAYER_CHANGED, "made anew");
    err = (struct aq_error){0};
    set_bytes("base.qcow2", 600, "x");
    aq_autoparent struct aq_parent anew = parent_layer(ID("a"));
    assert_fails(aq_chain_add(&anew, &chain, &err), AQ_E_BASE_CHANGED);
}

/* A header that leads elsewhere is not followed, and not even accepted. */
static void a_header_has_to_name_its_parent(void **state)
{
    (void)state;
    struct aq_parent base = parent_base("base");
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    aq_autofree char *folder = NULL;
    aq_autolayer struct aq_layer layer = {.id = ID("c"), .kind = aq_strdup(AQ_LAYER_BUILT), .parent = base};
    assert_ok(aq_layer_stage(ID("c"), &stage, &folder, &err));
    aq_autofree char *disk = aq_format("%s/" AQ_LAYER_DISK, folder);
    tool("qemu-img", "create", "-q", "-u", "-f", "qcow2", "-F", "qcow2", "-b", "/etc/passwd", disk, "64M");
    assert_fails(aq_layer_publish(&stage, &layer, false, &err), AQ_E_IMAGE_BACKING_FILE);
    err = (struct aq_error){0};
    tool("qemu-img", "rebase", "-u", "-f", "qcow2", "-b", "", disk);
    assert_fails(aq_layer_publish(&stage, &layer, false, &err), AQ_E_IMAGE_BACKING_FILE);
    err = (struct aq_error){0};
    aq_parent_free(&layer.parent); /* standing alone, it is one */
    assert_int_equal(aq_layer_publish(&stage, &layer, false, &err), 1);
    aq_stage_close(&stage);
    assert_command("clone base=base name=vm no_start");
    tool("sh", "-c",
         "qemu-img rebase -u -f qcow2 -F qcow2 -b /etc/passwd $ADDRESS_QEMU_HOME/vms/vm/disk.qcow2");
    assert_refused("IMAGE_BACKING_FILE", "start vm");
    assert_command("inspect vm");
    assert_string_equal(field("BASE_STATUS"), "changed");
}

static void a_chain_has_an_end(void **state)
{
    (void)state;
    char id[AQ_LAYER_ID_TEXT] = ID("0");
    struct aq_parent parent = parent_base("base");
    for (int depth = 1; depth < AQ_CHAIN_MAX; depth++) {
        aq_layer_random_id(id);
        assert_int_equal(make_layer(id, parent, 1 + depth % 2 * 2), 1);
        parent = parent_layer(id);
    }
    aq_autochain struct aq_chain chain = {0};
    assert_ok(aq_chain_add(&parent, &chain, &err));
    assert_int_equal(chain.count, AQ_CHAIN_MAX);
    aq_layer_random_id(id);
    assert_int_equal(make_layer(id, parent, 1), 1);
    parent = parent_layer(id);
    aq_chain_free(&chain);
    assert_fails_with(aq_chain_add(&parent, &chain, &err), AQ_E_LIMIT_EXCEEDED, "flatten");
    aq_parent_free(&parent);
}

static void nothing_in_use_can_go(void **state)
{
    (void)state;
    assert_int_equal(make_layer(ID("a"), parent_base("base"), 1), 1);
    assert_int_equal(make_layer(ID("b"), parent_layer(ID("a")), 2), 1);
    const struct aq_base_request request = {
        .name = "app", .memory = 64, .cpus = 1, .dependents = aq_vm_dependents, .replace = true};
    aq_autobase struct aq_base base = {0};
    enum aq_base_outcome outcome;
    assert_ok(aq_base_register_layer(ID("b"), &request, NULL, &base, &outcome, &err));
    assert_int_equal(outcome, AQ_BASE_REGISTERED);
    assert_command("clone base=app name=web no_start");

    assert_fails_with(aq_layer_remove(ID("a"), aq_vm_dependents, &err), AQ_E_LAYER_IN_USE,
                      "layer bbbbbbbb0000");
    assert_fails_with(aq_layer_remove(ID("b"), aq_vm_dependents, &err), AQ_E_LAYER_IN_USE, "VM web");
    assert_fails_with(aq_layer_remove(ID("b"), aq_vm_dependents, &err), AQ_E_LAYER_IN_USE, "base app");
    assert_refused("BASE_IN_USE", "remove_base name=base");
    assert_says("layer aaaaaaaa0000");
    /* The name of a layer may go: the clone stands on the layer itself. */
    assert_command("remove_base name=app");
    assert_fails(aq_layer_remove(ID("b"), aq_vm_dependents, &err), AQ_E_LAYER_IN_USE);
    assert_command("remove web");
    assert_ok(aq_layer_remove(ID("b"), aq_vm_dependents, &err));
    assert_ok(aq_layer_remove(ID("a"), aq_vm_dependents, &err));
    assert_fails(aq_layer_remove(ID("a"), aq_vm_dependents, &err), AQ_E_LAYER_NOT_FOUND);
    assert_command("remove_base name=base");
}

/* The name may stand for another layer later, and clones of the old one do not mind. */
static void a_base_may_name_another_layer(void **state)
{
    (void)state;
    assert_int_equal(make_layer(ID("a"), parent_base("base"), 1), 1);
    assert_int_equal(make_layer(ID("b"), parent_base("base"), 2), 1);
    struct aq_base_request request = {.name = "app", .memory = 64, .cpus = 1, .dependents = aq_vm_dependents};
    aq_autobase struct aq_base base = {0}, again = {0}, other = {0};
    enum aq_base_outcome outcome;
    assert_ok(aq_base_register_layer(ID("a"), &request, NULL, &base, &outcome, &err));
    assert_string_equal(base.layer, ID("a"));
    assert_ok(aq_base_register_layer(ID("a"), &request, NULL, &again, &outcome, &err));
    assert_int_equal(outcome, AQ_BASE_UNCHANGED);
    assert_command("clone base=app name=old no_start");
    assert_fails(aq_base_register_layer(ID("b"), &request, NULL, &other, &outcome, &err), AQ_E_BASE_EXISTS);
    request.replace = true;
    err = (struct aq_error){0};
    assert_ok(aq_base_register_layer(ID("b"), &request, NULL, &other, &outcome, &err));
    assert_int_equal(outcome, AQ_BASE_REPLACED);
    assert_command("clone base=app name=new no_start");

    assert_command("inspect old");
    assert_string_equal(field("BASE_STATUS"), "ready");
    aq_autofree char *old = aq_strdup(field("DISK"));
    tool("qemu-io", "-r", "-f", "qcow2", "-c", "read -P 1 1M 64k", "-c", "read -P 0 2M 64k", old);
    assert_command("inspect new");
    assert_string_equal(field("BASED_ON"), "app");
    aq_autofree char *new = aq_strdup(field("DISK"));
    tool("qemu-io", "-r", "-f", "qcow2", "-c", "read -P 0 1M 64k", "-c", "read -P 2 2M 64k", new);
    assert_command("inspect_base name=app");
    assert_string_equal(field("LAYER"), ID("b"));
    assert_string_equal(field("STATUS"), "ready");
    assert_string_equal(field("COUNT"), "2");
}

/* The records of the first version said `base` and `base_pin`. */
static void an_older_record_is_read(void **state)
{
    (void)state;
    assert_command("clone base=base name=old no_start");
    tool("sh", "-c",
         "sed -i -e 's/^format: 2/format: 1/' -e 's/^parent:/base_pin:/' -e '/^  base: /d' "
         "-e 's/^  pin:$//' -e 's/^    /  /' -e '/^$/d' $ADDRESS_QEMU_HOME/vms/old/vm.yaml");
    assert_command("inspect old");
    assert_string_equal(field("BASE_STATUS"), "ready");
    aq_autovm struct aq_vm vm = {0};
    assert_ok(aq_vm_load("old", &vm, &err));
    assert_int_equal(vm.parent.kind, AQ_PARENT_BASE);
    assert_string_equal(vm.parent.name, "base");
    assert_refused("BASE_IN_USE", "remove_base name=base");
    assert_says("VM old");
}

/* While something is made from a layer it cannot be removed, and that is told at once. */
static void a_layer_that_is_held_stays(void **state)
{
    (void)state;
    assert_int_equal(make_layer(ID("a"), parent_base("base"), 1), 1);
    aq_autoclose int hold = aq_layer_lock(ID("a"), AQ_LOCK_SHARED, &err);
    assert_true(hold >= 0);
    pid_t child = fork();
    if (child == 0)
        _exit(aq_layer_remove(ID("a"), aq_vm_dependents, &err) < 0 && err.code == AQ_E_LAYER_IN_USE ? 0 : 1);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* Clones against a remover: whatever is cloned has its layer. */
static void clones_and_removal_do_not_cross(void **state)
{
    (void)state;
    const struct aq_base_request request = {
        .name = "app", .memory = 64, .cpus = 1, .dependents = aq_vm_dependents, .replace = true};
    for (int round = 0; round < 10; round++) {
        aq_autobase struct aq_base base = {0};
        enum aq_base_outcome outcome;
        make_layer(ID("a"), parent_base("base"), 1);
        assert_ok(aq_base_register_layer(ID("a"), &request, NULL, &base, &outcome, &err));
        pid_t cloner = fork();
        if (cloner == 0) {
            for (int i = 0; i < 20; i++)
                command("clone base=app name=vm-%d-%d no_start", round, i);
            _exit(0);
        }
        usleep((useconds_t)(500 * round));
        command("remove_base name=app");
        struct aq_error reason = {0};
        aq_layer_remove(ID("a"), aq_vm_dependents, &reason);
        int status;
        assert_int_equal(waitpid(cloner, &status, 0), cloner);
    }
    aq_autostrings struct aq_strings names = {0};
    assert_ok(aq_vm_list(&names, &err));
    for (size_t i = 0; i < names.count; i++) {
        assert_command("inspect %s", names.items[i]);
        assert_string_equal(field("BASE_STATUS"), "ready");
    }
}

/* Whoever lists the layers removes what the dead have left; but a tool that one of them was just starting has
   its lock until it runs. */
static void assert_swept(void)
{
    aq_deadline deadline = aq_after_ms(20000);
    for (;;) {
        aq_autostrings struct aq_strings ids = {0};
        assert_ok(aq_layer_list(&ids, &err));
        aq_autofree char *left =
            tool_output("sh", "-c", "ls -A $ADDRESS_QEMU_HOME/layers | grep tmp || true");
        if (left[0] == '\0')
            return;
        if (aq_now() > deadline)
            fail_msg("left: %s", left);
        usleep(20000);
    }
}

/* SIGKILL at any moment: a layer is there whole, or not at all. */
static void death_leaves_whole_layers_or_none(void **state)
{
    (void)state;
    aq_deadline started = aq_now();
    assert_int_equal(make_layer(ID("a"), parent_base("base"), 1), 1);
    useconds_t whole = (useconds_t)((aq_now() - started) / 1000); /* as long as one takes here */
    for (int round = 0; round < 20; round++) {
        pid_t pid = fork();
        if (pid == 0) {
            char id[AQ_LAYER_ID_TEXT];
            for (;;)
                make_layer(aq_layer_random_id(id), parent_base("base"), 1);
        }
        usleep(whole / 8 * (useconds_t)(round + 1));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    aq_autostrings struct aq_strings ids = {0};
    assert_ok(aq_layer_list(&ids, &err));
    assert_true(ids.count > 0);
    for (size_t i = 0; i < ids.count; i++) {
        aq_autolayer struct aq_layer layer = {0};
        assert_ok(aq_layer_load(ids.items[i], &layer, &err));
        assert_ok(aq_layer_check(&layer, &err));
    }
    assert_swept();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_layer_is_sealed_and_recorded, fresh),
        cmocka_unit_test_setup(a_chain_is_resolved_top_first, fresh),
        cmocka_unit_test_setup(what_changed_is_refused_by_name, fresh),
        cmocka_unit_test_setup(a_header_has_to_name_its_parent, fresh),
        cmocka_unit_test_setup(a_chain_has_an_end, fresh),
        cmocka_unit_test_setup(nothing_in_use_can_go, fresh),
        cmocka_unit_test_setup(a_base_may_name_another_layer, fresh),
        cmocka_unit_test_setup(an_older_record_is_read, fresh),
        cmocka_unit_test_setup(a_layer_that_is_held_stays, fresh),
        cmocka_unit_test_setup(clones_and_removal_do_not_cross, fresh),
        cmocka_unit_test_setup(death_leaves_whole_layers_or_none, fresh),
    };
    int failed = cmocka_run_group_tests_name("image/layer", tests, NULL, NULL);
    aq_result_free(last);
    return failed;
}
