/* SPDX-License-Identifier: MIT */
/* Who logs in at a VM's serial console. */
#ifndef AQ_VM_SERIAL_H
#define AQ_VM_SERIAL_H

#include "guest/serial_login.h"
#include "util/error.h"
#include "vm/vm.h"

/* Reads the password's file as it is now. FILE_NOT_FOUND, VALUE_INVALID: it is open to others, or its first
   line is no password. aq_vm_serial_login_free at the end, also after a failure. */
int aq_vm_serial_login(const struct aq_vm *vm, struct aq_serial_login *login, struct aq_error *err);
void aq_vm_serial_login_free(struct aq_serial_login *login);

/* The first line of such a file; overwrite it before free(). NULL on failure. */
char *aq_serial_password(const char *path, struct aq_error *err);

#endif
