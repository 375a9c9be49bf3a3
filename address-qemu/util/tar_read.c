/* SPDX-License-Identifier: MIT */
#include "util/tar.h"

#include <stddef.h>
#include <string.h>

#include "util/tar_format.h"

#define EXTENDED_MAX (64 * 1024)

static int corrupt(struct aq_error *err, const char *what)
{
    return aq_fail(err, AQ_E_TRANSFER_CORRUPT, "what came is no whole archive: %s", what);
}

/* Octal digits, with blanks before and a blank or NUL after them; or, as GNU's tar writes what does not fit,
   a binary number with its first bit set. */
static bool get_number(const char *field, size_t size, uint64_t *value)
{
    size_t i = 0;
    *value = 0;
    if ((unsigned char)field[0] == 0x80) {
        for (i = 1; i < size; i++) {
            if (*value > UINT64_MAX >> 8)
                return false;
            *value = *value << 8 | (unsigned char)field[i];
        }
        return true;
    }
    while (i < size && field[i] == ' ')
        i++;
    for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
        *value = *value << 3 | (uint64_t)(field[i] - '0');
    return i == size || field[i] == ' ' || field[i] == '\0';
}

static bool sum_is_right(const struct aq_tar_block *block)
{
    uint64_t noted;
    uint64_t sum = 0;
    const unsigned char *bytes = (const unsigned char *)block;
    size_t at = offsetof(struct aq_tar_block, checksum);
    for (size_t i = 0; i < sizeof *block; i++)
        sum += i >= at && i < at + sizeof block->checksum ? ' ' : bytes[i];
    return get_number(block->checksum, sizeof block->checksum, &noted) && noted == sum;
}

static void add_field(struct aq_buffer *to, const char *field, size_t size)
{
    aq_buffer_add(to, field, strnlen(field, size));
}

/* The path without ".", doubled and trailing slashes; refused when it leads out, or has what no file name may
   have. */
static int clean_path(const struct aq_buffer *from, struct aq_buffer *to, struct aq_error *err)
{
    const char *text = aq_buffer_text(from), *end = text + from->length;
    aq_buffer_clear(to);
    if (from->length > AQ_TAR_PATH_MAX || memchr(text, '\0', from->length) != NULL)
        return aq_fail(err, AQ_E_GUEST_REFUSED, "the archive has a path that is too long or holds a NUL");
    if (text[0] == '/')
        return aq_fail(err, AQ_E_GUEST_REFUSED, "the archive has the absolute path %.200s", text);
    while (text < end) {
        const char *slash = memchr(text, '/', (size_t)(end - text));
        size_t length = (size_t)((slash != NULL ? slash : end) - text);
        if (length == 2 && memcmp(text, "..", 2) == 0)
            return aq_fail(err, AQ_E_GUEST_REFUSED,
                           "the archive has a path that leads out of its folder: %.200s",
                           aq_buffer_text(from));
        if (length > 0 && !(length == 1 && text[0] == '.')) {
            if (to->length > 0)
                aq_buffer_add_char(to, '/');
            aq_buffer_add(to, text, length);
        }
        text += length + 1;
    }
    return 0;
}

/* --- extended headers --- */

static void take_record(struct aq_tar_reader *reader, const char *key, size_t key_length, const char *value,
                        size_t length)
{
    struct aq_buffer *to = key_length == 4 && memcmp(key, "path", 4) == 0       ? &reader->long_path
                           : key_length == 8 && memcmp(key, "linkpath", 8) == 0 ? &reader->long_target
                                                                                : NULL;
    if (to != NULL) {
        aq_buffer_clear(to);
        aq_buffer_add(to, value, length);
    } else if (key_length == 4 && memcmp(key, "size", 4) == 0) {
        reader->has_size = true;
        reader->long_size = 0;
        for (size_t i = 0; i < length && value[i] >= '0' && value[i] <= '9'; i++)
            reader->long_size = reader->long_size > UINT64_MAX / 16
                                    ? UINT64_MAX
                                    : reader->long_size * 10 + (uint64_t)(value[i] - '0');
    }
}

/* "LENGTH KEY=VALUE\n", one after another. */
static int take_records(struct aq_tar_reader *reader, struct aq_error *err)
{
    const char *at = aq_buffer_text(&reader->extended), *end = at + reader->extended.length;
    while (at < end) {
        size_t length = 0;
        const char *key = at;
        while (key < end && *key >= '0' && *key <= '9' && length < EXTENDED_MAX)
            length = length * 10 + (size_t)(*key++ - '0');
        if (key == end || *key != ' ' || length < (size_t)(key + 1 - at) + 2 || length > (size_t)(end - at) ||
            at[length - 1] != '\n')
            return corrupt(err, "an extended header cannot be read");
        key++;
        const char *equals = memchr(key, '=', (size_t)(at + length - 1 - key));
        if (equals == NULL)
            return corrupt(err, "an extended header cannot be read");
        take_record(reader, key, (size_t)(equals - key), equals + 1, (size_t)(at + length - 1 - equals - 1));
        at += length;
    }
    return 0;
}

static int end_extension(struct aq_tar_reader *reader, struct aq_error *err)
{
    char type = reader->extension;
    reader->extension = 0;
    struct aq_buffer *to = type == AQ_TAR_TYPE_GNU_PATH     ? &reader->long_path
                           : type == AQ_TAR_TYPE_GNU_TARGET ? &reader->long_target
                                                            : NULL;
    if (type == AQ_TAR_TYPE_EXTENDED)
        return take_records(reader, err);
    if (to != NULL) {
        aq_buffer_clear(to);
        add_field(to, aq_buffer_text(&reader->extended), reader->extended.length);
    }
    return 0;
}

/* --- entries --- */

static enum aq_tar_kind kind_of(char type)
{
    switch (type) {
    case AQ_TAR_TYPE_FILE:
    case AQ_TAR_TYPE_OLD_FILE:
    case AQ_TAR_TYPE_CONTIGUOUS:
        return AQ_TAR_FILE;
    case AQ_TAR_TYPE_FOLDER:
        return AQ_TAR_FOLDER;
    case AQ_TAR_TYPE_LINK:
        return AQ_TAR_LINK;
    case AQ_TAR_TYPE_HARD_LINK:
        return AQ_TAR_HARD_LINK;
    default:
        return AQ_TAR_OTHER;
    }
}

static int take_names(struct aq_tar_reader *reader, const struct aq_tar_block *block, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer path = {0};
    if (reader->long_path.length > 0) {
        aq_buffer_add(&path, reader->long_path.data, reader->long_path.length);
    } else {
        if (memcmp(block->magic, "ustar", 6) == 0 && block->prefix[0] != '\0') {
            add_field(&path, block->prefix, sizeof block->prefix);
            aq_buffer_add_char(&path, '/');
        }
        add_field(&path, block->name, sizeof block->name);
    }
    aq_buffer_clear(&reader->target);
    if (reader->long_target.length > 0)
        aq_buffer_add(&reader->target, reader->long_target.data, reader->long_target.length);
    else
        add_field(&reader->target, block->target, sizeof block->target);
    if (reader->target.length > AQ_TAR_PATH_MAX ||
        memchr(aq_buffer_text(&reader->target), '\0', reader->target.length) != NULL)
        return aq_fail(err, AQ_E_GUEST_REFUSED,
                       "the archive has a link whose target is too long or holds a NUL");
    return clean_path(&path, &reader->path, err);
}

static int take_entry(struct aq_tar_reader *reader, const struct aq_tar_block *block, uint64_t size,
                      struct aq_error *err)
{
    uint64_t mode = 0, mtime = 0, major = 0, minor = 0;
    if (take_names(reader, block, err) < 0)
        return -1;
    if (!get_number(block->mode, sizeof block->mode, &mode))
        return corrupt(err, "a header has no mode");
    get_number(block->mtime, sizeof block->mtime, &mtime);
    get_number(block->major, sizeof block->major, &major);
    get_number(block->minor, sizeof block->minor, &minor);
    if (reader->has_size)
        size = reader->long_size;
    enum aq_tar_kind kind = kind_of(block->type);
    if (size > INT64_MAX - AQ_TAR_BLOCK)
        return corrupt(err, "a file is larger than files can be");
    if (kind != AQ_TAR_FILE && kind != AQ_TAR_OTHER)
        size = 0; /* some writers note a link's or folder's size, and no contents follow */
    reader->entry = (struct aq_tar_entry){.kind = kind,
                                          .path = aq_buffer_text(&reader->path),
                                          .target = aq_buffer_text(&reader->target),
                                          .mode = (mode_t)mode & 07777,
                                          .size = kind == AQ_TAR_FILE ? size : 0,
                                          .mtime = mtime > INT64_MAX ? 0 : (int64_t)mtime,
                                          .major = (unsigned)major,
                                          .minor = (unsigned)minor};
    reader->left = size;
    reader->padding = aq_tar_padding(size);
    aq_buffer_clear(&reader->long_path);
    aq_buffer_clear(&reader->long_target);
    reader->has_size = false;
    if (reader->events.entry(reader->events.data, &reader->entry, err) < 0)
        return -1;
    return kind == AQ_TAR_FILE && size == 0 ? reader->events.end_of_file(reader->events.data, err) : 0;
}

static bool is_zero(const char *block)
{
    return block[0] == '\0' && memcmp(block, block + 1, AQ_TAR_BLOCK - 1) == 0;
}

static bool is_extension(char type)
{
    return type == AQ_TAR_TYPE_EXTENDED || type == AQ_TAR_TYPE_GLOBAL || type == AQ_TAR_TYPE_GNU_PATH ||
           type == AQ_TAR_TYPE_GNU_TARGET;
}

static int take_block(struct aq_tar_reader *reader, struct aq_error *err)
{
    struct aq_tar_block block;
    uint64_t size;
    if (is_zero(reader->block)) {
        reader->ended = true;
        return 0;
    }
    memcpy(&block, reader->block, sizeof block);
    if (!sum_is_right(&block) || !get_number(block.size, sizeof block.size, &size))
        return corrupt(err, "a header is damaged");
    if (!is_extension(block.type))
        return take_entry(reader, &block, size, err);
    if (size > EXTENDED_MAX)
        return corrupt(err, "an extended header is too long");
    reader->extension = block.type;
    aq_buffer_clear(&reader->extended);
    reader->left = size;
    reader->padding = aq_tar_padding(size);
    return size == 0 ? end_extension(reader, err) : 0;
}

/* Takes contents, or what stands for them: how many bytes, or -1. */
static ssize_t take_contents(struct aq_tar_reader *reader, const char *bytes, size_t length,
                             struct aq_error *err)
{
    size_t taken = length < reader->left ? length : (size_t)reader->left;
    reader->left -= taken;
    int done = 0;
    if (reader->extension != 0) {
        aq_buffer_add(&reader->extended, bytes, taken);
        if (reader->left == 0)
            done = end_extension(reader, err);
    } else if (reader->entry.kind == AQ_TAR_FILE) {
        done = reader->events.contents(reader->events.data, bytes, taken, err);
        if (done == 0 && reader->left == 0)
            done = reader->events.end_of_file(reader->events.data, err);
    }
    return done < 0 ? -1 : (ssize_t)taken;
}

int aq_tar_read(struct aq_tar_reader *reader, const void *bytes, size_t length, struct aq_error *err)
{
    const char *at = bytes, *end = at + length;
    while (at < end && !reader->ended) {
        size_t left = (size_t)(end - at), taken;
        if (reader->left > 0) {
            ssize_t contents = take_contents(reader, at, left, err);
            if (contents < 0)
                return -1;
            at += contents;
        } else if (reader->padding > 0) {
            taken = left < reader->padding ? left : reader->padding;
            reader->padding -= taken;
            at += taken;
        } else {
            taken = left < AQ_TAR_BLOCK - reader->filled ? left : AQ_TAR_BLOCK - reader->filled;
            memcpy(reader->block + reader->filled, at, taken);
            reader->filled += taken;
            at += taken;
            if (reader->filled < AQ_TAR_BLOCK)
                continue;
            reader->filled = 0;
            if (take_block(reader, err) < 0)
                return -1;
        }
    }
    return 0;
}

int aq_tar_read_end(struct aq_tar_reader *reader, struct aq_error *err)
{
    return reader->ended ? 0 : corrupt(err, "it ends too early");
}

void aq_tar_reader_free(struct aq_tar_reader *reader)
{
    aq_buffer_free(&reader->extended);
    aq_buffer_free(&reader->long_path);
    aq_buffer_free(&reader->long_target);
    aq_buffer_free(&reader->path);
    aq_buffer_free(&reader->target);
}
