/* SPDX-License-Identifier: MIT */
#include "guest/ssh_library.h"

AQ_LIBRARY_DEFINE(aq_ssh, AQ_SSH_FUNCTIONS, "libssh-4", "libssh.so.4");
