/* SPDX-License-Identifier: MIT */
/* What is said of a host on which libguestfs cannot make its appliance. */
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "offline/guest_accounts.h"
#include "offline/host_kernel.h"
#include "offline/root.h"
#include "tool.h"

static void tells_kernel_problems_apart(void **state)
{
    (void)state;
    struct aq_appliance_need need;
    unsetenv("LIBGUESTFS_PATH");
    unsetenv("SUPERMIN_KERNEL");
    tool("sh", "-c",
         "mkdir -p boot modules bin && printf '#!/bin/sh\n' >bin/supermin && chmod +x bin/supermin");
    aq_autofree char *path = aq_format("%s/bin:%s", getenv("TEST_WORK"), getenv("PATH"));
    setenv("PATH", path, 1);
    aq_appliance_needs("boot", "modules", &need);
    assert_non_null(strstr(need.detail, "there is no kernel in boot"));
    assert_non_null(strstr(need.fix, "apt-get install linux-image"));

    tool("touch", "boot/vmlinuz-6.1");
    aq_appliance_needs("boot", "modules", &need);
    assert_non_null(strstr(need.detail, "has its modules"));

    assert_int_equal(mkdir("modules/6.1", 0755), 0);
    aq_appliance_needs("boot", "modules", &need);
    assert_string_equal(need.detail, "");

    if (geteuid() == 0) /* who may read everything */
        return;
    tool("chmod", "000", "boot/vmlinuz-6.1");
    aq_appliance_needs("boot", "modules", &need);
    assert_non_null(strstr(need.detail, "may not read"));
    assert_non_null(strstr(need.fix, "chmod 0644"));
}

static void finds_accounts_as_the_image_has_them(void **state)
{
    (void)state;
    static const char text[] =
        "root:x:0:0:root:/root:/bin/sh\nap:x:7\nnot\napp:x:1000:1001::/:\nlast:*:4294967295:\nend:x:12";
    uint32_t id = 0;
    assert_true(aq_guest_account(text, sizeof text - 1, "root", &id) && id == 0);
    assert_true(aq_guest_account(text, sizeof text - 1, "app", &id) && id == 1000);
    assert_true(aq_guest_account(text, sizeof text - 1, "ap", &id) && id == 7);
    assert_true(aq_guest_account(text, sizeof text - 1, "end", &id) && id == 12);
    assert_true(aq_guest_account("", 0, "33", &id) && id == 33);
    assert_false(aq_guest_account(text, sizeof text - 1, "not", &id));
    assert_false(aq_guest_account(text, sizeof text - 1, "ro", &id));
    assert_false(aq_guest_account(text, sizeof text - 1, "last", &id)); /* (uid_t)-1 is nobody's */
    assert_false(aq_guest_account(text, sizeof text - 1, "", &id));
}

static void knows_where_bases_have_their_root(void **state)
{
    (void)state;
    struct aq_root root;
    json_t *built = json_pack("{s:s}", "kind", "debian");
    aq_root_from_built(built, &root);
    assert_int_equal(aq_root_partition(&root), 2);
    json_decref(built);
    aq_root_from_built(NULL, &root);
    assert_int_equal(aq_root_partition(&root), -1);
    built = json_pack("{s:[{s:s, s:s}, {s:s, s:s}]}", "root", "device", "/dev/vg/root", "path", "/", "device",
                      "/dev/sda1", "path", "/boot");
    aq_root_from_built(built, &root);
    assert_int_equal(root.count, 2);
    assert_int_equal(aq_root_partition(&root), -1);
    json_t *again = aq_root_to_json(&root);
    assert_true(json_equal(again, json_object_get(built, "root")));
    json_decref(again);
    json_decref(built);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_kernel_problems_apart),
        cmocka_unit_test(finds_accounts_as_the_image_has_them),
        cmocka_unit_test(knows_where_bases_have_their_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
