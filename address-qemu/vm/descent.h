/* SPDX-License-Identifier: MIT */
/*
 * The whole descent: everything in the store that is an image, and what it stands on. For looking at it, and
 * for finding what nothing needs; whoever removes something asks again, holding it (image/dependents.h).
 */
#ifndef AQ_VM_DESCENT_H
#define AQ_VM_DESCENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/parent.h"
#include "util/cleanup.h"
#include "util/error.h"

/* A further kind of image of the store is added here and in descent.c. */
enum aq_descent_kind {
    AQ_DESCENT_FILE, /* a user's own file that something stands on */
    AQ_DESCENT_BASE,
    AQ_DESCENT_LAYER,
    AQ_DESCENT_TEMPLATE,
    AQ_DESCENT_VM,
    AQ_DESCENT_SNAPSHOT, /* of the VM that is its parent */
};

/* "file", "base", "layer", "template", "vm", "snapshot" */
const char *aq_descent_kind_name(enum aq_descent_kind kind);

/* Strings are owned and never NULL. */
struct aq_descent_node {
    enum aq_descent_kind kind;
    char *name;        /* a layer's is its id */
    char *status;      /* "ready", "running", …; "broken" when the record cannot be read */
    char *details;     /* a few words for a human: "frozen from web", "with memory" */
    int64_t allocated; /* bytes that its own file takes on the host; 0 for a snapshot, which is in the VM's */
    char *created;
    struct aq_parent stands_on;
    size_t parent; /* index of the node that it stands on; AQ_DESCENT_ROOT when it stands alone, or that is
                      not there */
    size_t children;
    bool kept;      /* a layer that a base may be rolled back to */
    unsigned depth; /* from its root */
};

#define AQ_DESCENT_ROOT ((size_t)-1)

/* The nodes in the order of a listing: each before what stands on it. Zero-initialise, aq_descent_free at the
 * end. */
struct aq_descent {
    struct aq_descent_node *nodes;
    size_t count;
    size_t capacity;
};

/* Looks at everything. A record that cannot be read is a node that says so; only the store itself can fail.
 */
int aq_descent_read(struct aq_descent *descent, struct aq_error *err);

void aq_descent_free(struct aq_descent *descent);
#define aq_autodescent aq_cleanup(aq_descent_free)

#endif
