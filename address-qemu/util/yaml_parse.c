/* SPDX-License-Identifier: MIT */
#include "util/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "util/json.h"
#include "util/yaml_limits.h"

struct reader {
    yaml_parser_t parser;
    const char *text;
    const char *where;
    struct aq_error *err;
};

#define autoevent aq_cleanup(yaml_event_delete)

static json_t *fail_at(struct reader *reader, yaml_mark_t mark, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static json_t *fail_at(struct reader *reader, yaml_mark_t mark, const char *format, ...)
{
    aq_autofree char *reason = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&reason, format, args) < 0)
        reason = NULL;
    va_end(args);
    aq_fail(reader->err, AQ_E_RECORD_INVALID, "%s:%zu:%zu: %s", reader->where, mark.line + 1, mark.column + 1,
            reason != NULL ? reason : "");
    return NULL;
}

/* libyaml tells where it stopped by line and column, except for a byte that is no character: by its offset.
 */
static void fail_from_parser(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    yaml_mark_t mark = parser->problem_mark;
    if (parser->error == YAML_MEMORY_ERROR)
        aq_panic("out of memory");
    if (parser->error == YAML_READER_ERROR) {
        mark = (yaml_mark_t){0};
        for (size_t i = 0; i < parser->problem_offset; i++) {
            mark.column++;
            if (reader->text[i] == '\n')
                mark = (yaml_mark_t){.line = mark.line + 1};
        }
    }
    fail_at(reader, mark, "%s", parser->problem);
}

static bool next_event(struct reader *reader, yaml_event_t *event)
{
    if (yaml_parser_parse(&reader->parser, event))
        return true;
    fail_from_parser(reader);
    return false;
}

/* -?(0|[1-9][0-9]*) that fits; anything else that looks like a number stays text, so that 0644 and 1.5 keep
 * their form. */
static bool read_integer(const char *text, size_t length, json_int_t *value)
{
    const char *digits = text + (text[0] == '-');
    size_t count = length - (size_t)(digits - text);
    if (count == 0 || count > 19 || (digits[0] == '0' && length > 1) || strspn(digits, "0123456789") != count)
        return false;
    errno = 0;
    *value = strtoll(text, NULL, 10);
    return errno == 0;
}

static json_t *read_scalar(struct reader *reader, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        json_int_t integer;
        if (read_integer(text, length, &integer))
            return json_integer(integer);
        if (strcmp(text, "true") == 0)
            return json_true();
        if (strcmp(text, "false") == 0)
            return json_false();
    }
    json_t *string = memchr(text, '\0', length) == NULL ? json_stringn(text, length) : NULL;
    return string != NULL ? string
                          : fail_at(reader, event->start_mark, "text with a NUL or an invalid character");
}

static json_t *read_value(struct reader *reader, const yaml_event_t *event, unsigned depth);

static json_t *read_list(struct reader *reader, unsigned depth)
{
    aq_autojson json_t *list = json_array();
    for (;;) {
        autoevent yaml_event_t event = {0};
        if (!next_event(reader, &event))
            return NULL;
        if (event.type == YAML_SEQUENCE_END_EVENT)
            return aq_steal_ptr(&list);
        json_t *value = read_value(reader, &event, depth + 1);
        if (value == NULL)
            return NULL;
        json_array_append_new(list, value);
    }
}

/* A key as an object may have it. False with the error. */
static bool judge_key(struct reader *reader, const yaml_event_t *event, const json_t *mapping)
{
    if (event->type != YAML_SCALAR_EVENT || event->data.scalar.anchor != NULL ||
        event->data.scalar.tag != NULL) {
        fail_at(reader, event->start_mark, "a key has to be plain text");
        return false;
    }
    const char *key = (const char *)event->data.scalar.value;
    if (strlen(key) != event->data.scalar.length || strlen(key) > AQ_YAML_MAX_KEY) {
        fail_at(reader, event->start_mark, "a key has a NUL in it or is longer than %d bytes",
                AQ_YAML_MAX_KEY);
        return false;
    }
    if (json_object_get(mapping, key) != NULL) {
        fail_at(reader, event->start_mark, "the key \"%s\" is there twice", key);
        return false;
    }
    return true;
}

static json_t *read_mapping(struct reader *reader, unsigned depth)
{
    aq_autojson json_t *mapping = json_object();
    for (;;) {
        autoevent yaml_event_t key = {0};
        autoevent yaml_event_t event = {0};
        if (!next_event(reader, &key))
            return NULL;
        if (key.type == YAML_MAPPING_END_EVENT)
            return aq_steal_ptr(&mapping);
        if (!judge_key(reader, &key, mapping) || !next_event(reader, &event))
            return NULL;
        json_t *value = read_value(reader, &event, depth + 1);
        if (value == NULL)
            return NULL;
        if (json_object_set_new(mapping, (const char *)key.data.scalar.value, value) < 0)
            return fail_at(reader, key.start_mark, "a key with an invalid character");
    }
}

static json_t *read_value(struct reader *reader, const yaml_event_t *event, unsigned depth)
{
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return fail_at(reader, event->start_mark, "aliases (*name) are not allowed");
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
        break;
    default:
        return fail_at(reader, event->start_mark, "a value was wanted");
    }
    if (anchor != NULL || tag != NULL)
        return fail_at(reader, event->start_mark, "%s are not allowed",
                       anchor != NULL ? "anchors (&name)" : "tags (!name)");
    if (event->type == YAML_SCALAR_EVENT)
        return read_scalar(reader, event);
    if (depth > AQ_YAML_MAX_DEPTH)
        return fail_at(reader, event->start_mark, "more than %d levels", AQ_YAML_MAX_DEPTH);
    return event->type == YAML_SEQUENCE_START_EVENT ? read_list(reader, depth) : read_mapping(reader, depth);
}

/* The next event has to be of that type. */
static bool expect(struct reader *reader, yaml_event_type_t type, const char *otherwise)
{
    autoevent yaml_event_t event = {0};
    if (!next_event(reader, &event))
        return false;
    if (event.type != type)
        fail_at(reader, event.start_mark, "%s", otherwise);
    return event.type == type;
}

static json_t *read_stream(struct reader *reader)
{
    if (!expect(reader, YAML_STREAM_START_EVENT, "no text") ||
        !expect(reader, YAML_DOCUMENT_START_EVENT, "there is nothing in it: keys with values were wanted"))
        return NULL;
    autoevent yaml_event_t root = {0};
    if (!next_event(reader, &root))
        return NULL;
    if (root.type != YAML_MAPPING_START_EVENT)
        return fail_at(reader, root.start_mark, "keys with values (name: value) were wanted");
    aq_autojson json_t *tree = read_value(reader, &root, 1);
    if (tree == NULL || !expect(reader, YAML_DOCUMENT_END_EVENT, "the document does not end") ||
        !expect(reader, YAML_STREAM_END_EVENT, "several documents in one file are not allowed"))
        return NULL;
    return aq_steal_ptr(&tree);
}

json_t *aq_yaml_parse(const char *text, size_t length, const char *where, struct aq_error *err)
{
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* libyaml would count the mark as a column */
        text += 3;
        length -= 3;
    }
    struct reader reader = {.text = text, .where = where, .err = err};
    if (length > AQ_YAML_MAX_BYTES)
        return fail_at(&reader, (yaml_mark_t){0}, "more than %d bytes", AQ_YAML_MAX_BYTES);
    if (!yaml_parser_initialize(&reader.parser))
        aq_panic("out of memory");
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, length);
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    json_t *tree = read_stream(&reader);
    yaml_parser_delete(&reader.parser);
    return tree;
}
