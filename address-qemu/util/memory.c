/* SPDX-License-Identifier: MIT */
#include "util/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void aq_panic(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("address-qemu: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

static void *checked(void *pointer)
{
    if (pointer == NULL)
        aq_panic("out of memory");
    return pointer;
}

void *aq_alloc(size_t size)
{
    return checked(calloc(1, size != 0 ? size : 1));
}

void *aq_realloc(void *pointer, size_t size)
{
    return checked(realloc(pointer, size != 0 ? size : 1));
}

char *aq_strdup(const char *text)
{
    return checked(strdup(text));
}

char *aq_strndup(const char *text, size_t length)
{
    return checked(strndup(text, length));
}

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    return checked(text);
}

char *aq_format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = format_text(format, args);
    va_end(args);
    return text;
}

char *aq_buffer_room(struct aq_buffer *buffer, size_t length)
{
    size_t wanted = buffer->length + length + 1;
    if (wanted > buffer->capacity) {
        size_t capacity = buffer->capacity != 0 ? buffer->capacity : 64;
        while (capacity < wanted)
            capacity *= 2;
        buffer->data = aq_realloc(buffer->data, capacity);
        buffer->capacity = capacity;
        buffer->data[buffer->length] = '\0';
    }
    return buffer->data + buffer->length;
}

void aq_buffer_filled(struct aq_buffer *buffer, size_t length)
{
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
}

void aq_buffer_add(struct aq_buffer *buffer, const void *data, size_t length)
{
    char *room = aq_buffer_room(buffer, length);
    if (length != 0)
        memcpy(room, data, length);
    aq_buffer_filled(buffer, length);
}

void aq_buffer_add_text(struct aq_buffer *buffer, const char *text)
{
    aq_buffer_add(buffer, text, strlen(text));
}

void aq_buffer_add_char(struct aq_buffer *buffer, char c)
{
    char *room = aq_buffer_room(buffer, 1);
    room[0] = c;
    aq_buffer_filled(buffer, 1);
}

void aq_buffer_format(struct aq_buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = format_text(format, args);
    va_end(args);
    aq_buffer_add_text(buffer, text);
    free(text);
}

const char *aq_buffer_text(const struct aq_buffer *buffer)
{
    return buffer->data != NULL ? buffer->data : "";
}

void aq_buffer_clear(struct aq_buffer *buffer)
{
    buffer->length = 0;
    if (buffer->data != NULL)
        buffer->data[0] = '\0';
}

void aq_buffer_free(struct aq_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct aq_buffer){0};
}

static void strings_take(struct aq_strings *list, char *text)
{
    if (list->count + 2 > list->capacity) {
        list->capacity = list->capacity != 0 ? list->capacity * 2 : 16;
        list->items = aq_realloc(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = text;
    list->items[list->count] = NULL;
}

void aq_strings_add(struct aq_strings *list, const char *text)
{
    strings_take(list, aq_strdup(text));
}

void aq_strings_format(struct aq_strings *list, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    strings_take(list, format_text(format, args));
    va_end(args);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void aq_strings_sort(struct aq_strings *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, compare);
}

bool aq_strings_has(const struct aq_strings *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

void aq_strings_free(struct aq_strings *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct aq_strings){0};
}
