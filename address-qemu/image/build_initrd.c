/* SPDX-License-Identifier: MIT */
#include "image/build_initrd.h"

#include <sys/stat.h>

#include "image/build_cpio.h"
#include "util/embedded.h"
#include "util/files.h"

#define BUSYBOX_MAX ((size_t)16 << 20)

/* The disk's and the ports' drivers; virtio_console here, because the guest agent is what all wait for. */
static const char *const wanted[] = {"virtio_pci", "virtio_blk", "virtio_console"};

static void add_modules(struct aq_buffer *archive, const struct aq_module_set *set)
{
    aq_autobuffer struct aq_buffer order = {0};
    for (size_t i = 0; i < set->count; i++) {
        aq_autofree char *path = aq_format("modules/%s.ko", set->modules[i].name);
        aq_cpio_add(archive, path, S_IFREG | 0644, set->modules[i].data.data, set->modules[i].data.length);
        aq_buffer_format(&order, "%s.ko\n", set->modules[i].name);
    }
    aq_cpio_add(archive, "modules/order", S_IFREG | 0644, aq_buffer_text(&order), order.length);
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

    static const char *const folders[] = {"bin", "dev", "modules", "proc", "root", "sys"};
    aq_autobuffer struct aq_buffer archive = {0};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        aq_cpio_add(&archive, folders[i], S_IFDIR | 0755, NULL, 0);
    aq_cpio_add(&archive, "bin/busybox", S_IFREG | 0755, busybox.data, busybox.length);
    const struct aq_embedded_file *init = aq_embedded_find(aq_build_files, "initrd/init");
    aq_cpio_add(&archive, "init", S_IFREG | 0755, init->data, init->length);
    add_modules(&archive, &set);
    aq_cpio_end(&archive);
    return aq_write_new_file_at(job->work, AQ_JOB_INITRD, archive.data, archive.length, 0600, err);
}
