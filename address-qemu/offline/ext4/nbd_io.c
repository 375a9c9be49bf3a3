/* SPDX-License-Identifier: MIT */
#include "offline/ext4/nbd_io.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BITS 16
#define PIECE ((size_t)1 << PIECE_BITS)
#define PIECES 1024u /* kept at most: 64 MiB */
#define SLOTS 4096u  /* of the hash table: a power of two, well above PIECES */

struct piece {
    uint64_t number; /* on the disk */
    bool used, changed;
    unsigned char *bytes;
};

static struct {
    struct nbd_handle *nbd;
    uint64_t offset, length, disk;
    struct piece slots[SLOTS];
    unsigned count;
} io;

void aq_nbd_io_use(struct nbd_handle *nbd, uint64_t offset, uint64_t length)
{
    io.nbd = nbd;
    io.offset = offset;
    io.length = length;
    io.disk = (uint64_t)nbd_get_size(nbd);
}

/* How much of a piece is on the disk: the last one may end early. */
static size_t piece_length(uint64_t number)
{
    uint64_t start = number << PIECE_BITS;
    return io.disk - start < PIECE ? (size_t)(io.disk - start) : PIECE;
}

static errcode_t write_changed(void)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        struct piece *piece = &io.slots[i];
        if (!piece->used || !piece->changed)
            continue;
        if (nbd_pwrite(io.nbd, piece->bytes, piece_length(piece->number), piece->number << PIECE_BITS, 0) < 0)
            return EIO;
        piece->changed = false;
    }
    return 0;
}

errcode_t aq_nbd_io_drop(void)
{
    errcode_t failure = write_changed();
    for (unsigned i = 0; failure == 0 && i < SLOTS; i++) {
        free(io.slots[i].bytes);
        io.slots[i] = (struct piece){0};
    }
    if (failure == 0)
        io.count = 0;
    return failure;
}

static struct piece *slot_of(uint64_t number)
{
    unsigned at = (unsigned)(number * UINT64_C(0x9e3779b97f4a7c15) >> 40) & (SLOTS - 1);
    while (io.slots[at].used && io.slots[at].number != number)
        at = (at + 1) & (SLOTS - 1);
    return &io.slots[at];
}

/* The piece, read unless all of it is about to be written. NULL when that failed. */
static struct piece *get(uint64_t number, bool whole)
{
    struct piece *piece = slot_of(number);
    if (piece->used)
        return piece;
    if (io.count == PIECES && aq_nbd_io_drop() != 0)
        return NULL;
    piece = slot_of(number);
    unsigned char *bytes = malloc(PIECE);
    if (bytes == NULL ||
        (!whole && nbd_pread(io.nbd, bytes, piece_length(number), number << PIECE_BITS, 0) < 0)) {
        free(bytes);
        return NULL;
    }
    *piece = (struct piece){.number = number, .used = true, .bytes = bytes};
    io.count++;
    return piece;
}

/* Moves `length` bytes at `at` of the file system: into `into`, or out of `from`. */
static errcode_t transfer(uint64_t at, size_t length, unsigned char *into, const unsigned char *from)
{
    if (at > io.length || length > io.length - at)
        return EXT2_ET_SHORT_READ;
    for (at += io.offset; length > 0;) {
        size_t within = at & (PIECE - 1), part = PIECE - within < length ? PIECE - within : length;
        struct piece *piece = get(at >> PIECE_BITS, from != NULL && part == PIECE);
        if (piece == NULL)
            return EIO;
        if (from != NULL) {
            memcpy(piece->bytes + within, from, part);
            piece->changed = true;
            from += part;
        } else if (into != NULL) {
            memcpy(into, piece->bytes + within, part);
            into += part;
        }
        at += part;
        length -= part;
    }
    return 0;
}

/* A negative count is of bytes. */
static size_t byte_count(io_channel channel, int count)
{
    return count < 0 ? (size_t) - (long)count : (size_t)count * (size_t)channel->block_size;
}

static errcode_t nbd_io_read(io_channel channel, unsigned long long block, int count, void *data)
{
    return transfer(block * (unsigned)channel->block_size, byte_count(channel, count), data, NULL);
}

static errcode_t nbd_io_write(io_channel channel, unsigned long long block, int count, const void *data)
{
    return transfer(block * (unsigned)channel->block_size, byte_count(channel, count), NULL, data);
}

static errcode_t nbd_io_read_short(io_channel channel, unsigned long block, int count, void *data)
{
    return nbd_io_read(channel, block, count, data);
}

static errcode_t nbd_io_write_short(io_channel channel, unsigned long block, int count, const void *data)
{
    return nbd_io_write(channel, block, count, data);
}

static errcode_t nbd_io_write_byte(io_channel channel, unsigned long offset, int count, const void *data)
{
    (void)channel;
    return transfer(offset, (size_t)count, NULL, data);
}

static errcode_t nbd_io_set_blksize(io_channel channel, int size)
{
    channel->block_size = size;
    return 0;
}

static errcode_t nbd_io_flush(io_channel channel)
{
    (void)channel;
    return write_changed();
}

static errcode_t nbd_io_set_option(io_channel channel, const char *option, const char *argument)
{
    (void)channel, (void)option, (void)argument;
    return EXT2_ET_INVALID_ARGUMENT;
}

static errcode_t nbd_io_open(const char *name, int flags, io_channel *channel)
{
    (void)flags;
    io_channel opened = calloc(1, sizeof *opened);
    if (opened == NULL || (opened->name = strdup(name)) == NULL) {
        free(opened);
        return ENOMEM;
    }
    opened->magic = EXT2_ET_MAGIC_IO_CHANNEL;
    opened->manager = (io_manager)(uintptr_t)&aq_nbd_io;
    opened->block_size = 1024;
    opened->refcount = 1;
    *channel = opened;
    return 0;
}

static errcode_t nbd_io_close(io_channel channel)
{
    if (--channel->refcount > 0)
        return 0;
    errcode_t failure = write_changed();
    free(channel->name);
    free(channel);
    return failure;
}

const struct struct_io_manager aq_nbd_io = {
    .magic = EXT2_ET_MAGIC_IO_MANAGER,
    .name = "NBD",
    .open = nbd_io_open,
    .close = nbd_io_close,
    .set_blksize = nbd_io_set_blksize,
    .read_blk = nbd_io_read_short,
    .write_blk = nbd_io_write_short,
    .flush = nbd_io_flush,
    .write_byte = nbd_io_write_byte,
    .set_option = nbd_io_set_option,
    .read_blk64 = nbd_io_read,
    .write_blk64 = nbd_io_write,
};
