/* SPDX-License-Identifier: MIT */
#include "vm/disk.h"

#include <string.h>
#include <unistd.h>

#include "image/qcow2.h"
#include "util/files.h"

#define PREFIX "disk-"
#define SUFFIX ".qcow2"

char *aq_vm_disk_name(void)
{
    char part[9];
    return aq_format(PREFIX "%s" SUFFIX, aq_random_name(part, sizeof part));
}

char *aq_vm_disk_node(const char *file)
{
    return aq_format("disk0-%.*s", (int)(strlen(file) - strlen(PREFIX) - strlen(SUFFIX)),
                     file + strlen(PREFIX));
}

int aq_vm_make_overlay(int folder, const char *file, const struct aq_parent *parent, uint64_t size,
                       struct aq_error *err)
{
    aq_autofree char *backing = NULL;
    if (aq_parent_backing(parent, &backing, err) < 0)
        return -1;
    aq_autoclose int fd = aq_make_file_at(folder, file, NULL, 0, 0600, err);
    if (fd < 0)
        return -1;
    if (aq_qcow2_write_overlay(fd, file, backing, size, err) == 0 && aq_sync_files(&fd, 1, err) == 0)
        return 0;
    unlinkat(folder, file, 0);
    return -1;
}

void aq_vm_read_size(struct aq_vm *vm, int folder)
{
    struct aq_qcow2_info info;
    struct aq_error ignored = {0};
    aq_autoclose int disk = aq_vm_open_disk(vm, folder, &ignored);
    if (disk >= 0 && aq_qcow2_read(disk, vm->disk, &info, &ignored) == 0)
        vm->disk_size = info.virtual_size;
}

static bool is_disk(const char *name)
{
    size_t length = strlen(name), suffix = strlen(SUFFIX);
    return strncmp(name, "disk", 4) == 0 && length > suffix && strcmp(name + length - suffix, SUFFIX) == 0;
}

void aq_vm_sweep_disks(const struct aq_vm *vm, int folder)
{
    DIR *entries = aq_open_entries(folder);
    if (entries == NULL)
        return;
    const struct dirent *entry;
    while ((entry = readdir(entries)) != NULL)
        if (is_disk(entry->d_name) && strcmp(entry->d_name, vm->disk) != 0)
            unlinkat(folder, entry->d_name, 0);
    closedir(entries);
}
