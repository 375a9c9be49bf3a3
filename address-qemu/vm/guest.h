/* SPDX-License-Identifier: MIT */
/* The way into a running VM: a channel that has answered, and what has to live as long as it does. */
#ifndef AQ_VM_GUEST_H
#define AQ_VM_GUEST_H

#include "guest/channel.h"
#include "qemu/sockets.h"
#include "vm/run.h"

/* AUTO takes our helper where it answers, else the QEMU guest agent. */
enum aq_method { AQ_METHOD_AUTO, AQ_METHOD_HELPER, AQ_METHOD_AGENT };

/* For the parameter `method` of a verb. */
#define AQ_METHOD_CHOICES "auto|helper|agent"
enum aq_method aq_method_of(const char *name);

/* One way that is being tried, or has been taken. */
struct aq_guest_way {
    struct aq_qemu_connection connection; /* its lock is our turn on the port */
    struct aq_channel *channel;           /* NULL: not tried, or given up */
    int run_folder;                       /* not owned; to ask QEMU whether the guest has the port open */
};

/* A guest. Must not move once it is open: channels point into it. Initialise with AQ_GUEST_CLOSED. */
struct aq_guest {
    struct aq_channel *channel; /* the way that was taken; one of the two below */
    struct aq_guest_way helper, agent;
    int run_folder;
};

#define AQ_GUEST_CLOSED                                                                                      \
    ((struct aq_guest){.run_folder = -1,                                                                     \
                       .helper = {.connection = AQ_QEMU_UNCONNECTED, .run_folder = -1},                      \
                       .agent = {.connection = AQ_QEMU_UNCONNECTED, .run_folder = -1}})

/* Opens guest->channel, or fails with AGENT_MISSING, AGENT_DEAD, GUEST_NOT_READY, VM_BUSY, VM_NOT_RUNNING. */
int aq_guest_open(const struct aq_vm *vm, enum aq_method method, aq_deadline deadline, struct aq_guest *guest,
                  struct aq_error *err);

/* The same for a VM of which it is known how it runs, published or not. */
int aq_guest_open_run(const struct aq_run *run, enum aq_method method, aq_deadline deadline,
                      struct aq_guest *guest, struct aq_error *err);

void aq_guest_close(struct aq_guest *guest);
#define aq_autoguest aq_cleanup(aq_guest_close)

/* Until when a verb that needs the guest should wait for it to answer: a guest that has just been started is
   given time to boot; one that has been up for long has had it, and its verdict is fast. */
aq_deadline aq_guest_patience(const struct aq_run *run);

/* Adds the last lines of the VM's serial console to the error, printable and indented: a guest that does not
   come up says there why. */
void aq_guest_add_console(const struct aq_vm *vm, struct aq_error *err);

#endif
