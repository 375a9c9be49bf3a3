/* SPDX-License-Identifier: MIT */
#include "offline/ext4/entries.h"

#include <stdlib.h>
#include <string.h>

static int collect(ext2_ino_t folder, int which, struct ext2_dir_entry *entry, int offset, int block_size,
                   char *block, void *data)
{
    struct aq_entries *entries = data;
    size_t length = (size_t)ext2fs_dirent_name_len(entry);
    (void)folder, (void)which, (void)offset, (void)block_size, (void)block;
    bool self = (length == 1 && entry->name[0] == '.') || (length == 2 && memcmp(entry->name, "..", 2) == 0);
    if (entry->inode == 0 || self)
        return 0;
    if (entries->count == entries->room) {
        size_t room = entries->room * 2 + 64;
        struct aq_entry_name *items = realloc(entries->items, room * sizeof *items);
        if (items == NULL)
            return DIRENT_ABORT;
        entries->items = items;
        entries->room = room;
    }
    struct aq_entry_name *one = &entries->items[entries->count++];
    one->number = entry->inode;
    memcpy(one->name, entry->name, length);
    one->name[length] = '\0';
    return 0;
}

int aq_entries_read(struct aq_writer *writer, ext2_ino_t folder, struct aq_entries *entries)
{
    errcode_t failure = ext2fs_dir_iterate2(writer->fs, folder, 0, NULL, collect, entries);
    return failure == 0 ? 0 : aq_writer_complain(writer, failure, "cannot be listed");
}

void aq_entries_free(struct aq_entries *entries)
{
    free(entries->items);
    *entries = (struct aq_entries){0};
}
