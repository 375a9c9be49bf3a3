/* SPDX-License-Identifier: MIT */
#include "offline/ext4/find.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "offline/ext4/inode.h"
#include "offline/ext4/nbd_io.h"
#include "offline/ext4/partition.h"

#define PARTITIONS_MAX 128
#define FSTAB_MAX 65536

/* Is it the name of something on a disk? */
static bool names_disk(const char *device)
{
    static const char *const starts[] = {"/dev/", "UUID=", "LABEL=", "PARTUUID=", "PARTLABEL=", "ID="};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strncmp(device, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

/* A line of fstab(5) that mounts something of a disk elsewhere than on "/". */
static bool mounts_more(const char *line)
{
    char device[256], path[256], type[64] = "";
    if (sscanf(line, " %255s %255s %63s", device, path, type) < 2 || device[0] == '#')
        return false;
    return names_disk(device) && strcmp(path, "/") != 0 && path[0] == '/' && strcmp(type, "swap") != 0;
}

static bool fstab_is_simple(struct aq_writer *writer)
{
    size_t length = 0;
    char *text = aq_inode_text(writer, "/etc/fstab", FSTAB_MAX - 1, &length);
    bool simple = true;
    if (text == NULL)
        return true;
    text[length] = '\0';
    for (char *line = text, *rest = NULL; simple && (line = strtok_r(line, "\n", &rest)) != NULL; line = NULL)
        simple = !mounts_more(line);
    free(text);
    return simple;
}

static bool holds_system(struct aq_writer *writer)
{
    ext2_ino_t number;
    return aq_inode_follow(writer, "/etc/passwd", &number) == 1 &&
           aq_inode_follow(writer, "/bin/sh", &number) == 1;
}

/* 1 it is one that can be used, 0 it holds no system, -1 one that cannot. */
static int judge(struct aq_writer *writer)
{
    if (ext2fs_open("disk", EXT2_FLAG_64BITS, 0, 0, (io_manager)(uintptr_t)&aq_nbd_io, &writer->fs) != 0)
        return 0;
    int found = holds_system(writer) ? (fstab_is_simple(writer) ? 1 : -1) : 0;
    ext2fs_close_free(&writer->fs);
    return found;
}

int aq_writer_find(struct aq_writer *writer, struct nbd_handle *nbd)
{
    uint64_t offset, length;
    int root = -1;
    for (int number = 0; number <= PARTITIONS_MAX; number++) {
        if (aq_partition_find(nbd, (unsigned)number, &offset, &length) < 0)
            continue;
        aq_nbd_io_use(nbd, offset, length);
        int found = judge(writer);
        if (found < 0 || (found > 0 && root >= 0))
            return aq_writer_unfit(writer, found < 0 ? "the system in it has more file systems than its root"
                                                     : "there is more than one system in it");
        if (found > 0)
            root = number;
    }
    writer->unfit = false; /* links that lead nowhere, on the way */
    if (root < 0)
        return aq_writer_unfit(writer, "no system was found on an ext4");
    printf("%d\n", root);
    return 0;
}
