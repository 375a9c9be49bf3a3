/* SPDX-License-Identifier: MIT */
/*
 * Memory. Running out of it ends the process with a message: there is nothing useful that a command could do,
 * and what a guest sends is capped long before. So none of these returns NULL.
 */
#ifndef AQ_UTIL_MEMORY_H
#define AQ_UTIL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "util/cleanup.h"

void *aq_alloc(size_t size); /* zeroed; free() it */
void *aq_realloc(void *pointer, size_t size);
char *aq_strdup(const char *text);
char *aq_strndup(const char *text, size_t length);

/* Ends the process with that message: for what cannot happen on a working system. */
_Noreturn void aq_panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

char *aq_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A growing run of bytes. Always followed by a NUL that is not counted, so that data is a C string as well
   (data is NULL while nothing was ever added: use aq_buffer_text). Zero-initialise; aq_buffer_free at the
   end. */
struct aq_buffer {
    char *data;
    size_t length;
    size_t capacity;
};

void aq_buffer_add(struct aq_buffer *buffer, const void *data, size_t length);
void aq_buffer_add_text(struct aq_buffer *buffer, const char *text);
void aq_buffer_add_char(struct aq_buffer *buffer, char c);
void aq_buffer_format(struct aq_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Makes room for `length` more bytes and returns where they go; aq_buffer_filled counts those that came. */
char *aq_buffer_room(struct aq_buffer *buffer, size_t length);
void aq_buffer_filled(struct aq_buffer *buffer, size_t length);
const char *aq_buffer_text(const struct aq_buffer *buffer); /* "" for an empty one */
void aq_buffer_clear(struct aq_buffer *buffer);             /* keeps the memory */
void aq_buffer_free(struct aq_buffer *buffer);

/* A growing NULL-terminated list of owned strings, such as an argv. Zero-initialise. */
struct aq_strings {
    char **items;
    size_t count;
    size_t capacity;
};

void aq_strings_add(struct aq_strings *list, const char *text);
void aq_strings_format(struct aq_strings *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void aq_strings_sort(struct aq_strings *list);
bool aq_strings_has(const struct aq_strings *list, const char *text);
void aq_strings_free(struct aq_strings *list);

#define aq_autobuffer aq_cleanup(aq_buffer_free)
#define aq_autostrings aq_cleanup(aq_strings_free)

#endif
