/* SPDX-License-Identifier: MIT */
/* What a saved state depends on in a machine's description, as one number. */
#include "qemu/machine.h"

/* FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/ (in the public domain). */
uint64_t aq_machine_hash(uint64_t sum, const char *text)
{
    do {
        sum ^= (unsigned char)*text;
        sum *= UINT64_C(0x100000001b3);
    } while (*text++ != '\0');
    return sum;
}

uint64_t aq_machine_shape(const struct aq_machine *machine)
{
    static const struct aq_disk_image image = {"/disk", "qcow2"};
    struct aq_disk disks[AQ_MACHINE_MAX_DISKS];
    struct aq_machine shape = *machine;
    const struct aq_machine_start start = {0};
    aq_autostrings struct aq_strings argv = {0};
    shape.name = "";
    shape.uuid = "00000000-0000-0000-0000-000000000000";
    shape.mac = "52:54:00:00:00:00";
    shape.hostname = NULL;
    shape.ram_file = NULL;
    shape.disc = NULL; /* a drive counts, what is in it does not */
    shape.kernel = NULL;
    shape.disks = disks;
    for (unsigned i = 0; i < machine->disk_count; i++) {
        disks[i] = machine->disks[i];
        disks[i].chain = &image;
        disks[i].chain_count = 1;
    }
    aq_machine_argv(&shape, &start, "", &argv);
    uint64_t sum = AQ_MACHINE_HASH;
    for (size_t i = 0; i < argv.count; i++)
        sum = aq_machine_hash(sum, argv.items[i]);
    return sum;
}
