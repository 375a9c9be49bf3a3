/* SPDX-License-Identifier: MIT */
/*
 * Health checks of a VM, in its folder of the store:
 *   health.yaml   what was configured
 *   health.json   what the checks said, written by whoever runs them: the monitor (keeper/monitor.h)
 * Both go with the VM, and neither is copied to its clones.
 */
#ifndef AQ_VM_HEALTH_H
#define AQ_VM_HEALTH_H

#include <jansson.h>
#include <stdbool.h>

#include "util/process.h"
#include "vm/vm.h"

/* What is done when as many checks in a row have failed as `retries` says. */
enum aq_health_action { AQ_HEALTH_NONE, AQ_HEALTH_RESTART, AQ_HEALTH_STOP };
#define AQ_HEALTH_ACTION_CHOICES "none|restart|stop"
const char *aq_health_action_name(enum aq_health_action action);
enum aq_health_action aq_health_action_of(const char *name);

/* A check. Strings are owned and never NULL once it is read; zero-initialise, aq_health_check_free at the
   end. Times are in milliseconds. */
struct aq_health_check {
    bool enabled;
    char *command; /* for the guest's /bin/sh; "": it is enough that the guest answers */
    char *method;  /* how to get in, as the verbs have it */
    int64_t interval;
    int64_t timeout;
    int64_t stop_timeout;  /* how long a guest that is to be stopped or restarted has to power off */
    int64_t start_period;  /* of the VM's run: until then a failure does not count */
    unsigned retries;      /* ≥ 1 */
    unsigned max_restarts; /* without a good check in between; 0: as many as it takes */
    enum aq_health_action action;
};

void aq_health_check_free(struct aq_health_check *check);
#define aq_autohealthcheck aq_cleanup(aq_health_check_free)

/* Reads it from the VM's open folder: 1 there is one, 0 there is none, -1 RECORD_INVALID or IO. Where it does
   not give 1 the check is what a new one begins as, not enabled. */
int aq_health_check_read(int folder, const char *vm, struct aq_health_check *check, struct aq_error *err);
int aq_health_check_write(int folder, const struct aq_health_check *check, struct aq_error *err);

/* How a VM that runs is. */
enum aq_health { AQ_HEALTH_STARTING, AQ_HEALTH_HEALTHY, AQ_HEALTH_FAILING, AQ_HEALTH_UNHEALTHY };
const char *aq_health_name(enum aq_health health);

/* What is remembered from check to check. */
struct aq_health_state {
    enum aq_health health;
    unsigned failures;        /* in a row, in this run of the VM */
    unsigned restarts;        /* by us, since the last good check */
    struct aq_process_id run; /* the QEMU that it was about */
};

/* What one check has found. */
struct aq_health_finding {
    bool passed;
    int exit_code;      /* of the command; -1: it did not come to one */
    int64_t duration;   /* ms */
    const char *output; /* what it wrote, or why it could not be run; any bytes */
    size_t output_length;
};

/* Takes a finding about the run `run`, that has lasted `uptime` ms, into account; which action is due. */
enum aq_health_action aq_health_judge(const struct aq_health_check *check, const struct aq_process_id *run,
                                      int64_t uptime, bool passed, struct aq_health_state *state);

/* The state as it is on disk: an object with the members status, failures, restarts, checked, passed,
   exit_code, duration, output, action, acted, outcome (of the latest action) and history (the latest checks,
   oldest first: checked, passed, exit_code, duration, output). An empty one where there is none. */
json_t *aq_health_load(int folder);
void aq_health_from_json(const json_t *record, struct aq_health_state *state);

/* Notes state and finding, at this moment, in that object; and an action and what came of it. */
void aq_health_note(json_t *record, const struct aq_health_state *state,
                    const struct aq_health_finding *finding);
void aq_health_note_restarts(json_t *record, unsigned restarts);
void aq_health_note_action(json_t *record, enum aq_health_action action, const char *outcome);
int aq_health_store(int folder, const json_t *record, struct aq_error *err);

#endif
