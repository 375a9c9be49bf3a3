/* SPDX-License-Identifier: MIT */
/* The names in a folder, "." and ".." left out. */
#ifndef AQ_OFFLINE_EXT4_ENTRIES_H
#define AQ_OFFLINE_EXT4_ENTRIES_H

#include "offline/ext4/writer.h"

struct aq_entry_name {
    ext2_ino_t number;
    char name[EXT2_NAME_LEN + 1];
};

/* Zero-initialise; aq_entries_free at the end, also after a failure. */
struct aq_entries {
    struct aq_entry_name *items;
    size_t count, room;
};

int aq_entries_read(struct aq_writer *writer, ext2_ino_t folder, struct aq_entries *entries);
void aq_entries_free(struct aq_entries *entries);

#endif
