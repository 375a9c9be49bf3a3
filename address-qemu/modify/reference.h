/* SPDX-License-Identifier: MIT */
/*
 * What a user calls an image: the name of a base; NAME@NUMBER, a generation of one that `modify` made; or a
 * layer, as sha256: and its id, its id, or the start of that (at least 6 digits).
 */
#ifndef AQ_MODIFY_REFERENCE_H
#define AQ_MODIFY_REFERENCE_H

#include "image/parent.h"
#include "offline/root.h"

struct aq_reference {
    struct aq_parent parent;
    struct aq_root root;
    uint64_t virtual_size;
};

/* Finds it: BASE_NOT_FOUND, GENERATION_NOT_FOUND, LAYER_NOT_FOUND; VALUE_INVALID when a start is that of
 * several. */
int aq_reference_find(const char *text, struct aq_reference *reference, struct aq_error *err);

void aq_reference_free(struct aq_reference *reference);
#define aq_autoreference aq_cleanup(aq_reference_free)

#endif
