/* SPDX-License-Identifier: MIT */
/* What a clone of a template is given, so that it is a machine of its own. All of it is made on the host. */
#ifndef AQ_GUEST_IDENTITY_H
#define AQ_GUEST_IDENTITY_H

#include "util/error.h"
#include "util/memory.h"
#include "util/random.h"

#define AQ_MACHINE_ID_TEXT 33 /* 32 lower-case hexadecimal digits and a NUL: machine-id(5) */
#define AQ_IDENTITY_SEED 64   /* bytes */
#define AQ_IDENTITY_FILES 32

/* A file that a clone gets. The bytes are secret: they are overwritten when they are freed. */
struct aq_identity_file {
    char *path; /* in the guest */
    unsigned mode;
    struct aq_buffer bytes;
};

/* Zero-initialise, aq_identity_free at the end. */
struct aq_identity {
    char *hostname;
    char machine_id[AQ_MACHINE_ID_TEXT];
    char uuid[AQ_UUID_TEXT];              /* as its firmware has it, from its next start on */
    unsigned char seed[AQ_IDENTITY_SEED]; /* for the random numbers of its kernel */
    struct aq_identity_file files[AQ_IDENTITY_FILES];
    unsigned file_count;
    struct aq_strings public_keys; /* "TYPE BASE64": the host keys that its SSH servers will show */
};

void aq_identity_free(struct aq_identity *identity);
#define aq_autoidentity aq_cleanup(aq_identity_free)

/* Makes a new identity: seed, machine-id, and a host key for each of the files `keys` in the guest. A file of
   a kind that cannot be made here is emptied. LIBRARY_MISSING, LIMIT_EXCEEDED, FAILED. */
int aq_identity_make(const char *hostname, const char *uuid, const struct aq_strings *keys,
                     struct aq_identity *identity, struct aq_error *err);

#endif
