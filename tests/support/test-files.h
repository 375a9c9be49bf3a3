/* SPDX-License-Identifier: MIT */
/* Files that a test makes and compares. */
#ifndef AQ_TEST_FILES_H
#define AQ_TEST_FILES_H

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "test.h"
#include "util/memory.h"

/* A file of bytes that are no text; open for reading and writing. */
static inline int make_file(const char *name, size_t length)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    aq_autofree char *bytes = aq_alloc(length + 1);
    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)(i * 2654435761U >> 9);
    assert_int_equal(write(fd, bytes, length), length);
    return fd;
}

static inline void assert_same_contents(int a, int b)
{
    char left[65536];
    char right[65536];
    off_t at = 0;
    ssize_t got;
    while ((got = pread(a, left, sizeof left, at)) > 0) {
        assert_int_equal(pread(b, right, sizeof right, at), got);
        assert_memory_equal(left, right, (size_t)got);
        at += got;
    }
    assert_int_equal(pread(b, right, 1, at), 0);
}

/* Nothing else is in the folder, such as a temporary file. */
static inline void assert_only(const char *folder, int files)
{
    int count = -2; /* "." and ".." */
    DIR *list = opendir(folder);
    assert_non_null(list);
    while (readdir(list) != NULL)
        count++;
    closedir(list);
    assert_int_equal(count, files);
}

#endif
