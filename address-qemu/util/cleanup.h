/* SPDX-License-Identifier: MIT */
/*
 * Clean-up by scope. A variable marked with one of these releases what it holds when it goes out of scope;
 * ownership is handed out with aq_steal_fd() or aq_steal_ptr(). Initialise every marked variable.
 */
#ifndef AQ_UTIL_CLEANUP_H
#define AQ_UTIL_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define aq_cleanup(function) __attribute__((cleanup(function)))

static inline void aq_cleanup_free(void *pointer)
{
    free(*(void **)pointer);
}

static inline void aq_cleanup_close(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void aq_cleanup_fclose(FILE **file)
{
    if (*file != NULL)
        fclose(*file);
}

#define aq_autofree aq_cleanup(aq_cleanup_free)
#define aq_autoclose aq_cleanup(aq_cleanup_close)
#define aq_autofclose aq_cleanup(aq_cleanup_fclose)

/* Hands the descriptor to the caller; the variable no longer owns it. */
static inline int aq_steal_fd(int *fd)
{
    int given = *fd;
    *fd = -1;
    return given;
}

/* Hands a pointer to the caller; the variable no longer owns it. */
#define aq_steal_ptr(pointer)                                                                                \
    ({                                                                                                       \
        __typeof__(*(pointer)) given_ = *(pointer);                                                          \
        *(pointer) = NULL;                                                                                   \
        given_;                                                                                              \
    })

#endif
