/* SPDX-License-Identifier: MIT */
/*
 * Whole specs: invalid/NAME/spec.yaml is refused with exactly what invalid/NAME/error says;
 * valid/NAME/spec.yaml is taken, and its steps are those of valid/NAME/steps. With UPDATE_CORPUS set, what is
 * found is written there instead, to be looked at.
 */
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spec/modification.h"
#include "util/files.h"

static struct aq_error err;

static void enter(const char *kind, const char *name)
{
    aq_autofree char *folder = aq_format("%s/tests/unit/spec/%s/%s", getenv("SOURCE_DIR"), kind, name);
    if (chdir(folder) < 0)
        fail_msg("there is no %s", folder);
}

static void compare(const char *name, const char *file, const char *got)
{
    aq_autobuffer struct aq_buffer wanted = {0};
    if (getenv("UPDATE_CORPUS") != NULL) {
        assert_ok(unlink(file));
        assert_ok(aq_write_new_file_at(AT_FDCWD, file, got, strlen(got), 0644, &err));
    }
    assert_ok(aq_read_file_at(AT_FDCWD, file, 1 << 16, &wanted, &err));
    if (strcmp(aq_buffer_text(&wanted), got) != 0)
        fail_msg("%s: wanted\n%sgot\n%s", name, aq_buffer_text(&wanted), got);
}

static void refuse(const char *name)
{
    aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
    const struct aq_spec_request request = {.path = "spec.yaml"};
    enter("invalid", name);
    if (aq_spec_load(&request, &spec, &err) == 0)
        fail_msg("%s was accepted", name);
    if (err.code != AQ_E_SPEC_INVALID)
        fail_msg("%s: %s: %s", name, aq_error_name(err.code), err.text);
    aq_autofree char *text = aq_format("%s\n", err.text);
    compare(name, "error", text);
    err = (struct aq_error){0};
}

static void accept(const char *name)
{
    aq_autospec struct aq_spec spec = AQ_SPEC_NONE;
    aq_autobuffer struct aq_buffer steps = {0};
    const struct aq_spec_request request = {.path = "spec.yaml"};
    enter("valid", name);
    if (aq_spec_load(&request, &spec, &err) < 0)
        fail_msg("%s: %s", name, err.text);
    aq_buffer_format(&steps, "base %s\n", spec.base);
    for (size_t i = 0; i < spec.step_count; i++) {
        aq_autofree char *title = aq_step_title(&spec, &spec.steps[i]);
        aq_buffer_format(&steps, "%u:%u %s\n", spec.steps[i].place.line, spec.steps[i].place.column, title);
    }
    compare(name, "steps", steps.data);
}

/* Does that for every folder, of which there have to be that many at least. */
static void for_each(const char *kind, void (*check)(const char *name), int least)
{
    enter(kind, ".");
    DIR *folders = opendir(".");
    assert_non_null(folders);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(folders)) != NULL;)
        if (entry->d_name[0] != '.') {
            check(entry->d_name);
            count++;
        }
    closedir(folders);
    assert_true(count >= least);
}

static void every_bad_spec_has_its_error(void **state)
{
    (void)state;
    for_each("invalid", refuse, 80);
}

static void every_good_spec_is_read(void **state)
{
    (void)state;
    for_each("valid", accept, 3);
}

int main(void)
{
    setenv("DB_PASSWORD", "hunter2", 1);
    setenv("BAD_PATH", "etc/secret", 1);
    setenv("NOT_UTF8", "\xff", 1);
    unsetenv("NOT_SET_ANYWHERE");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_spec_has_its_error),
        cmocka_unit_test(every_good_spec_is_read),
    };
    return cmocka_run_group_tests_name("spec/corpus", tests, NULL, NULL);
}
