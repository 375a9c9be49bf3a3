/* SPDX-License-Identifier: MIT */
/* For tests of util/files.h, each in an empty folder "work": test(name) in the list of cases. */
#ifndef AQ_TEST_WORK_FOLDER_H
#define AQ_TEST_WORK_FOLDER_H

#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/files.h"

static struct aq_error err;
static int dir = -1;

/* Each test works in an empty folder "work". */
static inline int fresh(void **state)
{
    (void)state;
    err = (struct aq_error){0};
    if (aq_remove_tree_at(AT_FDCWD, "work", &err) < 0 || mkdir("work", 0700) < 0)
        return -1;
    dir = open("work", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir >= 0 ? 0 : -1;
}

static inline int finish(void **state)
{
    (void)state;
    close(dir);
    return 0;
}

static inline void put(const char *name, const char *text)
{
    assert_ok(aq_write_new_file_at(dir, name, text, strlen(text), 0600, &err));
}

static inline void assert_holds(const char *name, const char *text)
{
    aq_autobuffer struct aq_buffer data = {0};
    assert_ok(aq_read_file_at(dir, name, 1 << 20, &data, &err));
    assert_string_equal(aq_buffer_text(&data), text);
}

/* Runs it as a user without rights (when we are root); what it returns has to be 0. */
static inline void as_nobody(int (*function)(void))
{
    pid_t child = fork();
    assert_return_code(child, 0);
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
            _exit(100);
        _exit(function());
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static inline int count_entries(void)
{
    DIR *stream = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    assert_non_null(stream);
    int count = -2;
    while (readdir(stream) != NULL)
        count++;
    closedir(stream);
    return count;
}

#define test(function) cmocka_unit_test_setup_teardown(function, fresh, finish)

#endif
