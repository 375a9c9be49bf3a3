/* SPDX-License-Identifier: MIT */
/*
 * A throw-away VM for one command: booted on the disk that becomes the layer, spoken to through our helper or
 * the guest agent, shut down as a guest should be. It ends with this process.
 */
#ifndef AQ_MODIFY_GUEST_VM_H
#define AQ_MODIFY_GUEST_VM_H

#include "guest/channel.h"
#include "qemu/launch.h"
#include "util/stage.h"

struct aq_guest_vm_request {
    const char *name;
    const struct aq_disk *disks;
    unsigned disk_count;
    unsigned memory_mib;
    unsigned cpus;
    bool network;
};

struct aq_guest_vm {
    struct aq_stage folder; /* its sockets, its logs */
    int log;
    struct aq_process_id process, companion; /* pid 0: none */
    struct aq_qmp *qmp;
    struct aq_qemu_connection connections[2];
    struct aq_channel *channels[2];
    struct aq_channel *channel; /* the one that answered */
};

#define AQ_GUEST_VM_NONE                                                                                     \
    {                                                                                                        \
        .folder = AQ_STAGE_NONE, .log = -1, .connections = { AQ_QEMU_UNCONNECTED, AQ_QEMU_UNCONNECTED }      \
    }

/* Boots it and waits until it answers: QEMU_FAILED, GUEST_NOT_READY with the console's end, … */
int aq_guest_vm_start(const struct aq_guest_vm_request *request, struct aq_guest_vm *vm,
                      struct aq_error *err);

/* Has the guest shut down, and waits for it. TIMEOUT when it does not. */
int aq_guest_vm_shut_down(struct aq_guest_vm *vm, struct aq_error *err);

/* Ends it at once if it still runs. */
void aq_guest_vm_end(struct aq_guest_vm *vm);
#define aq_autoguestvm aq_cleanup(aq_guest_vm_end)

#endif
