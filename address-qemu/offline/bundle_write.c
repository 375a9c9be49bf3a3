/* SPDX-License-Identifier: MIT */
#include "offline/bundle_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "offline/bundle_format.h"
#include "util/files.h"
#include "util/wait.h"

#define PIECE ((size_t)1 << 18)
#define SECTOR 512

static const enum aq_bundle_kind kinds[] = {
    [AQ_ITEM_FOLDER] = AQ_BUNDLE_FOLDER, [AQ_ITEM_FILE] = AQ_BUNDLE_FILE,
    [AQ_ITEM_APPEND] = AQ_BUNDLE_APPEND, [AQ_ITEM_LINK] = AQ_BUNDLE_LINK,
    [AQ_ITEM_DELETE] = AQ_BUNDLE_DELETE,
};

static uint16_t length_of(const char *text)
{
    return (uint16_t)(text != NULL ? strlen(text) : 0);
}

static void add_text(struct aq_buffer *buffer, const char *text)
{
    if (text != NULL)
        aq_buffer_add_text(buffer, text);
}

static int check_texts(const struct aq_spec *spec, const struct aq_item *item, struct aq_error *err)
{
    const char *const texts[] = {item->path, item->target, item->owner, item->group};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i] != NULL && strlen(texts[i]) > AQ_BUNDLE_TEXT_MAX)
            return aq_spec_fail(spec, item->entry->place, AQ_E_LIMIT_EXCEEDED, err,
                                "a path or name of %zu bytes is too long; a guest's may have %d",
                                strlen(texts[i]), AQ_BUNDLE_TEXT_MAX);
    return 0;
}

static int write_content(const struct aq_spec *spec, const struct aq_item *item, int fd, const char *where,
                         struct aq_error *err)
{
    aq_autoreader struct aq_reader reader = AQ_READER_NONE;
    aq_autofree char *piece = aq_alloc(PIECE);
    uint64_t written = 0;
    ssize_t got;
    if (aq_item_open(spec, item, &reader, err) < 0)
        return -1;
    while ((got = aq_reader_read(&reader, piece, PIECE, err)) > 0) {
        if (aq_must_end())
            return aq_fail(err, AQ_E_INTERRUPTED, "interrupted");
        if (aq_write_all(fd, piece, (size_t)got, err) < 0)
            return aq_error_context(err, "cannot write %s", where);
        written += (uint64_t)got;
    }
    if (got == 0 && written != item->size)
        return aq_spec_fail(spec, item->entry->place, AQ_E_IO, err, "%s has changed its size meanwhile",
                            item->path);
    return got == 0 ? 0 : -1;
}

static int write_item(const struct aq_spec *spec, const struct aq_item *item, struct aq_buffer *head, int fd,
                      const char *where, struct aq_error *err)
{
    bool has_content = item->kind == AQ_ITEM_FILE || item->kind == AQ_ITEM_APPEND;
    const struct aq_bundle_entry entry = {
        .magic = AQ_BUNDLE_ENTRY_MAGIC,
        .kind = (uint16_t)kinds[item->kind],
        .flags = (uint16_t)((item->recursive ? AQ_BUNDLE_RECURSIVE : 0) |
                            (item->mode_set ? AQ_BUNDLE_MODE_SET : 0) |
                            (item->owner_set ? AQ_BUNDLE_OWNER_SET : 0)),
        .mode = (uint16_t)(item->mode & 07777),
        .path_length = length_of(item->path),
        .target_length = length_of(item->target),
        .owner_length = length_of(item->owner),
        .group_length = length_of(item->group),
        .size = has_content ? item->size : 0,
    };
    if (check_texts(spec, item, err) < 0)
        return -1;
    aq_buffer_add(head, &entry, sizeof entry);
    add_text(head, item->path);
    add_text(head, item->target);
    add_text(head, item->owner);
    add_text(head, item->group);
    if (!has_content)
        return 0;
    if (aq_write_all(fd, head->data, head->length, err) < 0)
        return aq_error_context(err, "cannot write %s", where);
    aq_buffer_clear(head);
    return write_content(spec, item, fd, where, err);
}

int aq_bundle_write(const struct aq_spec *spec, const struct aq_step *step, int fd, const char *where,
                    struct aq_error *err)
{
    const struct aq_bundle_head head = {.magic = AQ_BUNDLE_MAGIC, .count = step->item_count};
    aq_autobuffer struct aq_buffer pending = {0};
    aq_buffer_add(&pending, &head, sizeof head);
    for (size_t i = 0; i < step->item_count; i++)
        if (write_item(spec, &step->items[i], &pending, fd, where, err) < 0)
            return -1;
    off_t at = lseek(fd, 0, SEEK_CUR) + (off_t)pending.length;
    static const char zeros[SECTOR];
    aq_buffer_add(&pending, zeros, (size_t)((SECTOR - at % SECTOR) % SECTOR));
    if (aq_write_all(fd, aq_buffer_text(&pending), pending.length, err) < 0)
        return aq_error_context(err, "cannot write %s", where);
    return 0;
}

static void add_renewal(struct aq_buffer *buffer, enum aq_bundle_kind kind, const char *path, int64_t since)
{
    const struct aq_bundle_entry entry = {
        .magic = AQ_BUNDLE_ENTRY_MAGIC,
        .kind = (uint16_t)kind,
        .mode = 0444,
        .path_length = length_of(path),
        .since = (uint32_t)since,
    };
    aq_buffer_add(buffer, &entry, sizeof entry);
    aq_buffer_add_text(buffer, path);
}

int aq_bundle_write_renewal(int64_t since, int fd, const char *where, struct aq_error *err)
{
    static const char *const gone[] = {
        "/var/lib/dbus/machine-id",           "/var/lib/systemd/random-seed",
        "/var/lib/systemd/credential.secret", "/var/lib/urandom/random-seed",
        "/etc/ssh/ssh_host_rsa_key",          "/etc/ssh/ssh_host_rsa_key.pub",
        "/etc/ssh/ssh_host_ecdsa_key",        "/etc/ssh/ssh_host_ecdsa_key.pub",
        "/etc/ssh/ssh_host_ed25519_key",      "/etc/ssh/ssh_host_ed25519_key.pub",
        "/etc/ssh/ssh_host_dsa_key",          "/etc/ssh/ssh_host_dsa_key.pub",
    };
    const size_t count = sizeof gone / sizeof *gone;
    const struct aq_bundle_head head = {.magic = AQ_BUNDLE_MAGIC, .count = count + 1};
    static const char zeros[SECTOR];
    aq_autobuffer struct aq_buffer buffer = {0};
    aq_buffer_add(&buffer, &head, sizeof head);
    add_renewal(&buffer, AQ_BUNDLE_FILE, "/etc/machine-id", since); /* empty: made anew at the next boot */
    for (size_t i = 0; i < count; i++)
        add_renewal(&buffer, AQ_BUNDLE_DELETE, gone[i], since);
    aq_buffer_add(&buffer, zeros, (SECTOR - buffer.length % SECTOR) % SECTOR);
    if (aq_write_all(fd, buffer.data, buffer.length, err) < 0)
        return aq_error_context(err, "cannot write %s", where);
    return 0;
}

int aq_bundle_fail(const struct aq_spec *spec, const struct aq_step *step, const char *said,
                   struct aq_error *err)
{
    char *end = NULL;
    unsigned long number = strtoul(said, &end, 10);
    size_t length = strcspn(end, "\n");
    if (end == said || *end != ' ' || number >= step->item_count)
        return aq_fail(err, AQ_E_GUEST_REFUSED, "the files could not be put into the image: %.*s",
                       (int)length, end);
    return aq_spec_fail(spec, step->items[number].entry->place, AQ_E_GUEST_REFUSED, err, "in the image, %.*s",
                        (int)length - 1, end + 1);
}
