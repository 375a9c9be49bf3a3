/* SPDX-License-Identifier: MIT */
/*
 * A modification: what a YAML spec says is to be changed in an image, read, checked and put in order.
 *
 *     checkpoint_modifications:
 *       base_checkpoint: debian-12
 *       files:
 *         - {path: /project/config.json, source: ./config.json}
 *       post_modification:
 *         - command: "chmod +x /project/setup.sh"
 *
 * Its steps are one for all `files` together (where there are any) and one for each command, in the order
 * written. Each step makes one layer. What keys there are, what they mean and take, is one table
 * (spec/schema.c), from which docs/spec-reference.md is made too. Going on from here: spec/inputs.h opens
 * what the steps read and gives each its key; spec/step_note.h says why a step has to be done again.
 */
#ifndef AQ_SPEC_MODIFICATION_H
#define AQ_SPEC_MODIFICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/cleanup.h"
#include "util/digest.h"
#include "util/error.h"
#include "util/memory.h"
#include "util/yaml.h"

/* What an entry of `files` puts at its path. */
enum aq_entry_kind {
    AQ_ENTRY_CONTENT,  /* the bytes of `content` */
    AQ_ENTRY_SOURCE,   /* a file of the host, or a folder of it with all that is in it (`recursive`) */
    AQ_ENTRY_TEMPLATE, /* a file of the host with {{ variables }} filled in */
    AQ_ENTRY_URL,      /* what is downloaded, and has that checksum */
    AQ_ENTRY_SYMLINK,  /* a symbolic link */
    AQ_ENTRY_MKDIR,    /* a folder */
    AQ_ENTRY_DELETE,   /* nothing: what is there is removed */
};

enum aq_encoding { AQ_ENCODING_TEXT, AQ_ENCODING_BASE64 };

/* Names with a text each, sorted by name. */
struct aq_named_text {
    char *name;
    char *text;
};

struct aq_named_texts {
    struct aq_named_text *items;
    size_t count;
};

/* One entry of `files`. Strings are owned; those not said are NULL. ${NAME} is filled in already. */
struct aq_entry {
    struct aq_place place; /* of the entry */
    enum aq_entry_kind kind;
    char *path; /* in the guest: absolute, without ".", ".." or doubled slashes, none at its end */

    /* What the kind takes; for errors, `from_place` is where that key's value stands. */
    struct aq_place from_place;
    struct aq_buffer content;  /* CONTENT, decoded */
    enum aq_encoding encoding; /* that it was written in */
    char *from;                /* SOURCE, TEMPLATE: path on the host as written; URL; SYMLINK: the target */
    char *checksum;            /* URL: 64 digits, or fewer followed by "...", which aq_spec_prepare refuses */
    struct aq_named_texts variables; /* TEMPLATE */
    bool append;                     /* CONTENT, SOURCE, TEMPLATE, URL: after what the file has */
    bool recursive;                  /* SOURCE: a folder; DELETE: folders with all that is in them too */
    bool replace;                    /* SOURCE, recursive: what was in the folder before is removed */
    struct aq_strings exclude;       /* SOURCE, recursive: globs of what is left out */

    int mode;    /* permission bits, 07777, or -1: not said. Of a recursive entry it is that of the files; its
                    folders get x where r is. */
    char *owner; /* a name in the guest, or a number */
    char *group;
};

enum aq_command_when {
    AQ_WHEN_OFFLINE, /* on the disk of a VM that does not run */
    AQ_WHEN_GUEST,   /* in a VM that was booted for it */
};

/* One entry of `post_modification`. */
struct aq_command {
    struct aq_place place;      /* of the entry */
    struct aq_place text_place; /* of the command itself */
    char *text;                 /* one line or many for the guest's /bin/sh -c */
    enum aq_command_when when;
    bool network;
    struct aq_strings secrets; /* ids; each is the file /run/secrets/ID while the command runs */
    struct aq_strings caches;  /* absolute folders of the guest, kept between builds and part of no layer */
    struct aq_named_texts env;
    int64_t timeout_ms;
};

/* Where a secret comes from: exactly one of the two is set. Its value is read when a step needs it. */
struct aq_secret {
    struct aq_place place;
    char *id;
    char *env;   /* name of an environment variable */
    char *file;  /* path on the host as written */
    bool in_key; /* another value makes another layer */
};

enum aq_step_kind { AQ_STEP_FILES, AQ_STEP_COMMAND };

struct aq_item; /* spec/inputs.h */

struct aq_step {
    enum aq_step_kind kind;
    struct aq_place place;
    const struct aq_command *command; /* COMMAND: one of the spec's. FILES are all entries of the spec. */

    /* What aq_spec_prepare adds. */
    char parent[AQ_SHA256_TEXT]; /* key of the step before, or the base's identity */
    char key[AQ_SHA256_TEXT];
    struct aq_buffer canonical; /* the step, and the digests of its inputs, in the form that the key is of */
    struct aq_item *items;      /* FILES: what is to be done, one path each, in this order */
    size_t item_count;
    uint64_t bytes; /* of all files in it, those of URLs that are not here yet excepted */
};

/* A spec. Zero-initialise; aq_spec_free at the end. */
struct aq_spec {
    char *where; /* its path as given: what errors name it */
    char *path;  /* the same, absolute, links resolved */
    int folder;  /* the open folder that it is in: sources are read beneath */
    char *base;  /* a base's name, or "sha256:" and 64 digits of a layer */
    struct aq_place base_place;
    struct aq_entry *entries;
    size_t entry_count;
    struct aq_command *commands;
    size_t command_count;
    struct aq_secret *secrets;
    size_t secret_count;
    struct aq_step *steps;
    size_t step_count;
    struct aq_strings allowed; /* absolute folders of the host that sources may come from, besides its own */
};

#define AQ_SPEC_NONE                                                                                         \
    {                                                                                                        \
        .folder = -1                                                                                         \
    }

/* What a command says about the spec it names. */
struct aq_spec_request {
    const char *path;                 /* of the YAML file; links are followed */
    const char *base;                 /* in the place of base_checkpoint; NULL: what the spec says */
    const char *const *allow_sources; /* folders outside the spec's own that sources may come from; ends with
                                         NULL; NULL: none */
};

/* Reads and checks a spec; opens nothing but the file itself and its folder. Everything that can be known
   wrong from the text alone is SPEC_INVALID with "file:line:column: what was found, what was expected"; an
   environment variable that is wanted and not set too. Else what aq_open_input fails with. */
int aq_spec_load(const struct aq_spec_request *request, struct aq_spec *spec, struct aq_error *err);

void aq_spec_free(struct aq_spec *spec);

#define aq_autospec aq_cleanup(aq_spec_free)

/* Fails with "file:line:column: " in front: for whatever turns out wrong later about a part of the spec. */
int aq_spec_fail(const struct aq_spec *spec, struct aq_place place, enum aq_error_code code,
                 struct aq_error *err, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A step in a few words for progress, plans and histories: "3 files", "command npm install". free() it. */
char *aq_step_title(const struct aq_spec *spec, const struct aq_step *step);

#endif
