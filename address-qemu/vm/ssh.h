/* SPDX-License-Identifier: MIT */
/*
 * SSH into a VM: the store's key, and the host keys that a guest may show.
 *
 * A guest is never asked through SSH who it is: its host keys are read through the helper or the agent, which
 * nobody else can reach, or said by the user, and pinned in the VM's folder (AQ_VM_KNOWN_HOSTS, under the
 * VM's id) before the first connection. A file there that holds none says when it was last looked for them.
 */
#ifndef AQ_VM_SSH_H
#define AQ_VM_SSH_H

#include "guest/channel.h"
#include "guest/ssh_link.h"
#include "vm/run.h"

#define AQ_SSH_USER "root" /* unless configured otherwise */

/* The path of the store's private key, made at its first need. NULL on failure. free() it. */
char *aq_store_ssh_key(struct aq_error *err);

/* Its public half, as a line of authorized_keys without its end. NULL on failure. free() it. */
char *aq_store_ssh_public(struct aq_error *err);

/* Is it known which host key the VM's server may show? So its SSH can be used without any other way in. */
bool aq_vm_ssh_is_known(const struct aq_vm *vm);

/* What leads to the VM's server. NO_NETWORK; aq_vm_ssh_target_free at the end, also after a failure. */
int aq_vm_ssh_target(const struct aq_vm *vm, const struct aq_run *run, struct aq_ssh_target *target,
                     struct aq_error *err);
void aq_vm_ssh_target_free(struct aq_ssh_target *target);

/* The pinned keys. */
int aq_vm_ssh_pins(const struct aq_vm *vm, struct aq_strings *pins, struct aq_error *err);
int aq_vm_ssh_pin(const struct aq_vm *vm, const struct aq_strings *pins, struct aq_error *err);

/* Pins the host keys that were made for a VM in the making, whose folder that is. */
int aq_vm_ssh_pin_made(int folder, const struct aq_vm *vm, const struct aq_strings *pins,
                       struct aq_error *err);

/* After a contact for which a fingerprint was enough: pins the key that was shown. */
int aq_vm_ssh_keep(const struct aq_vm *vm, const struct aq_ssh_target *target,
                   const struct aq_channel *channel, struct aq_error *err);

/* Pins whatever key the server shows now, because the user says so. Nothing else is said to the server. */
int aq_vm_ssh_trust(const struct aq_vm *vm, const struct aq_run *run, aq_deadline deadline,
                    struct aq_error *err);

/* Has the guest let the store's key in for the user, through the helper or the agent, if that is the key in
   use. GUEST_REFUSED. */
int aq_vm_ssh_let_in(const struct aq_vm *vm, struct aq_channel *channel, struct aq_error *err);

/* Reads the guest's host keys through the helper or the agent, waiting for the guest to have made them, pins
   them, and lets the store's key in for the user, if that is the key in use. SSH_HOST_KEY_UNKNOWN: it has
   none.
 */
int aq_vm_ssh_prepare(const struct aq_vm *vm, struct aq_channel *channel, aq_deadline deadline,
                      struct aq_error *err);

/* The same reading, in passing: whenever somebody is in the guest by the helper or the agent and no key is
   pinned yet, so that SSH can be used should those fail. Asks ever more seldom when there is none; whether it
   succeeds does not matter. Nothing in the guest is changed. */
void aq_vm_ssh_learn(const struct aq_vm *vm, const struct aq_run *run, struct aq_channel *channel);

#endif
