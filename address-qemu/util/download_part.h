/* SPDX-License-Identifier: MIT */
/* What a download has got so far: `.NAME.part`, with a note beside it of where it comes from. For download.c.
 */
#ifndef AQ_UTIL_DOWNLOAD_PART_H
#define AQ_UTIL_DOWNLOAD_PART_H

#include <stdint.h>

#include "util/cleanup.h"
#include "util/digest.h"
#include "util/download.h"
#include "util/error.h"

struct aq_part {
    int dir;    /* not owned */
    char *name; /* of the part; "NAME.from" is the note */
    char *note;
    int fd; /* of the part; the lock on it is ours */
    uint64_t length;
    struct aq_digest *digest; /* of those bytes */
    char *validator;          /* of the version that they are of; "" */
};

#define AQ_PART_NONE                                                                                         \
    {                                                                                                        \
        .dir = -1, .fd = -1                                                                                  \
    }

/* Opens the part of the file `name`, made where it is missing, and waits until nobody else has it. If it is
   of that URL, its bytes are taken for a beginning; otherwise it starts empty. */
int aq_part_open(int dir, const char *name, const char *url, struct aq_part *part, struct aq_error *err);

/* Begins anew: with nothing in it, of that version. */
int aq_part_restart(struct aq_part *part, const char *url, const char *validator, struct aq_error *err);

int aq_part_add(struct aq_part *part, const char *bytes, size_t length, struct aq_error *err);

/* Ends the digest of it. */
int aq_part_digest(struct aq_part *part, char sha256[AQ_SHA256_TEXT], struct aq_error *err);

/* Syncs it and puts it under its final name. */
int aq_part_publish(struct aq_part *part, const char *name, struct aq_error *err);

/* Removes what is there of it. */
void aq_part_remove(struct aq_part *part);

/* Lets go of it. */
void aq_part_close(struct aq_part *part);

/* Of download.c. Is its URL one that may be downloaded (VALUE_INVALID)? Fills the part, verifies it and puts
   it under its final name; aq_download_to says what it fails with and what it leaves. */
int aq_download_judge(const struct aq_download *download, struct aq_error *err);
int aq_download_into(const struct aq_download *download, struct aq_part *part, const char *name,
                     char sha256[AQ_SHA256_TEXT], struct aq_error *err);

#define aq_autopart aq_cleanup(aq_part_close)

#endif
