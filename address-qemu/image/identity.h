/* SPDX-License-Identifier: MIT */
/*
 * What an image is, wherever it lies and whenever it was copied: the SHA-256 of its file, or of a layer its
 * id. Keys of layers are derived from it, so that the same spec on the same base has the same keys on another
 * machine.
 */
#ifndef AQ_IMAGE_IDENTITY_H
#define AQ_IMAGE_IDENTITY_H

#include "image/base.h"

/* Of a base whose disk was checked. A digest that is not on record is made once and remembered in the store's
   cache for as long as the disk's pin holds. INTERRUPTED, IO. */
int aq_base_identity(const struct aq_base *base, char identity[AQ_SHA256_TEXT], struct aq_error *err);

#endif
