/* SPDX-License-Identifier: MIT */
/* A folder that was made beside its place, put there: whole if the place is free, or into the folder that is
   there. */
#ifndef AQ_UTIL_TREE_PLACE_H
#define AQ_UTIL_TREE_PLACE_H

#include "util/cleanup.h"
#include "util/error.h"

/* Such a folder. Initialise with AQ_TREE_PLACE_NONE; close it in any case: what was not published goes. */
struct aq_tree_place {
    int parent; /* in which it is made: the place's own, or the folder that is there */
    int folder; /* it itself: 0700, to be filled */
    char temporary[40];
    char *name; /* in the parent; NULL: into the folder that is there */
    char *path; /* of the place, for messages */
};

#define AQ_TREE_PLACE_NONE                                                                                   \
    {                                                                                                        \
        .parent = -1, .folder = -1                                                                           \
    }

/* For the place `path`: nothing may be there, or a folder. FILE_NOT_FOUND (its parent), FILE_KIND, IO. */
int aq_tree_place_open(const char *path, struct aq_tree_place *place, struct aq_error *err);

/* Puts it there. Into a folder: what has the name of a file or link there takes its place, each whole,
   folders are joined; a folder for something else, or the other way round, is FILE_KIND before anything is
   moved. */
int aq_tree_place_publish(struct aq_tree_place *place, struct aq_error *err);

void aq_tree_place_close(struct aq_tree_place *place);

#define aq_autotreeplace aq_cleanup(aq_tree_place_close)

#endif
