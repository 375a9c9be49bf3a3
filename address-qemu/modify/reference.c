/* SPDX-License-Identifier: MIT */
#include "modify/reference.h"

#include <stdlib.h>
#include <string.h>

#include "modify/generation.h"

#define DIGEST_PREFIX "sha256:"
#define DIGITS "0123456789abcdef"
#define START_MIN 6

static int find_layer(const char *id, struct aq_reference *reference, struct aq_error *err)
{
    aq_autolayer struct aq_layer layer = {0};
    if (aq_layer_load(id, &layer, err) < 0 || aq_layer_check(&layer, err) < 0)
        return -1;
    reference->parent = aq_layer_as_parent(&layer);
    reference->virtual_size = layer.virtual_size;
    aq_root_from_built(layer.built, &reference->root);
    return 0;
}

/* The one layer whose id starts so: 1, 0 none, -1. */
static int find_start(const char *text, char id[AQ_LAYER_ID_TEXT], struct aq_error *err)
{
    aq_autostrings struct aq_strings ids = {0};
    size_t length = strlen(text);
    int found = 0;
    if (length < START_MIN || length >= AQ_LAYER_ID_TEXT || strspn(text, DIGITS) != length)
        return 0;
    if (aq_layer_list(&ids, err) < 0)
        return -1;
    for (size_t i = 0; i < ids.count; i++)
        if (strncmp(ids.items[i], text, length) == 0) {
            memcpy(id, ids.items[i], AQ_LAYER_ID_TEXT);
            found++;
        }
    return found <= 1 ? found
                      : aq_fail(err, AQ_E_VALUE_INVALID, "%s is the start of %d layers' ids; give more of it",
                                text, found);
}

static int find_base(const char *name, struct aq_reference *reference, struct aq_error *err)
{
    aq_autobase struct aq_base base = {0};
    if (aq_base_load(name, &base, err) < 0 || aq_base_check(&base, err) < 0)
        return -1;
    reference->parent = aq_base_as_parent(&base);
    reference->virtual_size = base.virtual_size;
    aq_root_from_built(base.built, &reference->root);
    return 0;
}

static int find_generation(const char *text, const char *at, struct aq_reference *reference,
                           struct aq_error *err)
{
    struct aq_generation generation;
    aq_autobase struct aq_base base = {0};
    aq_autofree char *name = aq_strndup(text, (size_t)(at - text));
    unsigned long number = strtoul(at + 1, NULL, 10);
    if (aq_base_load(name, &base, err) < 0)
        return -1;
    for (size_t i = 0; aq_generation_at(&base, i, &generation); i++)
        if (generation.number == number)
            return find_layer(generation.layer, reference, err);
    return aq_fail(err, AQ_E_GENERATION_NOT_FOUND,
                   "%s has no generation %s; `history name=%s` shows those it has", name, at + 1, name);
}

int aq_reference_find(const char *text, struct aq_reference *reference, struct aq_error *err)
{
    char id[AQ_LAYER_ID_TEXT];
    const char *at = strchr(text, '@');
    *reference = (struct aq_reference){0};
    if (strncmp(text, DIGEST_PREFIX, strlen(DIGEST_PREFIX)) == 0)
        return find_layer(text + strlen(DIGEST_PREFIX), reference, err);
    if (at != NULL)
        return find_generation(text, at, reference, err);
    struct aq_error reason = {0};
    if (find_base(text, reference, &reason) == 0)
        return 0;
    int found = reason.code == AQ_E_BASE_NOT_FOUND ? find_start(text, id, err) : 0;
    if (found == 0)
        return aq_fail(err, reason.code, "%s", reason.text);
    return found < 0 ? -1 : find_layer(id, reference, err);
}

void aq_reference_free(struct aq_reference *reference)
{
    aq_parent_free(&reference->parent);
}
