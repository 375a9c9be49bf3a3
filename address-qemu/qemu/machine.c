/* SPDX-License-Identifier: MIT */
#include "qemu/machine.h"

#include <string.h>

#include "util/json.h"

/* QEMU takes names and paths as JSON, which is UTF-8. */
static bool is_json_text(const char *text)
{
    aq_autojson json_t *value = json_string(text);
    return value != NULL;
}

static int check_disk(const struct aq_disk *disk, struct aq_error *err)
{
    for (unsigned i = 0; i < disk->chain_count; i++) {
        const struct aq_disk_image *image = &disk->chain[i];
        bool qcow2 = strcmp(image->format, "qcow2") == 0;
        if (image->path[0] != '/' || !is_json_text(image->path))
            return aq_fail(err, AQ_E_VALUE_INVALID,
                           "a disk image's path has to be absolute and UTF-8 for QEMU; it is %s",
                           image->path);
        if (!qcow2 && strcmp(image->format, "raw") != 0)
            return aq_fail(err, AQ_E_VALUE_INVALID, "%s: a disk image is qcow2 or raw, not %s", image->path,
                           image->format);
        if (!qcow2 && i + 1 < disk->chain_count)
            return aq_fail(err, AQ_E_VALUE_INVALID, "%s: a raw image cannot be based on another one",
                           image->path);
    }
    if (disk->chain_count == 0)
        return aq_fail(err, AQ_E_VALUE_INVALID, "a disk needs at least one image");
    if (disk->serial != NULL && (strlen(disk->serial) > 20 || !is_json_text(disk->serial)))
        return aq_fail(err, AQ_E_VALUE_INVALID, "a disk's serial has at most 20 bytes of UTF-8; it is %s",
                       disk->serial);
    return 0;
}

int aq_machine_check(const struct aq_machine *machine, struct aq_error *err)
{
    if (machine->accel == AQ_ACCEL_AUTO)
        return aq_fail(err, AQ_E_VALUE_INVALID, "the accelerator was not chosen");
    if (machine->memory_mib == 0 || machine->cpus == 0)
        return aq_fail(err, AQ_E_VALUE_INVALID, "a machine needs memory and at least one CPU");
    if (machine->disk_count > AQ_MACHINE_MAX_DISKS)
        return aq_fail(err, AQ_E_VALUE_INVALID, "a machine has at most %d disks; %u were given",
                       AQ_MACHINE_MAX_DISKS, machine->disk_count);
    if (machine->ram_file != NULL && (machine->ram_file[0] != '/' || !is_json_text(machine->ram_file)))
        return aq_fail(err, AQ_E_VALUE_INVALID,
                       "the file of a machine's RAM has to be absolute and UTF-8 for QEMU; it is %s",
                       machine->ram_file);
    if (machine->disc != NULL && (machine->disc[0] != '/' || !is_json_text(machine->disc)))
        return aq_fail(err, AQ_E_VALUE_INVALID,
                       "the path of a disc has to be absolute and UTF-8 for QEMU; it is %s", machine->disc);
    const struct aq_machine_kernel *kernel = machine->kernel;
    if (kernel != NULL && (kernel->path[0] != '/' || kernel->initrd[0] != '/'))
        return aq_fail(err, AQ_E_VALUE_INVALID,
                       "the paths of a kernel and its initrd have to be absolute; they are %s and %s",
                       kernel->path, kernel->initrd);
    for (unsigned i = 0; i < machine->disk_count; i++)
        if (check_disk(&machine->disks[i], err) < 0)
            return -1;
    if (machine->network && machine->mac == NULL)
        return aq_fail(err, AQ_E_VALUE_INVALID, "a network card needs a MAC address");
    return 0;
}
