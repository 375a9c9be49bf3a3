/* SPDX-License-Identifier: MIT */
/*
 * What a verb fills in; the reading side is the public API. Names are upper case without the QEMU_ prefix: a
 * script sees the field VM as QEMU_VM and the row 1 of table BASES as QEMU_BASES.1.NAME. In JSON the names
 * are lower case.
 */
#ifndef AQ_COMMAND_RESULT_H
#define AQ_COMMAND_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address-qemu/address-qemu.h"
#include "util/error.h"

/* Fields; setting one again replaces it. `name` must live for ever (a literal). */
void aq_result_set_text(aq_result *result, const char *name, const char *text); /* NULL: is not set */
void aq_result_set_bytes(aq_result *result, const char *name, const void *bytes, size_t length);
void aq_result_set_int(aq_result *result, const char *name, int64_t value);
void aq_result_set_bool(aq_result *result, const char *name, bool value);

/* The sentence for a human (QEMU_OUTPUT). */
void aq_result_say(aq_result *result, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* More text after what is there: for listings. */
void aq_result_say_more(aq_result *result, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct aq_table;

/* The table of that name, made at the first call (and then there, even with no row). It lives as long as the
 * result. */
struct aq_table *aq_result_table(aq_result *result, const char *name);

/* Starts a row; cells go into the last row that was started. A column appears when it is first used; the
   column "" makes a table of bare values (QEMU_STDOUT_LINES.1). */
void aq_table_row(struct aq_table *table);
void aq_table_text(struct aq_table *table, const char *column, const char *text); /* NULL: stays unset */
void aq_table_bytes(struct aq_table *table, const char *column, const void *bytes, size_t length);
void aq_table_int(struct aq_table *table, const char *column, int64_t value);
void aq_table_bool(struct aq_table *table, const char *column, bool value);

/* Lines of `text` (CRLF and LF) as rows of a table of bare values. */
void aq_result_lines(aq_result *result, const char *table, const char *text, size_t length);

/* For command/session.c. */
aq_result *aq_result_new(void);
void aq_result_set_operation(aq_result *result, const char *operation);
void aq_result_set_error(aq_result *result, const struct aq_error *err);

#endif
