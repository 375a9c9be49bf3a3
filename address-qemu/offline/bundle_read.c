/* SPDX-License-Identifier: MIT */
#include "offline/bundle_read.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int bad(void)
{
    errno = EBADMSG;
    return -1;
}

static int read_whole(int fd, void *data, size_t length)
{
    for (size_t have = 0; have < length;) {
        ssize_t got = read(fd, (char *)data + have, length - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -1 : bad();
        have += (size_t)got;
    }
    return 0;
}

int aq_bundle_start(struct aq_bundle_reader *reader, int fd)
{
    struct aq_bundle_head head;
    if (read_whole(fd, &head, sizeof head) < 0)
        return -1;
    if (head.magic != AQ_BUNDLE_MAGIC)
        return bad();
    *reader = (struct aq_bundle_reader){.fd = fd, .count = head.count};
    return 0;
}

static int read_text(int fd, char *text, size_t length)
{
    if (length > AQ_BUNDLE_TEXT_MAX)
        return bad();
    text[length] = '\0';
    if (read_whole(fd, text, length) < 0)
        return -1;
    return memchr(text, '\0', length) == NULL ? 0 : bad();
}

int aq_bundle_next(struct aq_bundle_reader *reader, struct aq_bundle_item *item)
{
    struct aq_bundle_entry entry;
    if (reader->bytes_left > 0 && lseek(reader->fd, (off_t)reader->bytes_left, SEEK_CUR) < 0)
        return -1;
    reader->bytes_left = 0;
    if (reader->next == reader->count)
        return 0;
    if (read_whole(reader->fd, &entry, sizeof entry) < 0)
        return -1;
    if (entry.magic != AQ_BUNDLE_ENTRY_MAGIC || entry.kind >= AQ_BUNDLE_KINDS)
        return bad();
    *item = (struct aq_bundle_item){
        .kind = entry.kind,
        .recursive = (entry.flags & AQ_BUNDLE_RECURSIVE) != 0,
        .mode_set = (entry.flags & AQ_BUNDLE_MODE_SET) != 0,
        .owner_set = (entry.flags & AQ_BUNDLE_OWNER_SET) != 0,
        .mode = entry.mode & 07777,
        .since = entry.since,
        .size = entry.size,
    };
    if (read_text(reader->fd, item->path, entry.path_length) < 0 ||
        read_text(reader->fd, item->target, entry.target_length) < 0 ||
        read_text(reader->fd, item->owner, entry.owner_length) < 0 ||
        read_text(reader->fd, item->group, entry.group_length) < 0)
        return -1;
    if (item->path[0] != '/')
        return bad();
    reader->bytes_left = entry.size;
    reader->next++;
    return 1;
}

ssize_t aq_bundle_read(struct aq_bundle_reader *reader, void *buffer, size_t size)
{
    if (size > reader->bytes_left)
        size = (size_t)reader->bytes_left;
    ssize_t got;
    do
        got = size > 0 ? read(reader->fd, buffer, size) : 0;
    while (got < 0 && errno == EINTR);
    if (got == 0 && size > 0)
        return bad();
    if (got > 0)
        reader->bytes_left -= (uint64_t)got;
    return got;
}
