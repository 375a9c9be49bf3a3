/* SPDX-License-Identifier: MIT */
/*
 * What the steps of a spec read, and the keys that come of it.
 *
 *     aq_spec_load(&request, &spec, err);
 *     aq_spec_prepare(&spec, identity_of_the_base, err);    every step has its key now: look for its layer
 *     aq_step_fetch(&spec, step, &progress, err);           for each step that has to be done
 *     for each of step->items:                              files: carry it out
 *         aq_item_open(&spec, item, &reader, err);
 *         while ((got = aq_reader_read(&reader, buffer, sizeof buffer, err)) > 0) …
 *
 * The key of a step is the SHA-256 of the format's version, its parent's key, and its canonical form, which
 * has the digest of every byte that is going to be used; no times, no names of the host, no order that a file
 * system happens to have: the same spec gives the same keys on another machine. A reader compares what it
 * reads with the digest that went into the key and fails when it differs, so a source that changes meanwhile
 * never ends up under the key of another content.
 *
 * Sources are opened beneath the spec's folder (or a folder that the command allows); what leads out of it,
 * by
 * ".." or over a link, is SOURCE_OUTSIDE.
 */
#ifndef AQ_SPEC_INPUTS_H
#define AQ_SPEC_INPUTS_H

#include "spec/modification.h"
#include "util/download.h"

/* Part of every key: raised when the same step would be carried out to another result. */
#define AQ_LAYER_FORMAT 1

/* What is done at one path of the guest. */
enum aq_item_kind {
    AQ_ITEM_FOLDER, /* is made unless there is one */
    AQ_ITEM_FILE,   /* takes the place of a file or link that is there */
    AQ_ITEM_APPEND, /* the bytes go after those of the file, which is made where it is missing */
    AQ_ITEM_LINK,   /* takes the place of a file or link that is there */
    AQ_ITEM_DELETE, /* a file, a link, an empty folder; with `recursive` a folder of any content. Nothing
                       there is no error. */
};

/* Folders that are missing above a path are made, 0755 and root's. */
struct aq_item {
    enum aq_item_kind kind;
    const struct aq_entry *entry; /* that it comes from: errors name its place */
    char *path;                   /* in the guest: absolute, any bytes but NUL, no ".", ".." or "//" */
    char *target;                 /* LINK: any bytes but NUL; else NULL */
    bool recursive;               /* DELETE */

    /* What is new gets this mode, owner and group. What is there already keeps its own, but for what is set:
       a file that takes the place of a file counts as there already. Links have no mode. */
    mode_t mode; /* 07777 */
    bool mode_set;
    const char *owner; /* a name in the guest, or a number; NULL: 0 for what is new */
    const char *group;
    bool owner_set; /* those of the two that are not NULL */

    /* FILE and APPEND. */
    uint64_t size; /* of a URL's that is not fetched yet: 0 */
    char digest[AQ_SHA256_TEXT];
    struct aq_buffer bytes; /* content and filled-in templates; else empty */
    char *source; /* path on the host below its entry's `from`, "" for that itself; NULL: not a source */
};

/* Opens and digests all inputs, and gives every step its items, canonical form, parent and key. `identity` is
   of the base: the SHA-256 of its disk, or a layer's key; 64 digits. Ends early with INTERRUPTED. Errors have
   file, line and column: SPEC_INVALID (a template, a cut checksum, a file where a folder was wanted …),
   FILE_NOT_FOUND, UNREADABLE, FILE_KIND, SOURCE_OUTSIDE, LIMIT_EXCEEDED, IO. */
int aq_spec_prepare(struct aq_spec *spec, const char identity[AQ_SHA256_TEXT], struct aq_error *err);

/* Frees what that has added. */
void aq_step_clear(struct aq_step *step);

/* Gets here what a step still needs from elsewhere, before anything is touched: files of URLs are downloaded
   into the store's cache and verified (CHECKSUM_WRONG, DOWNLOAD_FAILED …), secrets are looked for
   (SECRET_MISSING). `progress` may be NULL. */
int aq_step_fetch(const struct aq_spec *spec, struct aq_step *step,
                  const struct aq_download_progress *progress, struct aq_error *err);

/* The bytes of a FILE or an APPEND, once. Zero-initialise by AQ_READER_NONE; close in any case. */
struct aq_reader {
    const struct aq_spec *spec;
    const struct aq_item *item;
    int fd; /* -1: item->bytes */
    uint64_t offset;
    struct aq_digest *digest; /* of what was read */
};

#define AQ_READER_NONE                                                                                       \
    {                                                                                                        \
        .fd = -1                                                                                             \
    }

int aq_item_open(const struct aq_spec *spec, const struct aq_item *item, struct aq_reader *reader,
                 struct aq_error *err);

/* Up to `size` bytes (at most SSIZE_MAX): how many, 0 at the end, -1. SOURCE_CHANGED when what was read in
   all is not what was digested: whatever was made of it has to be dropped. Nothing may be published before 0
   came. */
ssize_t aq_reader_read(struct aq_reader *reader, void *buffer, size_t size, struct aq_error *err);

void aq_reader_close(struct aq_reader *reader);

#define aq_autoreader aq_cleanup(aq_reader_close)

/* The value of a secret of that step, into an empty buffer; at most 1 MiB. SECRET_MISSING, and what opening
   fails with; no message has the value. Wipe it when the step is over. */
int aq_secret_read(const struct aq_spec *spec, const char *id, struct aq_buffer *value, struct aq_error *err);

/* Makes every secret of the command, and every longer line of one, "***" in a text: for what the command
 * said. */
void aq_secrets_mask(const struct aq_spec *spec, const struct aq_command *command, struct aq_buffer *text);

/* Overwrites it, then frees it. */
void aq_secret_wipe(struct aq_buffer *value);

#define aq_autosecret aq_cleanup(aq_secret_wipe)

#endif
