/* SPDX-License-Identifier: MIT */
/*
 * A QEMU that never runs a guest: it takes in the state that another one streams (qemu/relay.h), its RAM
 * being a template's file, and then writes the state of the devices alone. It is our child and ends when we
 * do.
 */
#ifndef AQ_VM_TEMPLATE_MIRROR_H
#define AQ_VM_TEMPLATE_MIRROR_H

#include "qemu/qmp.h"
#include "util/process.h"
#include "vm/template.h"

/* Initialise with AQ_MIRROR_NONE; aq_mirror_end at the end. */
struct aq_mirror {
    struct aq_stage folder; /* below the runtime folder: its sockets, its log, its disk of holes */
    int log, console[2], cable[2];
    int input[2]; /* QEMU's end of what it takes the state from, and ours, which does not block */
    struct aq_process_id process;
    struct aq_qmp *qmp;
};
#define AQ_MIRROR_NONE                                                                                       \
    {                                                                                                        \
        .folder = AQ_STAGE_NONE, .log = -1, .console = {-1, -1}, .cable = {-1, -1}, .input = { -1, -1 }      \
    }

/* Starts it, with the devices of that VM and with the RAM file `ram` (absolute). What is written to
   mirror->input[1] from then on is what it takes in. What aq_qemu_launch fails with. */
int aq_mirror_start(const struct aq_vm *vm, const struct aq_template *template, const char *ram,
                    struct aq_mirror *mirror, struct aq_error *err);

/* The stream has come to its end: has it written into the stage's folder what it then is. QEMU_FAILED with
   its last words when it cannot take it. */
int aq_mirror_finish(struct aq_mirror *mirror, int folder, struct aq_error *err);

void aq_mirror_end(struct aq_mirror *mirror);
#define aq_automirror aq_cleanup(aq_mirror_end)

#endif
