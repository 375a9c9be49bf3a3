/* SPDX-License-Identifier: MIT */
/*
 * Templates: a guest that was booted and frozen once. `templates/NAME/{template.yaml,ram,state}`: the file
 * that its RAM is, the state of its devices; its disk is a layer (image/layer.h). A clone maps the RAM
 * copy-on-write and goes on from the state, so it is ready in the time that QEMU takes to start.
 *
 * All three are made in a stage, sealed (pinned and made read-only, as far as QEMU can bear it) and published
 * by a rename. A state goes into nothing but what it was taken from: the same QEMU, board, CPU, accelerator
 * and devices, all of which the record names and each clone compares.
 */
#ifndef AQ_VM_TEMPLATE_H
#define AQ_VM_TEMPLATE_H

#include "qemu/accel.h"
#include "vm/vm.h"

#define AQ_TEMPLATE_RECORD "template.yaml"
#define AQ_TEMPLATE_RAM "ram"
#define AQ_TEMPLATE_STATE "state"

/* The record. Strings are owned and never NULL once loaded; zero-initialise, aq_template_free at the end. */
struct aq_template {
    char *name;
    char id[AQ_UUID_TEXT];
    char *base;       /* the base that its disk stems from, for humans and for choosing it; "" for none */
    char *vm;         /* the VM that it was taken from; "" when it was booted to be one */
    char *warm;       /* the command that was run in it; "" */
    bool provisioned; /* scripts of a user's have run in it: it may hold secrets */
    struct aq_parent parent; /* its disk, a layer */
    uint64_t disk_size;      /* virtual, bytes */
    unsigned memory;         /* MiB */
    unsigned cpus;
    char *network;
    char *egress; /* what its clones may reach unless they are told otherwise */
    char mac[18];
    struct aq_pin ram, state; /* their seals */
    char *qemu;               /* version */
    char *machine;            /* the board: "pc-q35-7.2" */
    char *cpu;                /* aq_qemu_cpu_text */
    char *shape;              /* of its devices: aq_machine_shape in hexadecimal */
    enum aq_accel accel;
    bool closed;            /* nothing in it ran any more when it was taken, so nothing runs in a clone before
                               it is repaired */
    char *window;           /* why it is not closed; "" */
    bool settled;           /* its boot was over and it was idle */
    struct aq_strings keys; /* the paths of its SSH servers' host keys */
    char *created;
};

void aq_template_free(struct aq_template *template);
#define aq_autotemplate aq_cleanup(aq_template_free)

/* Opens the folder of the templates. Returns a descriptor to close. */
int aq_templates_open(struct aq_error *err);

/* Reads a record: TEMPLATE_NOT_FOUND (with the nearest name there is), RECORD_INVALID, IO. */
int aq_template_load(const char *name, struct aq_template *template, struct aq_error *err);

/* The same below the open folder; -2 without an error when it is not there. */
int aq_template_load_at(int templates, const char *name, struct aq_template *template, struct aq_error *err);

/* Writes the record into the folder of a template in the making. Durable. */
int aq_template_write(int folder, const struct aq_template *template, struct aq_error *err);

/* The names of all templates, sorted. What dead processes left of ones in the making is cleared away. */
int aq_template_list(struct aq_strings *names, struct aq_error *err);

/* Holds a template: shared while a clone is made of it, exclusive to remove it. Returns its folder's
   descriptor, whose closing lets go. TEMPLATE_NOT_FOUND; TEMPLATE_IN_USE when it cannot be had within a
   minute.
 */
int aq_template_lock(const char *name, enum aq_lock kind, struct aq_error *err);

/* Can it be cloned here and now, by a VM that wants that accelerator ("auto", "kvm", "tcg")? TEMPLATE_STALE
   names what is another than when it was taken, TEMPLATE_CHANGED a file that is not what was sealed; and what
   aq_chain_add fails with. */
int aq_template_check(const struct aq_template *template, const char *accel, struct aq_error *err);

/* The names of the VMs that are its clones, sorted. */
int aq_template_clones(const struct aq_template *template, struct aq_strings *names, struct aq_error *err);

/* Refuses with TEMPLATE_IN_USE when something stands on it. */
int aq_template_check_unused(const char *name, struct aq_error *err);

/* Puts a template that was made in the stage in the place of the one of its name, in one step, and removes
   that with its disk: 1; 0 there is none; -1 TEMPLATE_IN_USE, RECORD_INVALID. */
int aq_template_exchange(struct aq_stage *stage, const struct aq_template *template, struct aq_error *err);

/* Removes it with its disk. TEMPLATE_NOT_FOUND, TEMPLATE_IN_USE naming what stands on it. One whose record is
   damaged is removed too. */
int aq_template_remove(const char *name, struct aq_error *err);

#endif
