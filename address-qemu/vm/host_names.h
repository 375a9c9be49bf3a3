/* SPDX-License-Identifier: MIT */
/* What the host knows of names, for a companion that may read no file. */
#ifndef AQ_VM_HOST_NAMES_H
#define AQ_VM_HOST_NAMES_H

#include "util/memory.h"

/* The addresses of the host's nameservers (resolv.conf(5)), at most three; 127.0.0.1 where none is named. */
void aq_host_nameservers(struct aq_strings *addresses);

/* Lines "name address" of what /etc/hosts (hosts(5)) says of a name in lower case. */
void aq_host_known(const char *name, struct aq_strings *lines);

#endif
