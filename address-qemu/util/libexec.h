/* SPDX-License-Identifier: MIT */
/* Where our own programs are that nobody types: rexx-guest, address-qemu-keeper, … */
#ifndef AQ_UTIL_LIBEXEC_H
#define AQ_UTIL_LIBEXEC_H

#include "util/error.h"

/* The path of a program of ours: beside this library (../libexec/address-qemu, as in the build tree and in
   any prefix), else where it was to be installed. `code` that names both places when it is in neither. free()
   it.
 */
char *aq_libexec_path(const char *program, enum aq_error_code code, struct aq_error *err);

#endif
