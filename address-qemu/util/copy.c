/* SPDX-License-Identifier: MIT */
/* Copying a file's contents: shared blocks where the file system can, in the kernel where it can, holes as
 * holes. */
#include "util/files.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/wait.h"

/* How much is copied between two looks at whether we are interrupted. */
#define PIECE ((size_t)8 << 20)

static int fail_copy(int errnum, struct aq_error *err)
{
    return aq_fail_errno(err, AQ_E_IO, errnum, "cannot copy");
}

/* By way of our memory, for pairs of files that the kernel does not copy between. */
static ssize_t copy_by_hand(int from, int to, off_t offset, size_t length, struct aq_error *err)
{
    size_t size = length < (size_t)256 << 10 ? length : (size_t)256 << 10;
    aq_autofree char *data = aq_alloc(size);
    ssize_t got = pread(from, data, size, offset);
    if (got < 0)
        return fail_copy(errno, err);
    for (ssize_t done = 0; done < got;) {
        ssize_t wrote = pwrite(to, data + done, (size_t)(got - done), offset + done);
        if (wrote < 0 && errno != EINTR)
            return fail_copy(errno, err);
        done += wrote > 0 ? wrote : 0;
    }
    return got;
}

/* One piece; the number of bytes, 0 at the file's end. */
static ssize_t copy_piece(int from, int to, off_t offset, size_t length, bool *by_hand, struct aq_error *err)
{
    if (!*by_hand) {
        off_t in = offset;
        off_t out = offset;
        ssize_t copied = copy_file_range(from, &in, to, &out, length, 0);
        if (copied > 0)
            return copied;
        if (copied < 0 && errno != EXDEV && errno != ENOSYS && errno != EOPNOTSUPP && errno != EINVAL &&
            errno != EPERM)
            return fail_copy(errno, err);
        *by_hand = true; /* also after 0: some file systems say so of what they cannot copy */
    }
    return copy_by_hand(from, to, offset, length, err);
}

static int copy_range(int from, int to, off_t offset, off_t end, bool *by_hand, struct aq_error *err)
{
    while (offset < end) {
        if (aq_must_end())
            return aq_fail(err, AQ_E_INTERRUPTED, "interrupted while copying");
        size_t length = end - offset < (off_t)PIECE ? (size_t)(end - offset) : PIECE;
        ssize_t copied = copy_piece(from, to, offset, length, by_hand, err);
        if (copied < 0)
            return -1;
        if (copied == 0)
            return aq_fail(err, AQ_E_IO, "the file became shorter while it was copied");
        offset += copied;
    }
    return 0;
}

static int copy_data(int from, int to, off_t size, struct aq_error *err)
{
    bool by_hand = false;
    for (off_t end = 0; end < size;) {
        off_t data = lseek(from, end, SEEK_DATA);
        if (data < 0 && errno == ENXIO) /* nothing but a hole is left */
            break;
        if (data < 0) /* a file system without holes */
            data = end;
        end = lseek(from, data, SEEK_HOLE);
        if (end < 0 || end > size)
            end = size;
        if (copy_range(from, to, data, end, &by_hand, err) < 0)
            return -1;
    }
    return 0;
}

int aq_copy_contents(int from, int to, struct aq_error *err)
{
    struct stat source;
    if (fstat(from, &source) < 0)
        return fail_copy(errno, err);
    if (ioctl(to, FICLONE, from) == 0)
        return 0;
    if (copy_data(from, to, source.st_size, err) < 0)
        return -1;
    return ftruncate(to, source.st_size) == 0 ? 0 : fail_copy(errno, err);
}
