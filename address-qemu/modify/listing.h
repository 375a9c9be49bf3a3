/* SPDX-License-Identifier: MIT */
/* All names of an image's file systems, and what two images differ in. */
#ifndef AQ_MODIFY_LISTING_H
#define AQ_MODIFY_LISTING_H

#include "modify/reference.h"

struct aq_name_entry {
    const char *path, *target; /* of the listing's text */
    unsigned mode;             /* with the type */
    unsigned uid, gid;
    unsigned long long size;
    long long mtime, ctime;
};

/* Sorted by path. Zero-initialise; aq_listing_free at the end. */
struct aq_listing {
    struct aq_buffer text;
    struct aq_name_entry *items;
    size_t count;
};

/* Reads it: without an appliance where that can be. `say` (may be NULL) gets lines for a human. */
int aq_listing_read(const struct aq_reference *reference, void (*say)(void *data, const char *line),
                    void *data, struct aq_listing *listing, struct aq_error *err);

void aq_listing_free(struct aq_listing *listing);
#define aq_autolisting aq_cleanup(aq_listing_free)

enum aq_difference { AQ_ADDED, AQ_REMOVED, AQ_CHANGED };

/* Calls `tell` for each name that the second image has otherwise, or not, or alone. `what` says what changed
   of one that both have: "content", "mode 0644 to 0600", "owner 0:0 to 33:33", "type", "target", with commas
   between. Content is compared by size and time of change. */
void aq_listing_compare(const struct aq_listing *a, const struct aq_listing *b,
                        void (*tell)(void *data, enum aq_difference difference,
                                     const struct aq_name_entry *entry, const char *what),
                        void *data);

#endif
