/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/build_modules.h"
#include "image/build_tree.h"

static struct aq_error err;

static void put_module(int work, const char *path, const char *needs)
{
    aq_autobuffer struct aq_buffer data = {0};
    aq_buffer_add(&data, "\177ELF\0license=GPL", 16);
    aq_buffer_add(&data, "\0depends=", 9);
    aq_buffer_add(&data, needs, strlen(needs) + 1);
    assert_ok(aq_tree_put(work, path, data.data, data.length, 0644, &err));
}

static void needs_are_read_from_the_module(void **state)
{
    (void)state;
    static const char two[] = "\177ELF\0depends=virtio,virtio_ring\0name=x";
    static const char none[] = "\177ELF\0depends=\0name=x";
    static const char cut[] = "\177ELF\0depends=virt";
    aq_autostrings struct aq_strings needs = {0};
    aq_module_needs(none, sizeof none - 1, &needs);
    aq_module_needs("", 0, &needs);
    assert_int_equal(needs.count, 0);
    aq_module_needs(two, sizeof two - 1, &needs);
    aq_module_needs(cut, sizeof cut - 1, &needs);
    assert_int_equal(needs.count, 3);
    assert_string_equal(needs.items[0], "virtio");
    assert_string_equal(needs.items[1], "virtio_ring");
    assert_string_equal(needs.items[2], "virt");
}

static void file_names_are_matched(void **state)
{
    (void)state;
    assert_true(aq_module_path_is("drivers/virtio-rng.ko", "virtio_rng"));
    assert_true(aq_module_path_is("virtio_rng.ko.xz", "virtio_rng"));
    assert_false(aq_module_path_is("virtio_rng2.ko", "virtio_rng"));
    assert_false(aq_module_path_is("virtio.ko", "virtio_rng"));
    assert_false(aq_module_path_is("virtio_rng.ko.gz", "virtio_rng"));
}

static void modules_come_after_what_they_need(void **state)
{
    (void)state;
    assert_return_code(mkdir("work", 0700), 0);
    aq_autoclose int work = open("work", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    put_module(work, "tree/lib/modules/6.1/kernel/net/virtio_net.ko", "virtio,net_failover,virtio_ring");
    put_module(work, "tree/lib/modules/6.1/kernel/virtio.ko", "virtio_ring");
    put_module(work, "tree/lib/modules/6.1/kernel/virtio_ring.ko", "");
    put_module(work, "tree/lib/modules/6.1/kernel/net_failover.ko", "built_in");

    struct aq_build build = {0};
    struct aq_build_job job = {.build = &build, .work = work};
    aq_automodules struct aq_modules modules = {0};
    aq_automoduleset struct aq_module_set set = {0};
    assert_ok(aq_modules_find(&job, "tree", &modules, &err));
    assert_string_equal(modules.version, "6.1");
    assert_ok(aq_module_set_add(&job, &modules, "virtio_net", &set, &err));
    assert_ok(aq_module_set_add(&job, &modules, "virtio", &set, &err));
    static const char *const order[] = {"virtio_ring", "virtio", "net_failover", "virtio_net"};
    assert_int_equal(set.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(set.modules[i].name, order[i]);
    assert_string_equal(set.modules[3].path, "kernel/net/virtio_net.ko");

    aq_autobuffer struct aq_buffer text = {0};
    aq_module_set_dependencies(&set, &text);
    assert_string_equal(text.data, "kernel/virtio_ring.ko:\n"
                                   "kernel/virtio.ko: kernel/virtio_ring.ko\n"
                                   "kernel/net_failover.ko:\n"
                                   "kernel/net/virtio_net.ko: kernel/net_failover.ko kernel/virtio.ko "
                                   "kernel/virtio_ring.ko\n");
}

static void trees_without_one_kernel_are_refused(void **state)
{
    (void)state;
    assert_return_code(mkdir("other", 0700), 0);
    aq_autoclose int work = open("other", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct aq_build build = {0};
    struct aq_build_job job = {.build = &build, .work = work};
    aq_automodules struct aq_modules modules = {0};
    assert_fails(aq_modules_find(&job, "tree", &modules, &err), AQ_E_FAILED);
    put_module(work, "tree/usr/lib/modules/6.1/virtio.ko", "");
    put_module(work, "tree/usr/lib/modules/6.2/virtio.ko", "");
    assert_fails(aq_modules_find(&job, "tree", &modules, &err), AQ_E_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needs_are_read_from_the_module),
        cmocka_unit_test(file_names_are_matched),
        cmocka_unit_test(modules_come_after_what_they_need),
        cmocka_unit_test(trees_without_one_kernel_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
