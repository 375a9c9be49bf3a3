/* SPDX-License-Identifier: MIT */
/* Templates as they are on disk. Real ones are made and cloned in tests/vm/templates.sh. */
#include <string.h>
#include <sys/stat.h>

#include "image/layer.h"
#include "test.h"
#include "util/files.h"
#include "vm/pool.h"
#include "vm/template_take.h"

static struct aq_error err;

static int fresh(void **state)
{
    (void)state;
    unsigned count;
    struct aq_error absent = {0};
    err = (struct aq_error){0};
    assert_ok(aq_pool_drain("web", &count, &err));
    aq_template_remove("web", &absent);
    return 0;
}

/* One of a base, whose disk is a layer that is not there. */
static int publish(const char *warm, bool replace)
{
    char id[AQ_LAYER_ID_TEXT];
    aq_autotemplate struct aq_template template = {.name = aq_strdup("web"),
                                                   .memory = 128,
                                                   .cpus = 1,
                                                   .disk_size = 1 << 20,
                                                   .warm = aq_strdup(warm),
                                                   .parent = {.kind = AQ_PARENT_LAYER}};
    aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
    aq_autoclose int templates = aq_templates_open(&err);
    template.parent.name = aq_strdup(aq_layer_random_id(id));
    assert_ok(aq_stage_open(templates, "web", &stage, &err));
    assert_ok(aq_write_new_file_at(stage.folder, AQ_TEMPLATE_RAM, "ram", 3, 0600, &err));
    assert_ok(aq_write_new_file_at(stage.folder, AQ_TEMPLATE_STATE, "state", 5, 0600, &err));
    return aq_template_publish(&stage, replace, &template, &err);
}

static void assert_warm(const char *warm)
{
    aq_autotemplate struct aq_template template = {0};
    aq_autostrings struct aq_strings names = {0};
    assert_ok(aq_template_load("web", &template, &err));
    assert_string_equal(template.warm, warm);
    assert_ok(aq_template_list(&names, &err));
    assert_int_equal(names.count, 1);
}

static void one_is_replaced_only_when_that_is_wanted(void **state)
{
    (void)state;
    assert_ok(publish("first", false));
    assert_fails(publish("second", false), AQ_E_TEMPLATE_EXISTS);
    assert_warm("first");
    assert_ok(publish("second", true));
    assert_warm("second");
}

static void one_that_does_not_give_way_stays_whole(void **state)
{
    (void)state;
    unsigned count;
    assert_ok(publish("first", true)); /* there is none to be replaced */
    assert_ok(aq_pool_set_size("web", 1, &err));
    assert_fails(publish("second", true), AQ_E_TEMPLATE_IN_USE);
    assert_warm("first");
    assert_ok(aq_pool_drain("web", &count, &err));
    assert_ok(publish("second", true));
    assert_warm("second");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_is_replaced_only_when_that_is_wanted, fresh),
        cmocka_unit_test_setup(one_that_does_not_give_way_stays_whole, fresh),
    };
    return cmocka_run_group_tests_name("vm/template", tests, NULL, NULL);
}
