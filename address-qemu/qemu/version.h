/* SPDX-License-Identifier: MIT */
/*
 * Which QEMU this is, and on which CPU: what a saved state depends on beside the machine's own description.
 * A state goes into no other version, whatever QEMU itself may promise.
 */
#ifndef AQ_QEMU_VERSION_H
#define AQ_QEMU_VERSION_H

#include "qemu/accel.h"
#include "util/error.h"

struct aq_qemu_version {
    char version[96]; /* "7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)" */
    char machine[64]; /* what "q35" stands for: "pc-q35-7.2" */
};

/* Asks the program, and remembers the answer in the file "qemu" of `runtime_dir` (an open folder of ours) for
   as long as the program's file is the same. TOOL_MISSING, TOOL_FAILED. */
int aq_qemu_version(int runtime_dir, struct aq_qemu_version *version, struct aq_error *err);

/* The CPU that a guest gets: the model's name, for the host's own with what tells it from another host's.
   Returns `text`. */
#define AQ_CPU_TEXT 256
const char *aq_qemu_cpu_text(enum aq_accel accel, char text[AQ_CPU_TEXT]);

#endif
