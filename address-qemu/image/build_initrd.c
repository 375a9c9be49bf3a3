/* SPDX-License-Identifier: MIT */
#include "image/build_initrd.h"

#include <string.h>
#include <sys/stat.h>

#include "image/build_cpio.h"
#include "util/embedded.h"
#include "util/files.h"

#define BUSYBOX_MAX ((size_t)16 << 20)

/* The disk's and the ports' drivers; virtio_console here, because the guest agent is what all wait for. */
static const char *const wanted[] = {"virtio_pci", "virtio_blk", "virtio_console"};

/* Adds the folders above a path, and then the file. */
static void add_below(struct aq_buffer *archive, const char *path, const void *data, size_t length,
                      struct aq_strings *folders)
{
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        aq_autofree char *folder = aq_strndup(path, (size_t)(slash - path));
        if (aq_strings_has(folders, folder))
            continue;
        aq_cpio_add(archive, folder, S_IFDIR | 0755, NULL, 0);
        aq_strings_add(folders, folder);
    }
    aq_cpio_add(archive, path, S_IFREG | 0644, data, length);
}

/* The modules where modprobe looks for them, and the names of those that it is to load. */
static void add_modules(struct aq_buffer *archive, const char *version, const struct aq_module_set *set)
{
    aq_autostrings struct aq_strings folders = {0};
    aq_autobuffer struct aq_buffer dependencies = {0};
    aq_autobuffer struct aq_buffer names = {0};
    for (size_t i = 0; i < set->count; i++) {
        const struct aq_module *module = &set->modules[i];
        aq_autofree char *path = aq_format("lib/modules/%s/%s", version, module->path);
        add_below(archive, path, module->data.data, module->data.length, &folders);
        aq_buffer_format(&names, "%s ", module->name);
    }
    aq_module_set_dependencies(set, &dependencies);
    aq_autofree char *path = aq_format("lib/modules/%s/modules.dep", version);
    add_below(archive, path, aq_buffer_text(&dependencies), dependencies.length, &folders);
    aq_buffer_add_char(&names, '\n');
    aq_cpio_add(archive, "modules", S_IFREG | 0644, names.data, names.length);
}

int aq_build_initrd(const struct aq_build_job *job, const struct aq_modules *modules, struct aq_error *err)
{
    aq_automoduleset struct aq_module_set set = {0};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (aq_module_set_add(job, modules, wanted[i], &set, err) < 0)
            return -1;
    aq_autobuffer struct aq_buffer busybox = {0};
    if (aq_read_file_at(job->root, "usr/bin/busybox", BUSYBOX_MAX, &busybox, err) < 0)
        return -1;

    static const char *const folders[] = {"bin", "dev", "proc", "root", "sys"};
    aq_autobuffer struct aq_buffer archive = {0};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        aq_cpio_add(&archive, folders[i], S_IFDIR | 0755, NULL, 0);
    aq_cpio_add(&archive, "bin/busybox", S_IFREG | 0755, busybox.data, busybox.length);
    const struct aq_embedded_file *init = aq_embedded_find(aq_build_files, "initrd/init");
    aq_cpio_add(&archive, "init", S_IFREG | 0755, init->data, init->length);
    add_modules(&archive, modules->version, &set);
    aq_cpio_end(&archive);
    return aq_write_new_file_at(job->work, AQ_JOB_INITRD, archive.data, archive.length, 0600, err);
}
