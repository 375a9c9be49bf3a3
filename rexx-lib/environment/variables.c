/* SPDX-License-Identifier: MIT */
#include "variables.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rexx.h"
#include "util/memory.h"

#define PREFIX "QEMU_"
#define BATCH 128
#define NAME_BYTES 16384
#define NAME_MAX_BYTES 256

/* A variable or a stem that some command has set, and the last command that did. */
struct known {
    char *name; /* "QEMU_VM", or "QEMU_VMS.0": every table sets its row count */
    size_t length;
    uint64_t command;
    struct known *next;      /* in the list of all variables, or of all stems */
    struct known *same_hash; /* in its bucket */
};

/* What every command sets; looked up once. */
enum fixed { SUCCESS, OPERATION, OUTPUT, ERROR_TEXT, ERROR_CODE, JSON, FIXED_COUNT };
static const char *const fixed_names[FIXED_COUNT] = {"SUCCESS", "OPERATION",  "OUTPUT",
                                                     "ERROR",   "ERROR_CODE", "JSON"};

struct aq_variables {
    uint64_t command; /* counts the commands */
    struct known *simple, *stems;
    struct known *buckets[128];
    struct known *fixed[FIXED_COUNT];

    /* Requests that wait to be sent, and the names that were made up for them. */
    SHVBLOCK requests[BATCH];
    unsigned request_count;
    char ignored[24]; /* what is fetched and not looked at */
    char names[NAME_BYTES];
    size_t names_used;

    struct aq_buffer value; /* what aq_variables_value returned */
};

static void free_list(struct known *known)
{
    while (known != NULL) {
        struct known *next = known->next;
        free(known->name);
        free(known);
        known = next;
    }
}

void aq_variables_free(struct aq_variables *variables)
{
    if (variables == NULL)
        return;
    free_list(variables->simple);
    free_list(variables->stems);
    aq_buffer_free(&variables->value);
    free(variables);
}

static void flush(struct aq_variables *variables)
{
    if (variables->request_count == 0)
        return;
    variables->requests[variables->request_count - 1].shvnext = NULL;
    RexxVariablePool(variables->requests);
    variables->request_count = 0;
    variables->names_used = 0;
}

static void request(struct aq_variables *variables, UCHAR code, const char *name, size_t name_length,
                    const char *value, size_t value_length)
{
    SHVBLOCK *block = &variables->requests[variables->request_count++];
    block->shvnext = block + 1;
    block->shvname.strptr = (char *)name;
    block->shvname.strlength = name_length;
    block->shvnamelen = name_length;
    block->shvvalue.strptr = (char *)value;
    block->shvvalue.strlength = value_length;
    block->shvvaluelen = value_length;
    block->shvcode = code;
    block->shvret = 0;
    if (variables->request_count == BATCH)
        flush(variables);
}

/* Room for a name that lives until its request has been sent. */
static char *name_room(struct aq_variables *variables)
{
    if (variables->names_used + NAME_MAX_BYTES > NAME_BYTES)
        flush(variables);
    return variables->names + variables->names_used;
}

static unsigned hash(const char *name, size_t length)
{
    unsigned value = 2166136261u;
    for (size_t i = 0; i < length; i++)
        value = (value ^ (unsigned char)name[i]) * 16777619u;
    return value % 128;
}

/* Finds or adds QEMU_<name><suffix> and marks it as set by this command. NULL for an absurdly long name. */
static struct known *mark(struct aq_variables *variables, const char *name, const char *suffix)
{
    char full[NAME_MAX_BYTES];
    size_t name_length = strlen(name), suffix_length = strlen(suffix);
    size_t length = strlen(PREFIX) + name_length + suffix_length;
    if (length >= sizeof full)
        return NULL;
    memcpy(full, PREFIX, strlen(PREFIX));
    memcpy(full + strlen(PREFIX), name, name_length);
    memcpy(full + strlen(PREFIX) + name_length, suffix, suffix_length);

    struct known **bucket = &variables->buckets[hash(full, length)];
    struct known **list = suffix_length > 0 ? &variables->stems : &variables->simple;
    struct known *known = *bucket;
    while (known != NULL && (known->length != length || memcmp(known->name, full, length) != 0))
        known = known->same_hash;
    if (known == NULL) {
        known = aq_alloc(sizeof *known);
        *known = (struct known){
            .name = aq_strndup(full, length), .length = length, .next = *list, .same_hash = *bucket};
        *list = *bucket = known;
    }
    known->command = variables->command;
    return known;
}

struct aq_variables *aq_variables_new(void)
{
    struct aq_variables *variables = aq_alloc(sizeof *variables);
    for (unsigned i = 0; i < FIXED_COUNT; i++)
        variables->fixed[i] = mark(variables, fixed_names[i], "");
    return variables;
}

static void set_field(struct aq_variables *variables, const char *name, const char *value, size_t length)
{
    const struct known *known = mark(variables, name, "");
    if (known != NULL)
        request(variables, RXSHV_SET, known->name, known->length, value, length);
}

static void set_cell(struct aq_variables *variables, const struct known *stem, size_t row, const char *column,
                     const char *value, size_t length)
{
    char *name = name_room(variables);
    int stem_length = (int)stem->length - 1; /* without the 0 */
    int used = snprintf(name, NAME_MAX_BYTES, "%.*s%zu%s%s", stem_length, stem->name, row,
                        *column != '\0' ? "." : "", column);
    if (used < 0 || used >= NAME_MAX_BYTES)
        return;
    variables->names_used += (size_t)used;
    request(variables, RXSHV_SET, name, (size_t)used, value, length);
}

/* STEM.0. The number is kept where names are, for it has to live as long. */
static void set_count(struct aq_variables *variables, const struct known *stem, size_t rows)
{
    char *number = name_room(variables);
    int digits = snprintf(number, NAME_MAX_BYTES, "%zu", rows);
    variables->names_used += (size_t)digits;
    request(variables, RXSHV_SET, stem->name, stem->length, number, (size_t)digits);
}

/* Regina makes the table behind a stem anew, with every entry in it, at each cell that is set while the
   compares since the last time are more than twice the accesses. The cells of a row get neighbouring hashes,
   so with many columns that is always: 48,000 cells took 12 s. The count is found at once; reading it keeps
   the average down: 0.07 s. */
static void calm_stem(struct aq_variables *variables, const struct known *stem, size_t columns)
{
    for (size_t i = 0; i < columns / 2; i++)
        request(variables, RXSHV_FETCH, stem->name, stem->length, variables->ignored,
                sizeof variables->ignored);
}

static void set_table(struct aq_variables *variables, const aq_result *result, size_t table)
{
    const struct known *stem = mark(variables, aq_result_table_name(result, table), ".0");
    if (stem == NULL)
        return;
    size_t rows = aq_result_row_count(result, table), columns = aq_result_column_count(result, table);
    set_count(variables, stem, rows);
    for (size_t row = 0; row < rows; row++)
        for (size_t column = 0; column < columns; column++) {
            size_t length = 0;
            const char *value = aq_result_cell_at(result, table, row, column, &length);
            if (value == NULL)
                continue;
            set_cell(variables, stem, row + 1, aq_result_column_name(result, table, column), value, length);
            calm_stem(variables, stem, columns);
        }
}

static void set_fixed(struct aq_variables *variables, enum fixed which, const char *value, size_t length)
{
    struct known *known = variables->fixed[which];
    known->command = variables->command;
    request(variables, RXSHV_SET, known->name, known->length, value, length);
}

static void set_fixed_text(struct aq_variables *variables, enum fixed which, const char *value)
{
    set_fixed(variables, which, value, strlen(value));
}

static void set_all_fixed(struct aq_variables *variables, const aq_result *result)
{
    size_t json_length = 0;
    const char *json = aq_result_json(result, &json_length);
    set_fixed_text(variables, SUCCESS, aq_result_rc(result) == 0 ? "1" : "0");
    set_fixed_text(variables, OPERATION, aq_result_operation(result));
    set_fixed_text(variables, OUTPUT, aq_result_output(result));
    set_fixed_text(variables, ERROR_TEXT, aq_result_error(result));
    set_fixed_text(variables, ERROR_CODE, aq_result_error_code(result));
    set_fixed(variables, JSON, json, json_length);
}

/* Empties every stem that has something in it here. To drop one costs Regina 4 µs even if it is empty
   already, to ask for its row count a fortieth of that; so ask first. */
static void drop_stems(struct aq_variables *variables)
{
    for (const struct known *stem = variables->stems; stem != NULL;) {
        const struct known *asked[BATCH / 2];
        char count[24]; /* what it is does not matter, only whether there is one */
        unsigned n = 0;
        for (; stem != NULL && n < BATCH / 2; stem = stem->next, n++) {
            request(variables, RXSHV_FETCH, stem->name, stem->length, count, sizeof count);
            asked[n] = stem;
        }
        flush(variables);
        for (unsigned i = 0; i < n; i++)
            if (!(variables->requests[i].shvret & RXSHV_NEWV))
                request(variables, RXSHV_SYDRO, asked[i]->name, asked[i]->length - 1, NULL, 0);
        flush(variables);
    }
}

static void drop_stale(struct aq_variables *variables)
{
    for (const struct known *known = variables->simple; known != NULL; known = known->next)
        if (known->command != variables->command)
            request(variables, RXSHV_SYDRO, known->name, known->length, NULL, 0);
}

void aq_variables_publish(struct aq_variables *variables, const aq_result *result)
{
    variables->command++;
    drop_stems(variables);
    set_all_fixed(variables, result);
    for (size_t i = 0; i < aq_result_field_count(result); i++) {
        size_t length = 0;
        const char *value = aq_result_field_value(result, i, &length);
        set_field(variables, aq_result_field_name(result, i), value, length);
    }
    for (size_t i = 0; i < aq_result_table_count(result); i++)
        set_table(variables, result, i);
    drop_stale(variables);
    flush(variables);
}

const char *aq_variables_value(struct aq_variables *variables, const char *name, size_t name_length,
                               size_t *value_length)
{
    SHVBLOCK fetch = {.shvcode = RXSHV_SYFET,
                      .shvname = {.strptr = (char *)name, .strlength = name_length},
                      .shvnamelen = name_length};
    RexxVariablePool(&fetch);
    if (fetch.shvret != RXSHV_OK) { /* NEWV is a variable without a value: what came is its name */
        if (fetch.shvvalue.strptr != NULL)
            RexxFreeMemory(fetch.shvvalue.strptr);
        return NULL;
    }
    aq_buffer_clear(&variables->value);
    aq_buffer_add(&variables->value, fetch.shvvalue.strptr, fetch.shvvalue.strlength);
    if (fetch.shvvalue.strptr != NULL)
        RexxFreeMemory(fetch.shvvalue.strptr);
    *value_length = variables->value.length;
    return aq_buffer_text(&variables->value);
}
