/* SPDX-License-Identifier: MIT */
/*
 * The records of the store and the users' specs as YAML: a mapping of scalars, lists and mappings. Strict: no
 * anchors, aliases, tags, duplicate keys or several documents; at most 1 MiB and 32 levels; an error has
 * file, line and column. (Source: YAML 1.1 as libyaml reads it; plain true and false are booleans, plain
 * decimal integers without leading zeros are integers, everything else is text.) What users write is read
 * into nodes, which know where they stand; records into jansson's tree.
 */
#ifndef AQ_UTIL_YAML_H
#define AQ_UTIL_YAML_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/memory.h"

/* Where something stands in a file; both count from 1. */
struct aq_place {
    unsigned line;
    unsigned column;
};

enum aq_yaml_kind { AQ_YAML_TEXT, AQ_YAML_INTEGER, AQ_YAML_BOOLEAN, AQ_YAML_LIST, AQ_YAML_MAPPING };

/* A value, and its key where it is one of a mapping's. Zero-initialise the root; aq_yaml_free at the end. */
struct aq_yaml_node {
    enum aq_yaml_kind kind;
    struct aq_place place;
    char *key; /* NULL in a list */
    struct aq_place key_place;
    char *text;                 /* of a scalar of any kind, as written but for its quotes */
    bool quoted;                /* TEXT that is not written plainly */
    int64_t number;             /* INTEGER; BOOLEAN: 0 or 1 */
    struct aq_yaml_node *items; /* LIST, MAPPING */
    size_t count;
};

/* Reads text into `root`, a mapping; what fails is `code`. `where` names the file in the message. On failure
   too, `root` has to be freed. */
int aq_yaml_read(const char *text, size_t length, const char *where, enum aq_error_code code,
                 struct aq_yaml_node *root, struct aq_error *err);
void aq_yaml_free(struct aq_yaml_node *node);

#define aq_autoyaml aq_cleanup(aq_yaml_free)

/* The same as jansson's tree: parses text into a new reference, an object; NULL with RECORD_INVALID. `where`
 * names the file in the message. */
json_t *aq_yaml_parse(const char *text, size_t length, const char *where, struct aq_error *err);

/* Adds an object of objects, arrays, strings, integers and booleans as block-style YAML, which aq_yaml_parse
   reads back as the same tree, and other YAML readers too: text that one of them could take for something
   else is quoted. RECORD_INVALID for what the parser would refuse. */
int aq_yaml_write(const json_t *tree, struct aq_buffer *text, struct aq_error *err);

#endif
