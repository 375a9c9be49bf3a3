/* SPDX-License-Identifier: MIT */
/*
 * The records of the store and the users' specs as YAML: a mapping of scalars, lists and mappings, read into
 * jansson's tree. Strict: no anchors, aliases, tags, duplicate keys or several documents; at most 1 MiB and
 * 32 levels; an error has file, line and column. (Source: YAML 1.1 as libyaml reads it; plain true and false
 * are booleans, plain decimal integers without leading zeros are integers, everything else is text.)
 */
#ifndef AQ_UTIL_YAML_H
#define AQ_UTIL_YAML_H

#include <jansson.h>
#include <stddef.h>

#include "util/error.h"
#include "util/memory.h"

/* Parses text into a new reference, an object; NULL with RECORD_INVALID. `where` names the file in the
 * message. */
json_t *aq_yaml_parse(const char *text, size_t length, const char *where, struct aq_error *err);

/* Adds an object of objects, arrays, strings, integers and booleans as block-style YAML, which aq_yaml_parse
   reads back as the same tree, and other YAML readers too: text that one of them could take for something
   else is quoted. RECORD_INVALID for what the parser would refuse. */
int aq_yaml_write(const json_t *tree, struct aq_buffer *text, struct aq_error *err);

#endif
