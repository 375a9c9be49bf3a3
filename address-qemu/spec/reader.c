/* SPDX-License-Identifier: MIT */
/* The bytes of an item, digested again as they are read. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "spec/inputs.h"
#include "spec/source.h"
#include "util/files.h"

/* A file of a tree: its folder is opened beneath what the spec may read, and no link is followed in it. */
static int open_in_tree(const struct aq_spec *spec, const struct aq_item *item, struct aq_error *err)
{
    const struct aq_entry *entry = item->entry;
    aq_autoclose int folder = aq_source_open(spec, entry->from_place, entry->from, O_PATH | O_DIRECTORY, err);
    if (folder < 0)
        return -1;
    int fd = aq_open_beneath(folder, item->source, O_RDONLY | O_NONBLOCK | O_NOCTTY, err);
    return fd >= 0 ? fd : aq_spec_context(spec, entry->from_place, err);
}

static int open_source(const struct aq_spec *spec, const struct aq_item *item, struct aq_error *err)
{
    const struct aq_entry *entry = item->entry;
    if (entry->kind == AQ_ENTRY_URL)
        return aq_download_open_cached(item->digest, err);
    return item->source[0] != '\0' ? open_in_tree(spec, item, err)
                                   : aq_source_open_file(spec, entry->from_place, entry->from, err);
}

int aq_item_open(const struct aq_spec *spec, const struct aq_item *item, struct aq_reader *reader,
                 struct aq_error *err)
{
    *reader = (struct aq_reader){.spec = spec, .item = item, .fd = -1};
    if (item->source == NULL && item->entry->kind != AQ_ENTRY_URL)
        return 0;
    reader->fd = open_source(spec, item, err);
    reader->digest = reader->fd < 0 ? NULL : aq_digest_start(err);
    if (reader->digest != NULL)
        return 0;
    aq_reader_close(reader);
    return -1;
}

static int fail_changed(const struct aq_reader *reader, struct aq_error *err)
{
    const struct aq_item *item = reader->item;
    return aq_spec_fail(reader->spec, item->entry->from_place, AQ_E_SOURCE_CHANGED, err,
                        "%s%s%s changed while it was being used", item->entry->from,
                        item->source != NULL && item->source[0] != '\0' ? "/" : "",
                        item->source != NULL ? item->source : "");
}

/* All was read: is it what the key says? Asked once; after that the end stays the end. */
static int finish(struct aq_reader *reader, struct aq_error *err)
{
    char digest[AQ_SHA256_TEXT];
    if (reader->digest == NULL)
        return 0;
    if (aq_digest_finish(aq_steal_ptr(&reader->digest), digest, err) < 0)
        return -1;
    return strcmp(digest, reader->item->digest) == 0 ? 0 : fail_changed(reader, err);
}

static ssize_t read_memory(struct aq_reader *reader, void *buffer, size_t size)
{
    size_t left = reader->item->bytes.length - (size_t)reader->offset;
    size_t count = size < left ? size : left;
    memcpy(buffer, aq_buffer_text(&reader->item->bytes) + reader->offset, count);
    reader->offset += count;
    return (ssize_t)count;
}

ssize_t aq_reader_read(struct aq_reader *reader, void *buffer, size_t size, struct aq_error *err)
{
    if (reader->fd < 0)
        return read_memory(reader, buffer, size);
    ssize_t got;
    do
        got = pread(reader->fd, buffer, size, (off_t)reader->offset);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        aq_fail_errno(err, AQ_E_IO, errno, "cannot read %s", reader->item->entry->from);
        return aq_spec_context(reader->spec, reader->item->entry->from_place, err);
    }
    if (got == 0)
        return finish(reader, err);
    reader->offset += (uint64_t)got;
    if (reader->offset > reader->item->size)
        return fail_changed(reader, err);
    return aq_digest_add(reader->digest, buffer, (size_t)got, err) < 0 ? -1 : got;
}

void aq_reader_close(struct aq_reader *reader)
{
    aq_cleanup_close(&reader->fd);
    aq_digest_drop(reader->digest);
    reader->fd = -1;
    reader->digest = NULL;
}
