/* SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "spec/header.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/comments.h"
#include "spec/egress.h"
#include "spec/network_name.h"
#include "util/memory.h"
#include "util/size.h"
#include "util/suggest.h"

/* One value under way into the header. */
struct entry {
    struct aq_header *header;
    const char *where;
    int line;
    const char *key;
    const char *value;
    struct aq_error *err;
};

static int invalid(const struct entry *entry, const char *wanted)
{
    return aq_fail(entry->err, AQ_E_HEADER_INVALID,
                   "%s, line %d: rexxjs-vm-%s has to be %s, but is \"%.200s\"", entry->where, entry->line,
                   entry->key, wanted, entry->value);
}

static int set_name(const struct entry *entry, char name[AQ_NAME_MAX + 1])
{
    if (!aq_name_valid(entry->value))
        return invalid(entry, "a name of at most 63 letters, digits, '.', '_' and '-'");
    snprintf(name, AQ_NAME_MAX + 1, "%s", entry->value);
    return 0;
}

static int set_base(const struct entry *entry)
{
    return set_name(entry, entry->header->base);
}

static int set_vm_name(const struct entry *entry)
{
    return set_name(entry, entry->header->name);
}

static int set_network(const struct entry *entry)
{
    struct aq_error reason = {0};
    const char *network = aq_network_name(entry->value, &reason);
    if (network == NULL)
        return aq_fail(entry->err, AQ_E_HEADER_INVALID, "%s, line %d: rexxjs-vm-%s: %s", entry->where,
                       entry->line, entry->key, reason.text);
    snprintf(entry->header->network, sizeof entry->header->network, "%s", network);
    return 0;
}

static int set_size(const struct entry *entry, uint64_t *size)
{
    struct aq_error reason = {0};
    return aq_parse_size(entry->value, size, &reason) < 0 || *size == 0
               ? invalid(entry, "a size such as 512M or 4G")
               : 0;
}

static int set_memory(const struct entry *entry)
{
    if (set_size(entry, &entry->header->memory) < 0)
        return -1;
    return entry->header->memory < 16 << 20 ? invalid(entry, "at least 16M") : 0;
}

static int set_disk(const struct entry *entry)
{
    return set_size(entry, &entry->header->disk);
}

static int set_cpus(const struct entry *entry)
{
    char *end;
    long cpus = strtol(entry->value, &end, 10);
    if (*end != '\0' || cpus < 1 || cpus > 255)
        return invalid(entry, "a number of CPUs from 1 to 255");
    entry->header->cpus = (unsigned)cpus;
    return 0;
}

static int set_timeout(const struct entry *entry)
{
    struct aq_error reason = {0};
    if (aq_parse_duration(entry->value, &entry->header->timeout_ms, &reason) < 0 ||
        entry->header->timeout_ms <= 0)
        return invalid(entry, "a duration such as 300 (seconds) or 5m");
    return 0;
}

static int set_ingress(const struct entry *entry)
{
    struct aq_error reason = {0};
    int count = aq_ingress_parse(entry->value, NULL, entry->header->ingress, AQ_HEADER_PORTS_MAX, &reason);
    if (count < 0)
        return aq_fail(entry->err, AQ_E_HEADER_INVALID, "%s, line %d: rexxjs-vm-%s: %s", entry->where,
                       entry->line, entry->key, reason.text);
    entry->header->ingress_count = (unsigned)count;
    return 0;
}

static int set_egress(const struct entry *entry)
{
    struct aq_error reason = {0};
    aq_autofree struct aq_egress *egress = aq_alloc(sizeof *egress);
    aq_autobuffer struct aq_buffer text = {0};
    if (aq_egress_parse(entry->value, egress, &reason) < 0)
        return aq_fail(entry->err, AQ_E_HEADER_INVALID, "%s, line %d: rexxjs-vm-%s: %s", entry->where,
                       entry->line, entry->key, reason.text);
    aq_egress_text(egress, &text);
    entry->header->egress = aq_strdup(aq_buffer_text(&text));
    return 0;
}

static int set_spec(const struct entry *entry)
{
    entry->header->spec_line = entry->line;
    snprintf(entry->header->spec, sizeof entry->header->spec, "%s", entry->value);
    return 0;
}

static const struct {
    const char *key;
    int (*set)(const struct entry *entry);
} keys[] = {
    {"base", set_base},           {"name", set_vm_name},    {"memory", set_memory},
    {"cpus", set_cpus},           {"disk", set_disk},       {"timeout", set_timeout},
    {"spec", set_spec},           {"network", set_network}, {"ingress-port", set_ingress},
    {"egress-ports", set_egress},
};
enum { KEY_COUNT = sizeof keys / sizeof *keys };

static int unknown_key(const struct entry *entry)
{
    const char *names[KEY_COUNT];
    for (size_t i = 0; i < KEY_COUNT; i++)
        names[i] = keys[i].key;
    const char *near = aq_suggest(entry->key, names, KEY_COUNT);
    return aq_fail(
        entry->err, AQ_E_HEADER_INVALID, "%s, line %d: there is no rexxjs-vm-%s%s%s%s", entry->where,
        entry->line, entry->key, near != NULL ? "; did you mean rexxjs-vm-" : "", near != NULL ? near : "",
        near != NULL ? "?"
                     : "; known are base, name, memory, cpus, disk, timeout, spec, network, ingress-port "
                       "and egress-ports");
}

/* Each key once: two that differ would leave it to chance which is meant. */
static int set(const struct entry *entry, int seen[KEY_COUNT])
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcasecmp(keys[i].key, entry->key) != 0)
            continue;
        if (seen[i] != 0)
            return aq_fail(entry->err, AQ_E_HEADER_INVALID,
                           "%s, line %d: rexxjs-vm-%s is given already, on line %d", entry->where,
                           entry->line, keys[i].key, seen[i]);
        seen[i] = entry->line;
        if (entry->value[0] == '\0')
            return invalid(entry, "followed by a value");
        return keys[i].set(entry);
    }
    return unknown_key(entry);
}

/* The two patterns: a comment that is a header, and a line of one. */
struct patterns {
    pcre2_code *comment, *line;
    pcre2_match_data *match;
};

static void patterns_free(struct patterns *patterns)
{
    pcre2_code_free(patterns->comment);
    pcre2_code_free(patterns->line);
    pcre2_match_data_free(patterns->match);
}

static pcre2_code *compile(const char *pattern)
{
    int code;
    PCRE2_SIZE at;
    return pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_CASELESS, &code, &at, NULL);
}

static int compile_all(struct patterns *patterns, struct aq_error *err)
{
    patterns->comment = compile("\\A[\\s*]*rexxjs-vm-");
    patterns->line = compile("\\A[ \\t*]*rexxjs-vm-([a-z0-9_-]*)[ \\t]*:[ \\t]*(.*?)[ \\t*\\r]*\\z");
    patterns->match = pcre2_match_data_create(3, NULL);
    if (patterns->comment == NULL || patterns->line == NULL || patterns->match == NULL)
        return aq_fail(err, AQ_E_FAILED, "the header's patterns cannot be compiled by this PCRE2");
    return 0;
}

static bool matches(const pcre2_code *pattern, const struct patterns *patterns, const char *text,
                    size_t length)
{
    return pcre2_match(pattern, (PCRE2_SPTR)text, length, 0, 0, patterns->match, NULL) > 0;
}

static bool is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (strchr(" \t\r*", text[i]) == NULL)
            return false;
    return true;
}

static int parse_line(const struct patterns *patterns, const char *text, size_t length, struct entry *entry,
                      int *seen)
{
    if (is_blank(text, length))
        return 0;
    if (!matches(patterns->line, patterns, text, length))
        return aq_fail(
            entry->err, AQ_E_HEADER_INVALID,
            "%s, line %d: a header line looks like /* rexxjs-vm-memory: 4G */, but this is \"%.*s\"",
            entry->where, entry->line, (int)(length < 100 ? length : 100), text);
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(patterns->match);
    aq_autofree char *key = aq_strndup(text + at[2], at[3] - at[2]);
    aq_autofree char *value = aq_strndup(text + at[4], at[5] - at[4]);
    entry->key = key;
    entry->value = value;
    return set(entry, seen);
}

static int parse_comment(const struct patterns *patterns, const char *text, size_t length,
                         struct entry *entry, int *seen)
{
    if (!matches(patterns->comment, patterns, text, length))
        return 0;
    for (const char *end = text + length;; entry->line++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t line_length = (size_t)((stop != NULL ? stop : end) - text);
        if (parse_line(patterns, text, line_length, entry, seen) < 0)
            return -1;
        if (stop == NULL)
            return 0;
        text = stop + 1;
    }
}

int aq_header_parse(const char *script, size_t length, const char *where, struct aq_header *header,
                    struct aq_error *err)
{
    *header = (struct aq_header){0};
    aq_cleanup(patterns_free) struct patterns patterns = {0};
    if (compile_all(&patterns, err) < 0)
        return -1;
    int seen[KEY_COUNT] = {0};
    struct aq_comment_walk walk = {script, script + length, 1};
    struct entry entry = {.header = header, .where = where, .err = err};
    const char *inside;
    size_t inside_length;
    while (aq_next_comment(&walk, AQ_HEADER_LINES, &inside, &inside_length, &entry.line))
        if (parse_comment(&patterns, inside, inside_length, &entry, seen) < 0)
            return -1;
    return 0;
}

void aq_header_free(struct aq_header *header)
{
    free(header->egress);
    header->egress = NULL;
}
