/* SPDX-License-Identifier: MIT */
/* `address-qemu-keeper KIND`: the program of the keepers. It is started by whoever has work for one, and not
   by hand. */
#include <stdio.h>
#include <string.h>

#include "keeper/monitor.h"
#include "keeper/pool.h"
#include "vm/monitoring.h"
#include "vm/pool.h"

static const struct {
    const char *kind;
    int (*keep)(char **arguments);
} kinds[] = {
    {AQ_MONITOR, aq_monitor},
    {AQ_POOL_KEEPER, aq_pool_keep},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc >= 2 && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(argv[1], kinds[i].kind) == 0)
            return kinds[i].keep(argv + 2);
    fprintf(stderr, "usage: %s KIND\nIt is started by the verbs that have work for it.\n", argv[0]);
    return 2;
}
