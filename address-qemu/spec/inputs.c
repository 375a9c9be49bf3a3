/* SPDX-License-Identifier: MIT */
#include "spec/inputs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "spec/items.h"
#include "spec/source.h"
#include "spec/template.h"

/* The largest template; what is filled in may be as long again for each of its variables. */
#define TEMPLATE_MAX ((size_t)1 << 20)

static void free_item(struct aq_item *item)
{
    free(item->path);
    free(item->target);
    free(item->source);
    aq_buffer_free(&item->bytes);
}

void aq_step_clear(struct aq_step *step)
{
    for (size_t i = 0; i < step->item_count; i++)
        free_item(&step->items[i]);
    free(step->items);
    aq_buffer_free(&step->canonical);
    step->items = NULL;
    step->item_count = 0;
    step->bytes = 0;
}

struct aq_item *aq_item_add(const struct aq_spec *spec, struct aq_step *step, const struct aq_entry *entry,
                            enum aq_item_kind kind, char *path, struct aq_error *err)
{
    if (step->item_count == AQ_ITEMS_MAX) {
        free(path);
        aq_spec_fail(spec, entry->place, AQ_E_LIMIT_EXCEEDED, err,
                     "with this entry the files are more than %d", AQ_ITEMS_MAX);
        return NULL;
    }
    if ((step->item_count & (step->item_count - 1)) == 0)
        step->items = aq_realloc(step->items, 2 * (step->item_count + 1) * sizeof *step->items);
    struct aq_item *item = &step->items[step->item_count++];
    *item = (struct aq_item){.kind = kind, .entry = entry, .path = path};
    item->owner = entry->owner;
    item->group = entry->group;
    item->owner_set = entry->owner != NULL || entry->group != NULL;
    item->mode = entry->mode >= 0 ? (mode_t)entry->mode : kind == AQ_ITEM_FOLDER ? 0755 : 0644;
    item->mode_set = entry->mode >= 0;
    return item;
}

int aq_item_digest(struct aq_step *step, struct aq_item *item, int fd, const char *where,
                   struct aq_error *err)
{
    if (aq_sha256_measure(fd, where, item->digest, &item->size, err) < 0)
        return -1;
    step->bytes += item->size;
    return 0;
}

static struct aq_item *add(const struct aq_spec *spec, struct aq_step *step, const struct aq_entry *entry,
                           enum aq_item_kind kind, struct aq_error *err)
{
    return aq_item_add(spec, step, entry, kind, aq_strdup(entry->path), err);
}

static struct aq_item *add_file(const struct aq_spec *spec, struct aq_step *step,
                                const struct aq_entry *entry, struct aq_error *err)
{
    return add(spec, step, entry, entry->append ? AQ_ITEM_APPEND : AQ_ITEM_FILE, err);
}

/* The item's bytes are in memory. */
static int settle_bytes(struct aq_step *step, struct aq_item *item, struct aq_error *err)
{
    item->size = item->bytes.length;
    step->bytes += item->size;
    return aq_sha256(aq_buffer_text(&item->bytes), item->bytes.length, item->digest, err);
}

static int add_content(const struct aq_spec *spec, struct aq_step *step, const struct aq_entry *entry,
                       struct aq_error *err)
{
    struct aq_item *item = add_file(spec, step, entry, err);
    if (item == NULL)
        return -1;
    aq_buffer_add(&item->bytes, aq_buffer_text(&entry->content), entry->content.length);
    return settle_bytes(step, item, err);
}

static int add_source(const struct aq_spec *spec, struct aq_step *step, const struct aq_entry *entry,
                      struct aq_error *err)
{
    struct stat found;
    if (entry->recursive)
        return aq_tree_add(spec, step, entry, err);
    aq_autoclose int fd = aq_source_open_file(spec, entry->from_place, entry->from, err);
    struct aq_item *item = fd < 0 ? NULL : add_file(spec, step, entry, err);
    if (item == NULL)
        return -1;
    item->source = aq_strdup("");
    if (fstat(fd, &found) < 0 || aq_item_digest(step, item, fd, entry->from, err) < 0)
        return aq_spec_context(spec, entry->from_place, err);
    if (entry->mode < 0)
        item->mode = found.st_mode & 0777;
    return 0;
}

/* The template's whole text; what it is read from is of no account afterwards. */
static int read_template(const struct aq_spec *spec, const struct aq_entry *entry, struct aq_buffer *text,
                         struct aq_error *err)
{
    aq_autoclose int fd = aq_source_open_file(spec, entry->from_place, entry->from, err);
    if (fd < 0)
        return -1;
    for (;;) {
        ssize_t got = read(fd, aq_buffer_room(text, TEMPLATE_MAX / 16), TEMPLATE_MAX / 16);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            aq_fail_errno(err, AQ_E_IO, errno, "cannot read %s", entry->from);
            return aq_spec_context(spec, entry->from_place, err);
        }
        if (got == 0)
            return 0;
        aq_buffer_filled(text, (size_t)got);
        if (text->length > TEMPLATE_MAX)
            return aq_spec_fail(spec, entry->from_place, AQ_E_LIMIT_EXCEEDED, err,
                                "the template %s is larger than 1 MiB", entry->from);
    }
}

static int add_template(const struct aq_spec *spec, struct aq_step *step, const struct aq_entry *entry,
                        struct aq_error *err)
{
    aq_autobuffer struct aq_buffer text = {0};
    if (read_template(spec, entry, &text, err) < 0)
        return -1;
    struct aq_item *item = add_file(spec, step, entry, err);
    if (item == NULL)
        return -1;
    if (aq_template_fill(aq_buffer_text(&text), text.length, entry->from, &entry->variables, &item->bytes,
                         err) < 0)
        return aq_spec_context(spec, entry->from_place, err);
    return settle_bytes(step, item, err);
}

static int add_url(const struct aq_spec *spec, struct aq_step *step, const struct aq_entry *entry,
                   struct aq_error *err)
{
    if (strlen(entry->checksum) != AQ_SHA256_TEXT - 1 || strchr(entry->checksum, '.') != NULL)
        return aq_spec_fail(spec, entry->from_place, AQ_E_SPEC_INVALID, err,
                            "the checksum sha256:%s is cut short; all of its 64 digits were expected",
                            entry->checksum);
    struct aq_item *item = add_file(spec, step, entry, err);
    if (item == NULL)
        return -1;
    memcpy(item->digest, entry->checksum, AQ_SHA256_TEXT);
    return 0;
}

static int add_entry(const struct aq_spec *spec, struct aq_step *step, const struct aq_entry *entry,
                     struct aq_error *err)
{
    struct aq_item *item;
    switch (entry->kind) {
    case AQ_ENTRY_CONTENT:
        return add_content(spec, step, entry, err);
    case AQ_ENTRY_SOURCE:
        return add_source(spec, step, entry, err);
    case AQ_ENTRY_TEMPLATE:
        return add_template(spec, step, entry, err);
    case AQ_ENTRY_URL:
        return add_url(spec, step, entry, err);
    case AQ_ENTRY_SYMLINK:
        item = add(spec, step, entry, AQ_ITEM_LINK, err);
        if (item != NULL)
            item->target = aq_strdup(entry->from);
        return item != NULL ? 0 : -1;
    case AQ_ENTRY_MKDIR:
        return add(spec, step, entry, AQ_ITEM_FOLDER, err) != NULL ? 0 : -1;
    case AQ_ENTRY_DELETE:
        item = add(spec, step, entry, AQ_ITEM_DELETE, err);
        if (item != NULL)
            item->recursive = entry->recursive;
        return item != NULL ? 0 : -1;
    }
    return -1;
}

static int add_items(const struct aq_spec *spec, struct aq_step *step, struct aq_error *err)
{
    for (size_t i = 0; i < spec->entry_count; i++) {
        const struct aq_entry *entry = &spec->entries[i];
        if (entry->replace) {
            struct aq_item *item = add(spec, step, entry, AQ_ITEM_DELETE, err);
            if (item == NULL)
                return -1;
            item->recursive = true;
        }
        if (add_entry(spec, step, entry, err) < 0)
            return -1;
    }
    return 0;
}

int aq_spec_prepare(struct aq_spec *spec, const char identity[AQ_SHA256_TEXT], struct aq_error *err)
{
    const char *parent = identity;
    for (size_t i = 0; i < spec->step_count; i++) {
        struct aq_step *step = &spec->steps[i];
        aq_step_clear(step);
        if (step->kind == AQ_STEP_FILES && add_items(spec, step, err) < 0)
            return -1;
        if (aq_step_key(spec, step, parent, err) < 0)
            return -1;
        parent = step->key;
    }
    return 0;
}
