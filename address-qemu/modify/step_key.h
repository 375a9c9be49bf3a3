/* SPDX-License-Identifier: MIT */
/*
 * From a step's key to its layer. The layer's id is the key itself, as a rule; where that id is taken by a
 * layer that cannot be used (it stands on another one, or was to be made anew while something needs the old
 * one), the layer has an id of its own, and `cache/steps/KEY` in the store names it.
 */
#ifndef AQ_MODIFY_STEP_KEY_H
#define AQ_MODIFY_STEP_KEY_H

#include "image/layer.h"

/* Finds the sound layer of that key that stands on `parent`: 1, 0 none, -1 IO. */
int aq_step_key_find(const char *key, const struct aq_parent *parent, struct aq_layer *layer,
                     struct aq_error *err);

/* The id for a new layer of that key. */
void aq_step_key_choose(const char *key, char id[AQ_LAYER_ID_TEXT]);

/* Notes that the published layer `id` is that key's. */
int aq_step_key_note(const char *key, const char *id, struct aq_error *err);

/* Holds a key while its layer is made. Another process that does is waited for; `wait` (may be NULL) is
   called once before that. Returns a descriptor for aq_step_key_release; -1 INTERRUPTED, IO. */
int aq_step_key_lock(const char *key, void (*wait)(void *data), void *data, struct aq_error *err);
void aq_step_key_release(const char *key, int lock);

#endif
