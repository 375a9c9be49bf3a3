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
    size_t length;
    const char *where;
    enum aq_error_code code;
    struct aq_error *err;
};

#define autoevent aq_cleanup(yaml_event_delete)

static bool fail_at(struct reader *reader, yaml_mark_t mark, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool fail_at(struct reader *reader, yaml_mark_t mark, const char *format, ...)
{
    aq_autofree char *reason = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&reason, format, args) < 0)
        reason = NULL;
    va_end(args);
    aq_fail(reader->err, reader->code, "%s:%zu:%zu: %s", reader->where, mark.line + 1, mark.column + 1,
            reason != NULL ? reason : "");
    return false;
}

static struct aq_place place_of(yaml_mark_t mark)
{
    return (struct aq_place){.line = (unsigned)mark.line + 1, .column = (unsigned)mark.column + 1};
}

/* Is it a tab that libyaml stumbled over, with nothing but blanks before it in its line? */
static bool is_tab(const struct reader *reader, yaml_mark_t mark)
{
    const char *end = reader->text + reader->length;
    const char *line = reader->text;
    for (size_t i = 0; i < mark.line && line != NULL; i++) {
        line = memchr(line, '\n', (size_t)(end - line));
        line += line != NULL;
    }
    if (line == NULL || mark.column >= (size_t)(end - line) || line[mark.column] != '\t')
        return false;
    for (size_t i = 0; i < mark.column; i++)
        if (line[i] != ' ' && line[i] != '\t')
            return false;
    return reader->parser.error == YAML_SCANNER_ERROR;
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
    fail_at(reader, mark, "%s",
            is_tab(reader, mark) ? "a tab, which cannot indent in YAML: use blanks" : parser->problem);
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
static bool read_integer(const char *text, size_t length, int64_t *value)
{
    const char *digits = text + (text[0] == '-');
    size_t count = length - (size_t)(digits - text);
    if (count == 0 || count > 19 || (digits[0] == '0' && length > 1) || strspn(digits, "0123456789") != count)
        return false;
    errno = 0;
    *value = strtoll(text, NULL, 10);
    return errno == 0;
}

static bool read_scalar(struct reader *reader, const yaml_event_t *event, struct aq_yaml_node *node)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (memchr(text, '\0', length) != NULL)
        return fail_at(reader, event->start_mark, "text with a NUL in it");
    node->kind = AQ_YAML_TEXT;
    node->text = aq_strndup(text, length);
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (node->quoted)
        return true;
    if (read_integer(text, length, &node->number)) {
        node->kind = AQ_YAML_INTEGER;
    } else if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        node->kind = AQ_YAML_BOOLEAN;
        node->number = text[0] == 't';
    }
    return true;
}

static bool read_value(struct reader *reader, const yaml_event_t *event, unsigned depth,
                       struct aq_yaml_node *node);

/* A new last item of a list or mapping. It is zeroed; what is in it already is freed with its parent. */
static struct aq_yaml_node *add_item(struct aq_yaml_node *parent)
{
    if ((parent->count & (parent->count - 1)) == 0) /* full: room doubles with each power of two */
        parent->items = aq_realloc(parent->items, 2 * (parent->count + 1) * sizeof *parent->items);
    struct aq_yaml_node *item = &parent->items[parent->count++];
    *item = (struct aq_yaml_node){0};
    return item;
}

static bool read_list(struct reader *reader, unsigned depth, struct aq_yaml_node *list)
{
    for (;;) {
        autoevent yaml_event_t event = {0};
        if (!next_event(reader, &event))
            return false;
        if (event.type == YAML_SEQUENCE_END_EVENT)
            return true;
        if (!read_value(reader, &event, depth + 1, add_item(list)))
            return false;
    }
}

/* A key as a mapping may have it; `seen` has those before it. False with the error. */
static bool judge_key(struct reader *reader, const yaml_event_t *event, json_t *seen)
{
    if (event->type != YAML_SCALAR_EVENT || event->data.scalar.anchor != NULL ||
        event->data.scalar.tag != NULL)
        return fail_at(reader, event->start_mark, "a key has to be plain text");
    const char *key = (const char *)event->data.scalar.value;
    if (strlen(key) != event->data.scalar.length || strlen(key) > AQ_YAML_MAX_KEY)
        return fail_at(reader, event->start_mark, "a key has a NUL in it or is longer than %d bytes",
                       AQ_YAML_MAX_KEY);
    if (json_object_get(seen, key) != NULL)
        return fail_at(reader, event->start_mark, "the key \"%s\" is there twice", key);
    if (json_object_set_new(seen, key, json_true()) < 0)
        return fail_at(reader, event->start_mark, "a key with an invalid character");
    return true;
}

static bool read_mapping(struct reader *reader, unsigned depth, struct aq_yaml_node *mapping)
{
    aq_autojson json_t *seen = json_object();
    for (;;) {
        autoevent yaml_event_t key = {0};
        autoevent yaml_event_t event = {0};
        if (!next_event(reader, &key))
            return false;
        if (key.type == YAML_MAPPING_END_EVENT)
            return true;
        if (!judge_key(reader, &key, seen) || !next_event(reader, &event))
            return false;
        struct aq_yaml_node *item = add_item(mapping);
        item->key = aq_strdup((const char *)key.data.scalar.value);
        item->key_place = place_of(key.start_mark);
        if (!read_value(reader, &event, depth + 1, item))
            return false;
    }
}

static bool read_value(struct reader *reader, const yaml_event_t *event, unsigned depth,
                       struct aq_yaml_node *node)
{
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    node->place = place_of(event->start_mark);
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return fail_at(reader, event->start_mark, "aliases (*name) are not allowed");
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        node->kind = AQ_YAML_LIST;
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        node->kind = AQ_YAML_MAPPING;
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
        return read_scalar(reader, event, node);
    if (depth > AQ_YAML_MAX_DEPTH)
        return fail_at(reader, event->start_mark, "more than %d levels", AQ_YAML_MAX_DEPTH);
    return node->kind == AQ_YAML_LIST ? read_list(reader, depth, node) : read_mapping(reader, depth, node);
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

static bool read_stream(struct reader *reader, struct aq_yaml_node *root)
{
    if (!expect(reader, YAML_STREAM_START_EVENT, "no text") ||
        !expect(reader, YAML_DOCUMENT_START_EVENT, "there is nothing in it: keys with values were wanted"))
        return false;
    autoevent yaml_event_t event = {0};
    if (!next_event(reader, &event))
        return false;
    if (event.type != YAML_MAPPING_START_EVENT)
        return fail_at(reader, event.start_mark, "keys with values (name: value) were wanted");
    return read_value(reader, &event, 1, root) &&
           expect(reader, YAML_DOCUMENT_END_EVENT, "the document does not end") &&
           expect(reader, YAML_STREAM_END_EVENT, "several documents in one file are not allowed");
}

int aq_yaml_read(const char *text, size_t length, const char *where, enum aq_error_code code,
                 struct aq_yaml_node *root, struct aq_error *err)
{
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* libyaml would count the mark as a column */
        text += 3;
        length -= 3;
    }
    struct reader reader = {.text = text, .length = length, .where = where, .code = code, .err = err};
    if (length > AQ_YAML_MAX_BYTES) {
        fail_at(&reader, (yaml_mark_t){0}, "more than %d bytes", AQ_YAML_MAX_BYTES);
        return -1;
    }
    if (!yaml_parser_initialize(&reader.parser))
        aq_panic("out of memory");
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, length);
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    bool read = read_stream(&reader, root);
    yaml_parser_delete(&reader.parser);
    return read ? 0 : -1;
}

void aq_yaml_free(struct aq_yaml_node *node)
{
    for (size_t i = 0; i < node->count; i++)
        aq_yaml_free(&node->items[i]);
    free(node->items);
    free(node->key);
    free(node->text);
    *node = (struct aq_yaml_node){0};
}
