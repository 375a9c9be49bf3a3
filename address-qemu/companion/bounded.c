/* SPDX-License-Identifier: MIT */
#include "companion/bounded.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 64 * 1024 };

static int lock(const struct aq_bounded *log, short type)
{
    struct flock all = {.l_type = type, .l_whence = SEEK_SET};
    return fcntl(log->fd, F_OFD_SETLK, &all);
}

/* Moves the newer half to the front. */
static void move_down(struct aq_bounded *log)
{
    char piece[PIECE];
    off_t keep = (off_t)(log->limit / 2), from = log->size - keep, to = 0;
    while (to < keep) {
        ssize_t got = pread(log->fd, piece, sizeof piece, from + to);
        if (got <= 0 || pwrite(log->fd, piece, (size_t)got, to) != got)
            break;
        to += got;
    }
    if (ftruncate(log->fd, to) == 0)
        log->size = to;
}

static void make_room(struct aq_bounded *log, size_t length)
{
    off_t limit = (off_t)log->limit;
    if (log->size + (off_t)length <= limit)
        return;
    if (lock(log, F_WRLCK) == 0) {
        move_down(log);
        lock(log, F_UNLCK);
    } else if (log->size + (off_t)length > 2 * limit && ftruncate(log->fd, 0) == 0) {
        log->size = 0;
    }
}

void aq_bounded_write(struct aq_bounded *log, const void *data, size_t length)
{
    if (log->fd < 0)
        return;
    if (length > log->limit / 2) { /* of more than that only the end would be left */
        data = (const char *)data + length - log->limit / 2;
        length = log->limit / 2;
    }
    make_room(log, length);
    ssize_t written = pwrite(log->fd, data, length, log->size);
    if (written > 0)
        log->size += written;
}
