/* SPDX-License-Identifier: MIT */
/* Starting QEMU, and ending it. */
#ifndef AQ_QEMU_LAUNCH_H
#define AQ_QEMU_LAUNCH_H

#include "qemu/machine.h"
#include "qemu/qmp.h"
#include "util/process.h"

#define AQ_QEMU_PROGRAM "qemu-system-x86_64"
#define AQ_QEMU_PACKAGE "qemu-system-x86"

/* What is to be started and with what. Zero-initialise. */
struct aq_launch {
    const struct aq_machine *machine;
    int runtime_dir; /* the VM's own runtime folder; the sockets are made in it */
    int log_fd;      /* QEMU's own words; opened for reading and appending */
    int console_fd;  /* QEMU's end of the guest's serial console, a stream socket */
    int cable_fd;    /* QEMU's end of the network card's cable, a SOCK_SEQPACKET one; unused without a card */
    bool paused;     /* leave it in "prelaunch" until `cont` */
    bool tied;       /* it is our child, and ends when this process does: for throw-away VMs. Reap it */
    const char *incoming; /* -incoming, such as "defer"; NULL: an ordinary boot */
    int state_fd;         /* >0: inherited too, for a state to go on with: "fd:N" in migrate-incoming */
    int disk_folder_fd;   /* >0: inherited too, for a disk that is named by it: "/proc/self/fd/N/…" */
    const json_t *ahead;  /* commands for its monitor, sent before it is there (aq_qmp_open_ahead); or NULL */
    /* Called when QEMU has been started and before it is waited for; may be NULL. -1 gives the start up. */
    int (*meanwhile)(void *data, struct aq_error *err);
    void *data;
    aq_deadline deadline; /* until QEMU answers; 0: AQ_FOREVER */
};

/* Starts QEMU detached from us and returns when it runs (or waits as asked). `qmp`, unless NULL, gets the
   connection that was made. The caller holds the VM's lock. QEMU_FAILED carries QEMU's last words and its
   command line; TOOL_MISSING names the package; TIMEOUT, INTERRUPTED. After a failure neither a process nor a
   socket of QEMU's is left. */
int aq_qemu_launch(const struct aq_launch *launch, struct aq_process_id *id, struct aq_qmp **qmp,
                   struct aq_error *err);

/* Asks the guest to power off, as its power button would. Returns when QEMU has passed it on. */
int aq_qemu_powerdown(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err);

/* Ends exactly that QEMU and waits until it is gone: QMP's quit if it answers within a few seconds (disks are
   flushed), then SIGTERM, then SIGKILL. Removes the sockets. Fine if it is gone already. */
int aq_qemu_end(int runtime_dir, const struct aq_process_id *id, struct aq_error *err);

/* The same at once, by SIGKILL: for a QEMU that must not go on. Not interruptible, and it does not fail. */
void aq_qemu_kill(int runtime_dir, const struct aq_process_id *id);

#endif
