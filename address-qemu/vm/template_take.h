/* SPDX-License-Identifier: MIT */
/* The steps of making a template, for those that make one. */
#ifndef AQ_VM_TEMPLATE_TAKE_H
#define AQ_VM_TEMPLATE_TAKE_H

#include "qemu/qmp.h"
#include "vm/template.h"

/* TEMPLATE_EXISTS if there is one of that name, unless `replace`; then TEMPLATE_IN_USE if something stands on
   it. */
int aq_template_check_name(const char *name, bool replace, struct aq_error *err);

/* Notes what the state depends on: QEMU, board, CPU, accelerator and the devices of that VM. */
int aq_template_note_machine(const struct aq_vm *vm, enum aq_accel accel, struct aq_template *template,
                             struct aq_error *err);

/* Makes the RAM's file in a stage, as large as it is to be and empty. Returns its absolute path to free(). */
char *aq_template_make_ram(int folder, unsigned memory_mib, struct aq_error *err);

/* Has QEMU write the state of its devices into the stage; its RAM has to be the stage's file. It stands still
   afterwards. */
int aq_template_save_state(struct aq_qmp *qmp, int folder, struct aq_error *err);

/* Seals RAM and state, writes the record and publishes the template. Its disk is the layer template->parent,
   which the caller holds. */
int aq_template_publish(struct aq_stage *stage, bool replace, struct aq_template *template,
                        struct aq_error *err);

/* The same of a VM that was started in the stage and has ended: its disk is made that layer, on
   template->parent, which the caller holds, and replaces it. */
int aq_template_publish_all(struct aq_stage *stage, bool replace, struct aq_template *template,
                            struct aq_error *err);

#endif
