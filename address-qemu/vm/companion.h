/* SPDX-License-Identifier: MIT */
/*
 * A VM's companion (companion/companion.h) from our side: starting it, which is everything of a VM's start
 * that is not QEMU itself, and speaking to the one of a VM that runs.
 */
#ifndef AQ_VM_COMPANION_H
#define AQ_VM_COMPANION_H

#include "qemu/sockets.h"
#include "util/wait.h"
#include "vm/run.h"

/* QEMU's ends of what the companion has the other ends of. Close them when QEMU has inherited them: with the
   last of them the companion ends, so a start that fails needs no more clearing up than that. */
struct aq_companion_ends {
    int console;  /* for aq_launch's console_fd */
    int cable;    /* for its cable_fd; -1: the VM has no network */
    unsigned mtu; /* for aq_machine's */
};
#define AQ_COMPANION_NO_ENDS ((struct aq_companion_ends){-1, -1, 0})
void aq_companion_ends_close(struct aq_companion_ends *ends);

/* Reserves the VM's ports, opens its logs, and starts its companion, which then serves. Fills in what `run`
   says of the ports and the companion; the caller holds the VM's lock and has made the folder of its sockets.
   For every QEMU that a VM is started with, whether it boots or goes on from a state. PORT_IN_USE names the
   port, COMPANION_MISSING, COMPANION_FAILED. */
int aq_companion_start(const struct aq_vm *vm, int vm_folder, int run_folder, struct aq_run *run,
                       struct aq_companion_ends *ends, struct aq_error *err);

/* Waits until it has followed its QEMU, which is gone, and ends it if it does not. */
void aq_companion_settle(const struct aq_process_id *companion);

/* A conversation with a VM's companion. Initialise with AQ_QEMU_UNCONNECTED; aq_qemu_disconnect at its end.
   COMPANION_GONE when there is none any more. */
int aq_companion_connect(const struct aq_run *run, aq_deadline deadline,
                         struct aq_qemu_connection *connection, struct aq_error *err);

/* One command of companion/control.h, `passed` a descriptor that goes with it or -1. The rows of its answer,
   without the word "row", are added to `rows` (may be NULL). COMPANION_FAILED with its words, LIMIT_EXCEEDED
   when it has no room for more, COMPANION_GONE when it has ended. */
int aq_companion_call(int fd, int passed, struct aq_strings *rows, aq_deadline deadline, struct aq_error *err,
                      const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Its state as rows of a word and a value each; and what of its sandbox the host does not give: "full", or
   each layer that is missing with the reason. free() it. */
int aq_companion_state(int fd, struct aq_strings *rows, char **sandbox, aq_deadline deadline,
                       struct aq_error *err);

#endif
