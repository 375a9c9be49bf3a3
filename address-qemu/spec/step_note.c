/* SPDX-License-Identifier: MIT */
#include "spec/step_note.h"

#include <string.h>

#include "spec/items.h"
#include "util/json.h"

/* A record stays small: of more entries than this no digests are kept, and changes are not told apart. */
#define ENTRIES_MAX 1000

/* As much of a digest as tells two states of one thing apart. */
#define SHORT 16

static json_t *digest_of(const struct aq_buffer *form)
{
    char digest[AQ_SHA256_TEXT] = "";
    struct aq_error none = {0};
    aq_sha256(aq_buffer_text(form), form->length, digest,
              &none); /* libcrypto is there: keys were made with it */
    return json_stringn(digest, strnlen(digest, SHORT));
}

/* What a step's items of one entry come to: their bytes and links, and all that the key has of them. */
static json_t *entry_note(const struct aq_step *step, const struct aq_entry *entry, size_t *next)
{
    aq_autobuffer struct aq_buffer content = {0};
    aq_autobuffer struct aq_buffer whole = {0};
    for (; *next < step->item_count && step->items[*next].entry == entry; ++*next) {
        const struct aq_item *item = &step->items[*next];
        aq_buffer_format(&content, "%d %s\n%s\n%s\n", (int)item->kind, item->digest, item->path,
                         item->target != NULL ? item->target : "");
        aq_item_canonical(item, &whole);
    }
    return json_pack("{s:s, s:o, s:o}", "path", entry->path, "content", digest_of(&content), "whole",
                     digest_of(&whole));
}

static json_t *entries_note(const struct aq_spec *spec, const struct aq_step *step)
{
    json_t *entries = json_array();
    size_t next = 0;
    for (size_t i = 0; i < spec->entry_count; i++)
        json_array_append_new(entries, entry_note(step, &spec->entries[i], &next));
    return entries;
}

/* The command's own text apart from what surrounds it. */
static json_t *command_note(const struct aq_step *step)
{
    aq_autobuffer struct aq_buffer text = {0};
    aq_buffer_add_text(&text, step->command->text);
    return digest_of(&text);
}

json_t *aq_step_note(const struct aq_spec *spec, const struct aq_step *step)
{
    aq_autofree char *title = aq_step_title(spec, step);
    aq_autojson json_t *known = json_string(spec->path); /* NULL for a path that is not UTF-8 */
    json_t *note = json_pack("{s:i, s:s, s:s, s:s, s:s, s:o}", "format", AQ_LAYER_FORMAT, "step",
                             step->kind == AQ_STEP_FILES ? "files" : "command", "title", title, "spec",
                             known != NULL ? spec->path : "", "parent", step->parent, "whole",
                             digest_of(&step->canonical));
    if (step->kind == AQ_STEP_COMMAND)
        json_object_set_new(note, "command", command_note(step));
    else if (spec->entry_count <= ENTRIES_MAX)
        json_object_set_new(note, "files", entries_note(spec, step));
    return note;
}

static const json_t *find_entry(const json_t *entries, const char *path)
{
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        if (strcmp(aq_json_text(entry, "path", ""), path) == 0)
            return entry;
    }
    return NULL;
}

static bool same(const json_t *a, const json_t *b, const char *member)
{
    return strcmp(aq_json_text(a, member, ""), aq_json_text(b, member, "")) == 0;
}

/* How an entry differs from what it was; NULL if it does not. */
static char *entry_reason(const json_t *now, const json_t *then)
{
    const char *path = aq_json_text(now, "path", "");
    if (then == NULL)
        return aq_format("%s is new", path);
    if (!same(now, then, "content"))
        return aq_format("the content of %s changed", path);
    return same(now, then, "whole") ? NULL : aq_format("the mode or owner of %s changed", path);
}

static char *files_reason(const json_t *now, const json_t *then)
{
    aq_autofree char *first = NULL;
    size_t more = 0;
    for (size_t i = 0; i < json_array_size(now); i++) {
        const json_t *entry = json_array_get(now, i);
        char *reason = entry_reason(entry, find_entry(then, aq_json_text(entry, "path", "")));
        if (first == NULL)
            first = aq_steal_ptr(&reason);
        more += reason != NULL;
        free(reason);
    }
    for (size_t i = 0; i < json_array_size(then); i++) {
        const char *path = aq_json_text(json_array_get(then, i), "path", "");
        if (find_entry(now, path) != NULL)
            continue;
        if (first == NULL)
            first = aq_format("%s is not in it any more", path);
        else
            more++;
    }
    if (first == NULL)
        return aq_strdup("the files changed");
    return more > 0 ? aq_format("%s, and %zu more", first, more) : aq_steal_ptr(&first);
}

/* What is different in the step itself. */
static char *own_reason(const struct aq_spec *spec, const struct aq_step *step, const json_t *now,
                        const json_t *then)
{
    if (step->kind == AQ_STEP_COMMAND)
        return aq_strdup(same(now, then, "command") ? "what the command may use or know changed"
                                                    : "the command changed");
    if (spec->entry_count > ENTRIES_MAX || json_object_get(then, "files") == NULL)
        return aq_strdup("the files changed");
    return files_reason(json_object_get(now, "files"), json_object_get(then, "files"));
}

char *aq_step_reason(const struct aq_spec *spec, const struct aq_step *step, const json_t *note)
{
    if (note == NULL)
        return aq_strdup("it was not done before");
    aq_autojson json_t *now = aq_step_note(spec, step);
    if (aq_json_int(note, "format", 0) != AQ_LAYER_FORMAT)
        return aq_strdup("this version carries it out differently");
    if (!same(now, note, "step"))
        return aq_strdup("another step was in its place");
    if (!same(now, note, "whole"))
        return own_reason(spec, step, now, note);
    if (!same(now, note, "parent"))
        return aq_strdup(step == spec->steps ? "the base changed" : "the step before it changed");
    return aq_strdup("its layer is not there any more");
}
