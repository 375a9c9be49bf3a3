/* SPDX-License-Identifier: MIT */
/* `address-qemu-keeper KIND`: the program of the keepers. It is started by whoever has work for one, and not
   by hand. */
#include <stdio.h>
#include <string.h>

#include "keeper/monitor.h"
#include "vm/monitoring.h"

int main(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], AQ_MONITOR) == 0)
        return aq_monitor(argv + 2);
    fprintf(stderr, "usage: %s " AQ_MONITOR "\nIt is started by the verbs that have work for it.\n", argv[0]);
    return 2;
}
