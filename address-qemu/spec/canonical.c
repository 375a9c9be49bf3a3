/* SPDX-License-Identifier: MIT */
/*
 * The canonical form of a step: what the key is made of. Lines of "name=length:bytes", so that no value can
 * look like another line, in one fixed order. Everything in it changes what the step makes; what does not
 * (time-outs, URLs, names of the host's files) is not in it.
 */
#include <inttypes.h>
#include <string.h>

#include "spec/items.h"

#define STRINGIFY(text) #text
#define AS_TEXT(macro) STRINGIFY(macro)

static void put_bytes(struct aq_buffer *form, const char *name, const char *bytes, size_t length)
{
    aq_buffer_format(form, "%s=%zu:", name, length);
    aq_buffer_add(form, bytes, length);
    aq_buffer_add_char(form, '\n');
}

static void put(struct aq_buffer *form, const char *name, const char *text)
{
    if (text != NULL)
        put_bytes(form, name, text, strlen(text));
}

static void put_flag(struct aq_buffer *form, const char *name, bool value)
{
    put(form, name, value ? "1" : NULL);
}

static const char *kind_name(enum aq_item_kind kind)
{
    static const char *const names[] = {
        [AQ_ITEM_FOLDER] = "folder", [AQ_ITEM_FILE] = "file",     [AQ_ITEM_APPEND] = "append",
        [AQ_ITEM_LINK] = "link",     [AQ_ITEM_DELETE] = "delete",
    };
    return names[kind];
}

void aq_item_canonical(const struct aq_item *item, struct aq_buffer *form)
{
    char mode[16];
    put(form, "item", kind_name(item->kind));
    put(form, "path", item->path);
    put(form, "target", item->target);
    put_flag(form, "recursive", item->recursive);
    if (item->kind == AQ_ITEM_DELETE)
        return;
    if (item->kind != AQ_ITEM_LINK) {
        snprintf(mode, sizeof mode, "%04o", (unsigned)item->mode);
        put(form, "mode", mode);
        put_flag(form, "mode_set", item->mode_set);
    }
    put(form, "owner", item->owner);
    put(form, "group", item->group);
    put_flag(form, "owner_set", item->owner_set);
    if (item->kind == AQ_ITEM_FILE || item->kind == AQ_ITEM_APPEND)
        put(form, "sha256", item->digest);
}

/* The name of a secret counts; its value only when the spec says so, and then as a digest. */
static int put_secret(const struct aq_spec *spec, const char *id, struct aq_buffer *form,
                      struct aq_error *err)
{
    char digest[AQ_SHA256_TEXT];
    put(form, "secret", id);
    if (!aq_secret_find(spec, id)->in_key)
        return 0;
    aq_autosecret struct aq_buffer value = {0};
    if (aq_secret_read(spec, id, &value, err) < 0 ||
        aq_sha256(aq_buffer_text(&value), value.length, digest, err) < 0)
        return -1;
    put(form, "secret_sha256", digest);
    return 0;
}

static int put_command(const struct aq_spec *spec, const struct aq_command *command, struct aq_buffer *form,
                       struct aq_error *err)
{
    put(form, "step", "command");
    put(form, "command", command->text);
    put(form, "when", command->when == AQ_WHEN_GUEST ? "guest" : "offline");
    put_flag(form, "network", command->network);
    for (size_t i = 0; i < command->env.count; i++) {
        put(form, "env", command->env.items[i].name);
        put(form, "value", command->env.items[i].text);
    }
    for (size_t i = 0; i < command->caches.count; i++)
        put(form, "cache", command->caches.items[i]);
    for (size_t i = 0; i < command->secrets.count; i++)
        if (put_secret(spec, command->secrets.items[i], form, err) < 0)
            return -1;
    return 0;
}

int aq_step_key(const struct aq_spec *spec, struct aq_step *step, const char *parent, struct aq_error *err)
{
    memcpy(step->parent, parent, AQ_SHA256_TEXT);
    if (step->kind == AQ_STEP_COMMAND) {
        if (put_command(spec, step->command, &step->canonical, err) < 0)
            return -1;
    } else {
        put(&step->canonical, "step", "files");
        for (size_t i = 0; i < step->item_count; i++)
            aq_item_canonical(&step->items[i], &step->canonical);
    }
    aq_autobuffer struct aq_buffer whole = {0};
    put(&whole, "address-qemu layer", AS_TEXT(AQ_LAYER_FORMAT));
    put(&whole, "parent", parent);
    aq_buffer_add(&whole, step->canonical.data, step->canonical.length);
    return aq_sha256(whole.data, whole.length, step->key, err);
}
