/* SPDX-License-Identifier: MIT */
/*
 * What a spec may say: tables of keys, one for each kind of mapping. Checking, the texts of errors and
 * docs/spec-reference.md come from them; there is no second list.
 */
#ifndef AQ_SPEC_SCHEMA_H
#define AQ_SPEC_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/modification.h"
#include "util/yaml.h"

/* What a value has to be, and the member that it goes into. */
enum aq_schema_type {
    AQ_SCHEMA_TEXT,       /* char *; any text, quoted where it is empty */
    AQ_SCHEMA_BASE,       /* char * */
    AQ_SCHEMA_GUEST_PATH, /* char *; made plain, but for a slash at its end */
    AQ_SCHEMA_HOST_PATH,  /* char * */
    AQ_SCHEMA_URL,        /* char * */
    AQ_SCHEMA_CHECKSUM,   /* char *; without the "sha256:" */
    AQ_SCHEMA_LINK,       /* char *; the target of a symbolic link */
    AQ_SCHEMA_ACCOUNT,    /* char *; a user or group of the guest, by name or number */
    AQ_SCHEMA_VARIABLE,   /* char *; the name of a variable */
    AQ_SCHEMA_SECRET,     /* char *; the name of a secret */
    AQ_SCHEMA_GLOB,       /* char * */
    AQ_SCHEMA_MODE,       /* int; -1 when it is not said */
    AQ_SCHEMA_DURATION,   /* int64_t, milliseconds */
    AQ_SCHEMA_BOOLEAN,    /* bool */
    AQ_SCHEMA_TRUE,       /* nothing: that the key is there says it */
    AQ_SCHEMA_CHOICE,     /* unsigned: the number of the choice */
    AQ_SCHEMA_LIST,       /* struct aq_strings, each of the type `each` */
    AQ_SCHEMA_NAMED,      /* struct aq_named_texts */
    AQ_SCHEMA_SECTION,    /* what the section fills, in the same structure */
    AQ_SCHEMA_SECTIONS,   /* a list of mappings: an array of what the section fills, and its count */
    AQ_SCHEMA_SECTION_MAP /* the same from a mapping, whose keys are of the type `each` */
};

struct aq_schema_section;

/* A key of a mapping. A list of them ends with one whose name is NULL. */
struct aq_schema_key {
    const char *name;
    enum aq_schema_type type;
    enum aq_schema_type each; /* LIST, SECTION_MAP */
    size_t at;                /* where its member is in the structure */
    size_t count_at;          /* SECTIONS, SECTION_MAP: where the count is */
    const struct aq_schema_section *section;
    const char *fallback; /* the default, as a user would write it */
    const char *choices;  /* "offline|guest" */
    unsigned max;         /* entries of a list or mapping */

    /* Of an entry of files. `kind` is one more than the kind that the key makes it, `kinds` has a bit for
       each kind that the key goes with (0: all), `needs` names another key that has to be true. */
    unsigned kind;
    unsigned kinds;
    bool required;
    bool environment; /* ${NAME} is filled in from the environment */
    const char *needs;

    const char *example; /* for the reference: a value */
    const char *meaning; /* a few words or sentences; lower case, no full stop at its end */
};

struct aq_schema_section {
    const char *heading; /* of the reference: "An entry of `files`" */
    const char *called;  /* in errors: "an entry of files" */
    const char *details; /* a few sentences of Markdown */
    const struct aq_schema_key *keys;
    size_t size;   /* of the structure, which begins with a struct aq_place when it is one of an array */
    size_t key_at; /* SECTION_MAP: where the key goes */
    /* What no table can say. 0, or -1 with the error. NULL: nothing. */
    int (*finish)(const struct aq_spec *spec, const struct aq_yaml_node *node, void *structure,
                  struct aq_error *err);
};

/* The whole: what a spec's file is. */
extern const struct aq_schema_section aq_schema_document;

/* The sections in the order of the reference; ends with NULL. */
extern const struct aq_schema_section *const aq_schema_sections[];

/* Reads a mapping into the structure. On failure too, what is in it is owned by it. */
int aq_schema_read(const struct aq_spec *spec, const struct aq_schema_section *section,
                   const struct aq_yaml_node *node, void *structure, struct aq_error *err);

/* A type in a word, for the reference: "text", "path in the guest". */
const char *aq_schema_type_name(const struct aq_schema_key *key);

/* What a value has to be: "an absolute path …". Not of CHOICE. */
const char *aq_schema_type_wanted(enum aq_schema_type type);

/* Checks a text type and brings it into its plain form, to free(). NULL: it is not one; *wanted is what would
   be. */
char *aq_schema_plain(enum aq_schema_type type, const char *text, const char **wanted);

/* Octal permissions; -1 when they are none. */
int aq_schema_mode(const char *text);

/* The item of that key; NULL. */
const struct aq_yaml_node *aq_schema_item(const struct aq_yaml_node *node, const char *key);

/* What a value is, for "but is …": `"text"`, `a list`, `nothing`. Returns `text`. */
const char *aq_schema_found(const struct aq_yaml_node *node, char text[256]);

#endif
