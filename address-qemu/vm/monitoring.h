/* SPDX-License-Identifier: MIT */
/*
 * The asking side of the monitor, the keeper (util/keeper.h) that runs health checks. That monitoring is
 * wanted is noted in the store, so that it outlives a monitor that is killed; the monitor itself lives only
 * while there is a VM with a health check.
 */
#ifndef AQ_VM_MONITORING_H
#define AQ_VM_MONITORING_H

#include <stdbool.h>

#include "util/keeper.h"

#define AQ_MONITOR "monitor"                     /* the kind of keeper */
#define AQ_MONITOR_PROGRAM "address-qemu-keeper" /* which is this program of ours */

struct aq_monitoring {
    bool wanted;
    bool alive;
    struct aq_keeper_info keeper; /* when it is alive */
    unsigned checks;              /* VMs with an enabled health check */
};

int aq_monitoring_find(struct aq_monitoring *monitoring, struct aq_error *err);

/* Wants it from now on, or no more; both are fine when it is so already. Ending waits until no check is under
   way any more, and no restart. */
int aq_monitoring_start(struct aq_monitoring *monitoring, struct aq_error *err);
int aq_monitoring_stop(struct aq_monitoring *monitoring, struct aq_error *err);

/* After a health check was changed: where monitoring is wanted, somebody looks at it. */
int aq_monitoring_look(struct aq_error *err);

/* For the monitor itself: is there something to do? */
bool aq_monitoring_has_work(int keeper_folder);

#endif
