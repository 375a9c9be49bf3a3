/* SPDX-License-Identifier: MIT */
/*
 * The companion: one small process beside each VM's QEMU. It keeps the VM's console and, where the VM has a
 * network, it is the VM's gateway. It is started before QEMU, told what it serves (control.h), goes into its
 * sandbox, and lives until QEMU's ends of its descriptors close; a VM whose companion is gone runs on without
 * network and console.
 */
#ifndef AQ_COMPANION_COMPANION_H
#define AQ_COMPANION_COMPANION_H

#include "companion/console.h"
#include "companion/control.h"
#include "companion/sandbox.h"
#include "gateway/gateway.h"

#define AQ_DROP_LOG_LIMIT (256 * 1024)

struct aq_companion {
    struct aq_control control;
    struct aq_console console;
    struct aq_gateway *gateway; /* NULL: the VM has no network */
    struct aq_bounded drop_log;
    struct aq_sandbox_report sandbox;
    /* Who waits for the guest's word on a port. */
    struct {
        int client; /* -1: nobody */
        uint16_t port;
        int64_t ask_at_ms, until_ms;
    } asking[AQ_CONTROL_CLIENTS];
    bool serving; /* in its sandbox */
    int64_t now_ms;
};

/* Carries out one command of control.h; `passed` is the descriptor that came with it, or -1, and is closed
   unless the command keeps it. Answers by aq_control_reply. */
void aq_companion_command(struct aq_companion *companion, int client, const char *text, int passed);

/* The guest's word on a port; or, when the time is up, that it gave none. A client that has gone is
 * forgotten. */
void aq_companion_port_answered(struct aq_companion *companion, uint16_t port, bool open);
void aq_companion_asking_tick(struct aq_companion *companion, struct aq_polls *polls);
void aq_companion_forget_client(struct aq_companion *companion, int client);

#endif
