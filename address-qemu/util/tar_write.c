/* SPDX-License-Identifier: MIT */
#include "util/tar.h"

#include <stdio.h>
#include <string.h>

#include "util/tar_format.h"

#define OCTAL_MAX 077777777777ULL /* what 11 digits hold */

/* A record of an extended header: "LENGTH KEY=VALUE\n", where the length counts itself. */
static void add_record(struct aq_buffer *records, const char *key, const char *value)
{
    size_t rest = strlen(key) + strlen(value) + 3; /* the blank, the equals sign and the line feed */
    size_t length = rest, before;
    do {
        before = length;
        length = rest + (size_t)snprintf(NULL, 0, "%zu", before);
    } while (length != before);
    aq_buffer_format(records, "%zu %s=%s\n", length, key, value);
}

static void put_octal(char *to, size_t size, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%0*llo", (int)size - 1, (unsigned long long)value);
    memcpy(to, text, size); /* with the NUL */
}

static void finish_block(struct aq_tar_block *block, struct aq_buffer *to)
{
    memcpy(block->magic, "ustar", 6);
    memcpy(block->version, "00", 2);
    memcpy(block->uname, "root", 5);
    memcpy(block->gname, "root", 5);
    put_octal(block->uid, sizeof block->uid, 0);
    put_octal(block->gid, sizeof block->gid, 0);
    memset(block->checksum, ' ', sizeof block->checksum);
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof *block; i++)
        sum += ((const unsigned char *)block)[i];
    put_octal(block->checksum, sizeof block->checksum - 1, sum);
    aq_buffer_add(to, block, sizeof *block);
}

static void add_padding(struct aq_buffer *to, uint64_t size)
{
    size_t padding = aq_tar_padding(size);
    memset(aq_buffer_room(to, padding), 0, padding);
    to->length += padding;
}

static void add_extended(const struct aq_buffer *records, struct aq_buffer *to)
{
    struct aq_tar_block block = {.name = "pax", .type = AQ_TAR_TYPE_EXTENDED};
    put_octal(block.mode, sizeof block.mode, 0600);
    put_octal(block.size, sizeof block.size, records->length);
    put_octal(block.mtime, sizeof block.mtime, 0);
    finish_block(&block, to);
    aq_buffer_add(to, records->data, records->length);
    add_padding(to, records->length);
}

/* What is in the block, or, when it does not fit, in a record of the extended header. */
static void put_text(char *field, size_t size, const char *key, const char *text, struct aq_buffer *records)
{
    size_t length = strlen(text);
    if (length > size)
        add_record(records, key, text);
    memcpy(field, text, length < size ? length : size);
}

void aq_tar_add_header(const struct aq_tar_entry *entry, struct aq_buffer *to)
{
    static const char types[] = {[AQ_TAR_FILE] = AQ_TAR_TYPE_FILE,
                                 [AQ_TAR_FOLDER] = AQ_TAR_TYPE_FOLDER,
                                 [AQ_TAR_LINK] = AQ_TAR_TYPE_LINK,
                                 [AQ_TAR_HARD_LINK] = AQ_TAR_TYPE_HARD_LINK};
    struct aq_tar_block block = {.type = types[entry->kind]};
    aq_autobuffer struct aq_buffer records = {0};
    aq_autofree char *path = aq_format("./%s%s", entry->path, entry->kind == AQ_TAR_FOLDER ? "/" : "");
    if (entry->path[0] == '\0')
        path[2] = '\0';
    put_text(block.name, sizeof block.name, "path", path, &records);
    if (entry->target != NULL)
        put_text(block.target, sizeof block.target, "linkpath", entry->target, &records);
    uint64_t size = entry->kind == AQ_TAR_FILE ? entry->size : 0;
    if (size > OCTAL_MAX) {
        char text[24];
        snprintf(text, sizeof text, "%llu", (unsigned long long)size);
        add_record(&records, "size", text);
    }
    put_octal(block.mode, sizeof block.mode, entry->mode & 07777);
    put_octal(block.size, sizeof block.size, size > OCTAL_MAX ? 0 : size);
    put_octal(block.mtime, sizeof block.mtime,
              entry->mtime < 0 || (uint64_t)entry->mtime > OCTAL_MAX ? 0 : (uint64_t)entry->mtime);
    if (records.length > 0)
        add_extended(&records, to);
    finish_block(&block, to);
}

void aq_tar_add_end(struct aq_buffer *to)
{
    memset(aq_buffer_room(to, (size_t)2 * AQ_TAR_BLOCK), 0, (size_t)2 * AQ_TAR_BLOCK);
    to->length += (size_t)2 * AQ_TAR_BLOCK;
}
