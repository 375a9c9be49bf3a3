/* SPDX-License-Identifier: MIT */
/*
 * Heavy libraries, loaded at first use: a script that only clones does not pay for libguestfs. The functions
 * have the types of the library's own header, so the compiler checks each call; nothing is linked.
 *
 *     #define SSH_FUNCTIONS(X) X(ssh_new) X(ssh_free)
 *     AQ_LIBRARY_DECLARE(aq_ssh, SSH_FUNCTIONS);
 *     AQ_LIBRARY_DEFINE(aq_ssh, SSH_FUNCTIONS, "libssh-4", "libssh.so.4");
 *
 *     if (aq_library_load(&aq_ssh_library, err) < 0)
 *         return -1;
 *     ssh_session session = aq_ssh.ssh_new();
 *
 * The declaration stands in a header of its own where several files call the library.
 */
#ifndef AQ_UTIL_LIBRARY_H
#define AQ_UTIL_LIBRARY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"

/* Made by AQ_LIBRARY_DEFINE. */
struct aq_library {
    const char *package;      /* of Debian, for the error */
    const char *const *files; /* sonames, the preferred one first; ends with NULL */
    const char *const *names; /* of the functions; ends with NULL */
    void **functions;         /* where their addresses go, in that order */
    pthread_mutex_t lock;
    bool loaded;
};

/* Loads it unless it is: 0, or -1 with LIBRARY_MISSING, which names the package. What was loaded stays. */
int aq_library_load(struct aq_library *library, struct aq_error *err);

/* NOLINTBEGIN(bugprone-macro-parentheses): what is declared is a name */
#define AQ_LIBRARY_POINTER(function) __typeof__(function) *function;
#define AQ_LIBRARY_NAME(function) #function,

/* A structure of pointers `name`, and `struct aq_library name_library`. FUNCTIONS(X) lists X(function). */
#define AQ_LIBRARY_DECLARE(name, FUNCTIONS)                                                                  \
    extern struct name##_functions {                                                                         \
        FUNCTIONS(AQ_LIBRARY_POINTER)                                                                        \
    } name;                                                                                                  \
    extern struct aq_library name##_library

/* Their definition, once, after the declaration. What follows the package are the sonames. */
#define AQ_LIBRARY_DEFINE(name, FUNCTIONS, package_name, ...)                                                \
    struct name##_functions name;                                                                            \
    struct aq_library name##_library = {.package = package_name,                                             \
                                        .files = (const char *const[]){__VA_ARGS__, NULL},                   \
                                        .names = (const char *const[]){FUNCTIONS(AQ_LIBRARY_NAME) NULL},     \
                                        .functions = (void **)&name,                                         \
                                        .lock = PTHREAD_MUTEX_INITIALIZER}
/* NOLINTEND(bugprone-macro-parentheses) */

#endif
