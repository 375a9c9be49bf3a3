/* SPDX-License-Identifier: MIT */
/*
 * Archives of folders as a stream, which every Unix can write and read: POSIX ustar, with pax headers for
 * what does not fit (IEEE Std 1003.1, pax, "ustar Interchange Format" and "pax Extended Header"). Read are
 * GNU's long names (types L and K) as well, for that is what busybox and older tars write.
 *
 * Both ends are driven by their callers in pieces of any size, so that a stream can be written as it is sent
 * and judged as it comes.
 */
#ifndef AQ_UTIL_TAR_H
#define AQ_UTIL_TAR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"
#include "util/memory.h"

#define AQ_TAR_BLOCK 512
#define AQ_TAR_PATH_MAX 4096 /* bytes of a path or a link's target */

enum aq_tar_kind {
    AQ_TAR_FILE,
    AQ_TAR_FOLDER,
    AQ_TAR_LINK,      /* symbolic */
    AQ_TAR_HARD_LINK, /* `target` is an entry before it */
    AQ_TAR_OTHER      /* a device, a fifo, or what is not known */
};

/* What an archive says of one thing in it. */
struct aq_tar_entry {
    enum aq_tar_kind kind;
    const char *path;   /* relative, without "." and ".."; "" is the folder itself */
    const char *target; /* of a link, as it stands */
    mode_t mode;        /* permission bits */
    uint64_t size;      /* of a file */
    int64_t mtime;      /* seconds */
    unsigned major, minor;
};

/* Adds an entry's header, which its contents follow, up to the next whole block. Owned by root. */
void aq_tar_add_header(const struct aq_tar_entry *entry, struct aq_buffer *to);

/* Bytes of zeros that follow contents of that size. */
static inline size_t aq_tar_padding(uint64_t size)
{
    return (size_t)(-size % AQ_TAR_BLOCK);
}

/* What ends an archive. */
void aq_tar_add_end(struct aq_buffer *to);

/* The reading end: what to do with what comes. -1 ends it. */
struct aq_tar_events {
    void *data;
    int (*entry)(void *data, const struct aq_tar_entry *entry, struct aq_error *err);
    /* A piece of the latest entry's contents, if that is a file. */
    int (*contents)(void *data, const void *bytes, size_t length, struct aq_error *err);
    /* All of it has come. */
    int (*end_of_file)(void *data, struct aq_error *err);
};

/* An archive that is being read. Zero-initialise but for `events`; aq_tar_reader_free at the end. */
struct aq_tar_reader {
    struct aq_tar_events events;
    char block[AQ_TAR_BLOCK]; /* a header that is not whole yet */
    size_t filled;
    struct aq_tar_entry entry; /* whose contents are coming */
    uint64_t left;             /* of them */
    size_t padding;
    char extension; /* the contents are an extended header of that type, for the entry that follows; 0: they
                       are not */
    struct aq_buffer extended;
    struct aq_buffer long_path, long_target; /* for the entry that follows */
    bool has_size;
    uint64_t long_size;
    struct aq_buffer path, target;
    bool ended;
};

/* Takes the next bytes. -1 with TRANSFER_CORRUPT for what is no archive, GUEST_REFUSED for a path that leads
   out or cannot be, or with an event's error. */
int aq_tar_read(struct aq_tar_reader *reader, const void *bytes, size_t length, struct aq_error *err);

/* After the last: was it whole? */
int aq_tar_read_end(struct aq_tar_reader *reader, struct aq_error *err);

void aq_tar_reader_free(struct aq_tar_reader *reader);

#endif
