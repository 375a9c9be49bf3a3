/* SPDX-License-Identifier: MIT */
#include "util/download_part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "util/files.h"
#include "util/memory.h"
#include "util/wait.h"

#define LOCK_RETRY_MS 50
#define NOTE_MAX ((size_t)64 << 10)

static int fail_part(const struct aq_part *part, const char *what, int errnum, struct aq_error *err)
{
    aq_autofree char *path = aq_path_at(part->dir, part->name);
    return aq_fail_errno(err, AQ_E_IO, errnum, "cannot %s %s", what, path);
}

/* Is the file that is open still the one of that name? Whoever had it may have given it its final name. */
static bool still_there(const struct aq_part *part, int fd)
{
    struct stat opened, named;
    return fstat(fd, &opened) == 0 && fstatat(part->dir, part->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

/* 1 it is ours, 0 not now, -1. */
static int try_lock(struct aq_part *part, struct aq_error *err)
{
    aq_autoclose int fd = openat(part->dir, part->name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return fail_part(part, "make", errno, err);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? 0 : fail_part(part, "lock", errno, err);
    if (!still_there(part, fd))
        return 0;
    part->fd = aq_steal_fd(&fd);
    return 1;
}

static int start_digest(struct aq_part *part, struct aq_error *err)
{
    aq_digest_drop(part->digest);
    part->length = 0;
    part->digest = aq_digest_start(err);
    return part->digest != NULL ? 0 : -1;
}

static int digest_what_is_there(struct aq_part *part, struct aq_error *err)
{
    enum { PIECE = 1 << 20 };
    aq_autofree char *piece = aq_alloc(PIECE);
    for (;;) {
        ssize_t got = pread(part->fd, piece, PIECE, (off_t)part->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_part(part, "read", errno, err);
        if (got == 0)
            return 0;
        if (aq_must_end())
            return aq_fail(err, AQ_E_INTERRUPTED, "interrupted while going on with a download");
        if (aq_digest_add(part->digest, piece, (size_t)got, err) < 0)
            return -1;
        part->length += (uint64_t)got;
    }
}

/* The note is the URL and the validator, a line each. True if it is of that URL. */
static bool read_note(struct aq_part *part, const char *url)
{
    aq_autobuffer struct aq_buffer note = {0};
    struct aq_error none = {0};
    if (aq_read_file_at(part->dir, part->note, NOTE_MAX, &note, &none) < 0)
        return false;
    char *line = strchr(note.data, '\n');
    char *end = line != NULL ? strchr(line + 1, '\n') : NULL;
    if (end == NULL)
        return false;
    *line = *end = '\0';
    free(part->validator);
    part->validator = aq_strdup(line + 1);
    return strcmp(note.data, url) == 0;
}

int aq_part_open(int dir, const char *name, const char *url, struct aq_part *part, struct aq_error *err)
{
    *part = (struct aq_part){.dir = dir, .fd = -1};
    part->name = aq_format(".%s.part", name);
    part->note = aq_format(".%s.from", name);
    part->validator = aq_strdup("");
    for (int mine; (mine = try_lock(part, err)) != 1;)
        if (mine < 0 || aq_sleep_until(aq_after_ms(LOCK_RETRY_MS), err) < 0)
            return -1;
    if (start_digest(part, err) < 0)
        return -1;
    return read_note(part, url) ? digest_what_is_there(part, err) : aq_part_restart(part, url, "", err);
}

int aq_part_restart(struct aq_part *part, const char *url, const char *validator, struct aq_error *err)
{
    aq_autofree char *note = aq_format("%s\n%s\n", url, validator);
    if (ftruncate(part->fd, 0) < 0)
        return fail_part(part, "empty", errno, err);
    unlinkat(part->dir, part->note, 0);
    aq_autoclose int fd = aq_make_file_at(part->dir, part->note, note, strlen(note), 0600, err);
    free(part->validator);
    part->validator = aq_strdup(validator);
    return fd < 0 ? -1 : start_digest(part, err);
}

int aq_part_add(struct aq_part *part, const char *bytes, size_t length, struct aq_error *err)
{
    for (size_t done = 0; done < length;) {
        ssize_t wrote = pwrite(part->fd, bytes + done, length - done, (off_t)(part->length + done));
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return fail_part(part, "write", errno, err);
        done += (size_t)wrote;
    }
    part->length += length;
    return aq_digest_add(part->digest, bytes, length, err);
}

int aq_part_digest(struct aq_part *part, char sha256[AQ_SHA256_TEXT], struct aq_error *err)
{
    return aq_digest_finish(aq_steal_ptr(&part->digest), sha256, err);
}

int aq_part_publish(struct aq_part *part, const char *name, struct aq_error *err)
{
    if (ftruncate(part->fd, (off_t)part->length) < 0 || fsync(part->fd) < 0 ||
        renameat(part->dir, part->name, part->dir, name) < 0)
        return fail_part(part, "keep", errno, err);
    unlinkat(part->dir, part->note, 0);
    if (fsync(part->dir) < 0)
        return fail_part(part, "keep", errno, err);
    return 0;
}

void aq_part_remove(struct aq_part *part)
{
    unlinkat(part->dir, part->note, 0);
    unlinkat(part->dir, part->name, 0);
}

void aq_part_close(struct aq_part *part)
{
    aq_cleanup_close(&part->fd);
    aq_digest_drop(part->digest);
    free(part->name);
    free(part->note);
    free(part->validator);
    *part = (struct aq_part)AQ_PART_NONE;
}
