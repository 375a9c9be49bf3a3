/* SPDX-License-Identifier: MIT */
#include "vm/machine.h"

#include <string.h>

#include "gateway/net.h"
#include "vm/network.h"

struct aq_machine aq_vm_machine(const struct aq_vm *vm, enum aq_accel accel, const char *machine_type,
                                const struct aq_disk *disk)
{
    return (struct aq_machine){
        .name = vm->name,
        .uuid = vm->id,
        .memory_mib = vm->memory,
        .cpus = vm->cpus,
        .accel = accel,
        .machine_type = machine_type,
        .disks = disk,
        .disk_count = 1,
        .network = strcmp(vm->network, "none") != 0,
        .mtu = aq_network_has_gateway(vm) ? AQ_NET_MTU : 0,
        .mac = vm->mac,
        .hostname = vm->name,
        .drive = vm->iso != NULL,
        .disc = vm->iso != NULL && vm->iso[0] != '\0' ? vm->iso : NULL,
    };
}

uint64_t aq_vm_shape(const struct aq_vm *vm, enum aq_accel accel, const char *machine_type)
{
    const struct aq_disk disk = {.serial = AQ_DISK_SERIAL};
    const struct aq_machine machine = aq_vm_machine(vm, accel, machine_type, &disk);
    return aq_machine_shape(&machine);
}
