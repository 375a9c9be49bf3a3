/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <string.h>

#include "spec/glob.h"
#include "util/wait.h"

static void globs_mean_what_gitignore_says(void **state)
{
    (void)state;
    static const struct {
        const char *glob;
        const char *path;
        bool folder;
        bool means;
    } cases[] = {
        {"*.o", "a.o", false, true},
        {"*.o", "deep/er/a.o", false, true},
        {"*.o", "a.c", false, false},
        {"*.o", "a.o/b.c", false, false}, /* but then its folder is meant, and it with it */
        {"*", ".hidden", false, true},
        {"a?c", "abc", false, true},
        {"[ab].txt", "b.txt", false, true},
        {"[!ab].txt", "b.txt", false, false},
        {"\\*", "*", false, true},
        {"\\*", "x", false, false},
        {"build/", "build", true, true},
        {"build/", "build", false, false},
        {"build/", "src/build", true, true},
        {"/build", "build", true, true},
        {"/build", "src/build", true, false},
        {"src/build", "src/build", true, true},
        {"src/build", "a/src/build", true, false},
        {"src/*.c", "src/a.c", false, true},
        {"src/*.c", "src/a/b.c", false, false},
        {"src/**", "src", true, false},
        {"src/**", "src/a", false, true},
        {"src/**", "src/a/b", false, true},
        {"**/a", "a", false, true},
        {"**/a", "x/y/a", false, true},
        {"**/a", "x/ya", false, false},
        {"src/**/a", "src/a", false, true},
        {"src/**/a", "src/x/y/a", false, true},
        {"src/**/a/**/b", "src/a/x/a/b", false, true},
        {"src/**/a/b", "src/a/x/a/b", false, true},
        {"src/**/a/b", "src/a/x/a/c", false, false},
        {"**", "a/b", false, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (aq_glob_means(cases[i].glob, cases[i].path, cases[i].folder) != cases[i].means)
            fail_msg("%s has to%s mean %s", cases[i].glob, cases[i].means ? "" : " not", cases[i].path);
}

/* A glob that would take for ever if every `**` were tried with every other. */
static void no_glob_takes_for_ever(void **state)
{
    (void)state;
    char glob[400] = "";
    char path[400] = "";
    for (int i = 0; i < 60; i++)
        strcat(glob, "**/a/");
    strcat(glob, "b");
    for (int i = 0; i < 120; i++)
        strcat(path, "a/");
    strcat(path, "c");
    aq_deadline soon = aq_after_ms(60000);
    assert_false(aq_glob_means(glob, path, false));
    assert_true(aq_ms_left(soon) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(globs_mean_what_gitignore_says),
        cmocka_unit_test(no_glob_takes_for_ever),
    };
    return cmocka_run_group_tests_name("spec/glob", tests, NULL, NULL);
}
