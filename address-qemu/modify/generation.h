/* SPDX-License-Identifier: MIT */
/*
 * A name for what a spec comes to, and its past: a base whose disk is a layer, and in whose record stands
 * which layers the name has stood for. A generation's number is for ever; all of them keep their layers from
 * being pruned.
 *
 *     built:
 *       generation: 2
 *       generations:
 *         - {number: 1, layer: 4f1e…, created: 2026-03-01T09:30:00Z, spec: app.yaml, base: debian}
 */
#ifndef AQ_MODIFY_GENERATION_H
#define AQ_MODIFY_GENERATION_H

#include "image/base.h"
#include "modify/modify.h"

struct aq_generation {
    unsigned number;
    const char *layer, *created, *spec, *base; /* of the record that it was read from */
};

/* What may be registered under `name`: fails with BASE_EXISTS where a base is that no spec has made. */
int aq_generation_check_name(const char *name, struct aq_error *err);

/* Makes `name` stand for what was built: a new generation, unless the present one is of the same layer.
   `number` is what it is. */
int aq_generation_add(const char *name, const struct aq_modify *modify, struct aq_base *base,
                      unsigned *number, struct aq_error *err);

/* Makes it stand for an earlier (or later) generation; `number` 0 is the one before the present one.
 * NOT_FOUND … */
int aq_generation_switch(const char *name, unsigned number, struct aq_base *base, unsigned *now,
                         struct aq_error *err);

/* The present one's number; 0 for a base that has none. */
unsigned aq_generation_present(const struct aq_base *base);

/* Reads the generation at `index` of the record: false past the last. */
bool aq_generation_at(const struct aq_base *base, size_t index, struct aq_generation *generation);

/* How many generations a name keeps; older ones are forgotten. */
#define AQ_GENERATIONS_MAX 32

#endif
