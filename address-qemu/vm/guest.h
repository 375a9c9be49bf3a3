/* SPDX-License-Identifier: MIT */
/* The way into a running VM: a channel that has answered, and what has to live as long as it does. */
#ifndef AQ_VM_GUEST_H
#define AQ_VM_GUEST_H

#include "guest/channel.h"
#include "guest/serial_login.h"
#include "guest/ssh_link.h"
#include "qemu/sockets.h"
#include "vm/run.h"

/* AUTO takes our helper where it answers, else the QEMU guest agent, else SSH where the guest's host key is
   known, else the console where somebody has said who logs in there. PORTS is what needs no network: the
   first two. SSH that is asked for is prepared through those, if need be. */
enum aq_method {
    AQ_METHOD_AUTO,
    AQ_METHOD_PORTS,
    AQ_METHOD_HELPER,
    AQ_METHOD_AGENT,
    AQ_METHOD_SSH,
    AQ_METHOD_SERIAL
};

/* For the parameter `method` of a verb, and the field METHOD. */
#define AQ_METHOD_CHOICES "auto|helper|agent|guest-agent|ssh|serial"
#define AQ_METHOD_MEANING                                                                                    \
    "how to get in: our helper, the QEMU guest agent (by either of its names), SSH, the serial console as "  \
    "a "                                                                                                     \
    "last resort, or (`auto`) the first of these that answers; the console only after `configure_serial`"
enum aq_method aq_method_of(const char *name);

/* One way that is being tried, or has been taken. */
struct aq_guest_way {
    struct aq_qemu_connection connection; /* its lock is our turn on the port */
    struct aq_channel *channel;           /* NULL: not tried, or given up */
    int run_folder;                       /* not owned; to ask QEMU whether the guest has the port open */
};

#define AQ_GUEST_REASON 1024

/* A guest. Must not move once it is open: channels point into it. Initialise with AQ_GUEST_CLOSED. */
struct aq_guest {
    struct aq_channel *channel; /* the way that was taken; one of those below */
    struct aq_guest_way helper, agent;
    struct aq_guest_way serial; /* the console */
    struct aq_serial_login login;
    struct aq_channel *ssh;
    struct aq_ssh_target target; /* of that */
    int run_folder;
    char reason[AQ_GUEST_REASON]; /* why AUTO has come down to SSH or the console; "" when it has not */
};

#define AQ_GUEST_CLOSED                                                                                      \
    ((struct aq_guest){.run_folder = -1,                                                                     \
                       .helper = {.connection = AQ_QEMU_UNCONNECTED, .run_folder = -1},                      \
                       .agent = {.connection = AQ_QEMU_UNCONNECTED, .run_folder = -1},                       \
                       .serial = {.connection = AQ_QEMU_UNCONNECTED, .run_folder = -1}})

/* Opens guest->channel, or fails with AGENT_MISSING, AGENT_DEAD, GUEST_NOT_READY, VM_BUSY, VM_NOT_RUNNING;
   through SSH also with NO_NETWORK and what aq_ssh_link_step says (guest/ssh_link.h). */
int aq_guest_open(const struct aq_vm *vm, enum aq_method method, aq_deadline deadline, struct aq_guest *guest,
                  struct aq_error *err);

/* The same for a VM of which it is known how it runs, published or not, through its ports alone. */
int aq_guest_open_run(const struct aq_run *run, enum aq_method method, aq_deadline deadline,
                      struct aq_guest *guest, struct aq_error *err);

void aq_guest_close(struct aq_guest *guest);
#define aq_autoguest aq_cleanup(aq_guest_close)

/* Does something in the guest listen at its ports? False when it is known that nothing does. */
bool aq_guest_listens(const struct aq_run *run);

/* Is the VM so young that its guest may still be about to come up? */
bool aq_guest_is_booting(const struct aq_run *run);

/* Until when a verb that needs the guest should wait for it to answer: a guest that has just been started is
   given time to boot; one that has been up for long has had it, and its verdict is fast. */
aq_deadline aq_guest_patience(const struct aq_run *run);

/* Adds the last lines of the VM's serial console to the error, printable and indented: a guest that does not
   come up says there why. */
void aq_guest_add_console(const struct aq_vm *vm, struct aq_error *err);

#endif
