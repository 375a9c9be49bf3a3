/* SPDX-License-Identifier: MIT */
#include "guest/checkpoint_line.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WORD "checkpoint"

static const char *const answers[] = {
    [AQ_CHECKPOINT_CONTINUE] = "continue", [AQ_CHECKPOINT_PAUSE] = "pause", [AQ_CHECKPOINT_ABORT] = "abort"};

#define ANSWERS (sizeof answers / sizeof *answers)

const char *aq_checkpoint_answer_name(enum aq_checkpoint_answer answer)
{
    return answer < ANSWERS ? answers[answer] : "";
}

bool aq_checkpoint_answer_find(const char *name, size_t length, enum aq_checkpoint_answer *answer)
{
    for (unsigned i = 0; i < ANSWERS; i++)
        if (strlen(answers[i]) == length && strncasecmp(answers[i], name, length) == 0) {
            *answer = (enum aq_checkpoint_answer)i;
            return true;
        }
    return false;
}

static bool needs_escape(char c)
{
    return (unsigned char)c < ' ' || c == '%' || c == 0x7f;
}

/* Adds the value up to `limit` of the line's bytes; what does not fit is left out. */
static size_t add_value(char *to, size_t used, size_t limit, const char *value, size_t length)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)value[i];
        size_t wanted = needs_escape(value[i]) ? 3 : 1;
        if (used + wanted > limit)
            break;
        if (wanted == 1) {
            to[used++] = (char)c;
            continue;
        }
        to[used++] = '%';
        to[used++] = digits[c >> 4];
        to[used++] = digits[c & 15];
    }
    return used;
}

size_t aq_checkpoint_write(const struct aq_checkpoint_line *line, char to[AQ_SIDE_MAX])
{
    /* The text has what the others leave, and they have their share. */
    static const size_t shares[] = {[AQ_CHECKPOINT_STAGE] = 1024,
                                    [AQ_CHECKPOINT_CURRENT] = 128,
                                    [AQ_CHECKPOINT_TOTAL] = 128,
                                    [AQ_CHECKPOINT_TEXT] = AQ_SIDE_MAX};
    size_t used = (size_t)snprintf(to, AQ_SIDE_MAX, WORD "\t%.*s", AQ_CHECKPOINT_ID - 1, line->id);
    for (unsigned i = 0; i < AQ_CHECKPOINT_VALUES; i++) {
        to[used++] = '\t';
        size_t limit = used + shares[i] < AQ_SIDE_MAX ? used + shares[i] : AQ_SIDE_MAX;
        if (line->values[i] != NULL)
            used = add_value(to, used, limit, line->values[i], line->lengths[i]);
    }
    return used;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Undoes add_value: the number of bytes, or -1. */
static long read_value(const char *from, size_t length, char *to)
{
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        if (from[i] != '%') {
            to[used++] = from[i];
            continue;
        }
        if (i + 2 >= length || digit(from[i + 1]) < 0 || digit(from[i + 2]) < 0)
            return -1;
        to[used++] = (char)(digit(from[i + 1]) << 4 | digit(from[i + 2]));
        i += 2;
    }
    to[used] = '\0';
    return (long)used;
}

static bool read_id(const char *from, size_t length, char id[AQ_CHECKPOINT_ID])
{
    if (length == 0 || length >= AQ_CHECKPOINT_ID)
        return false;
    memcpy(id, from, length);
    id[length] = '\0';
    return strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-") == length;
}

/* The next field and, in *from, what follows it; NULL when there is none. */
static const char *next_field(const char **from, const char *end, size_t *length)
{
    const char *field = *from;
    if (field == NULL)
        return NULL;
    const char *tab = memchr(field, '\t', (size_t)(end - field));
    *length = (size_t)((tab != NULL ? tab : end) - field);
    *from = tab != NULL ? tab + 1 : NULL;
    return field;
}

bool aq_checkpoint_read(const char *from, size_t length, struct aq_checkpoint_line *line)
{
    const char *end = from + length;
    size_t field_length = 0;
    char *room = line->bytes;
    const char *field = length <= AQ_SIDE_MAX ? next_field(&from, end, &field_length) : NULL;
    if (field == NULL || field_length != strlen(WORD) || memcmp(field, WORD, field_length) != 0)
        return false;
    field = next_field(&from, end, &field_length);
    if (field == NULL || !read_id(field, field_length, line->id))
        return false;
    for (unsigned i = 0; i < AQ_CHECKPOINT_VALUES; i++) {
        field = next_field(&from, end, &field_length);
        long got = field == NULL ? -1 : read_value(field, field_length, room);
        if (got < 0)
            return false;
        line->values[i] = room;
        line->lengths[i] = (size_t)got;
        room += got + 1;
    }
    return from == NULL;
}

size_t aq_checkpoint_write_answer(const char *id, enum aq_checkpoint_answer answer, char to[AQ_SIDE_MAX])
{
    return (size_t)snprintf(to, AQ_SIDE_MAX, "%s\t%s", id, aq_checkpoint_answer_name(answer));
}

bool aq_checkpoint_read_answer(const char *from, size_t length, char id[AQ_CHECKPOINT_ID],
                               enum aq_checkpoint_answer *answer)
{
    const char *tab = memchr(from, '\t', length);
    return tab != NULL && read_id(from, (size_t)(tab - from), id) &&
           aq_checkpoint_answer_find(tab + 1, length - (size_t)(tab + 1 - from), answer);
}
