/* SPDX-License-Identifier: MIT */
/*
 * A client of QEMU's monitor. (Source: QEMU's docs/interop/qmp-spec: a greeting, capability negotiation, then
 * one JSON object a line; events may come between a command and its answer.)
 *
 * What comes is capped in size and depth; anything that is not the protocol is QMP_FAILED and the connection
 * is of no further use. A deadline that passes during a command is TIMEOUT; the answer that comes late is
 * dropped.
 */
#ifndef AQ_QEMU_QMP_H
#define AQ_QEMU_QMP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "qemu/sockets.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/wait.h"

struct aq_qmp;

/* Takes over the connection (also on failure), reads the greeting and negotiates. NULL on failure. A peer
   that ends before it greets is VM_NOT_RUNNING. */
struct aq_qmp *aq_qmp_open(struct aq_qemu_connection *connection, aq_deadline deadline, struct aq_error *err);

/* aq_qemu_connect and aq_qmp_open in one. */
struct aq_qmp *aq_qmp_connect(int runtime_dir, aq_deadline deadline, struct aq_error *err);

/* For a QEMU that may not have been started yet: takes over the connection (also on failure) and writes the
   negotiation and all these commands, objects of "execute" and "arguments" in an array, without waiting for
   anything. aq_qmp_take_ahead has to follow before anything else. */
struct aq_qmp *aq_qmp_open_ahead(struct aq_qemu_connection *connection, const json_t *commands,
                                 struct aq_error *err);

/* Waits until QEMU has done the same commands, as aq_qmp_command. */
int aq_qmp_take_ahead(struct aq_qmp *qmp, const json_t *commands, aq_deadline deadline, struct aq_error *err);

void aq_qmp_close(struct aq_qmp *qmp); /* NULL is fine */

static inline void aq_cleanup_qmp(struct aq_qmp **qmp)
{
    aq_qmp_close(*qmp);
}
#define aq_autoqmp aq_cleanup(aq_cleanup_qmp)

/* The connection's descriptor, still the monitor's: for last words (util/guard.h), and to wait for events
   beside others. Some may have been read already: look before waiting. */
int aq_qmp_descriptor(const struct aq_qmp *qmp);

/* Executes a command. `arguments` may be NULL; its reference is consumed. `answer`, unless NULL, gets a new
   reference to what "return" holds. An error answer is QMP_FAILED naming the command, with QEMU's words. */
int aq_qmp_command(struct aq_qmp *qmp, const char *name, json_t *arguments, aq_deadline deadline,
                   json_t **answer, struct aq_error *err);

/* Sends a command and does not wait for its answer, which whoever reads next passes over: for what has to be
   read from elsewhere before QEMU can answer. That it took effect is to be seen otherwise. `arguments` as
   above. */
int aq_qmp_tell(struct aq_qmp *qmp, const char *name, json_t *arguments, aq_deadline deadline,
                struct aq_error *err);

/* Gives QEMU a copy of a descriptor under a name, for commands that take "fd:NAME". */
int aq_qmp_give_fd(struct aq_qmp *qmp, int fd, const char *name, aq_deadline deadline, struct aq_error *err);

/* The oldest event of that name, queued or still to come; "data" of it as a new reference unless `data` is
   NULL. 1 when it came, 0 at the deadline, -1 on error. */
int aq_qmp_wait_event(struct aq_qmp *qmp, const char *name, aq_deadline deadline, json_t **data,
                      struct aq_error *err);

/* Drops the events that are queued: before a command whose own event is to be awaited. */
void aq_qmp_forget_events(struct aq_qmp *qmp);

/* Runs a command that only starts a job (snapshot-save, snapshot-delete, block-commit, …) to its real end,
   which only query-jobs tells. "job-id" is added to the arguments (consumed). Block jobs want "auto-dismiss":
   false from the caller. A job that failed is QMP_FAILED with its error; one that outlives the deadline is
   cancelled where it can be, and TIMEOUT. A failed snapshot-load leaves the VM stopped: send `cont`. */
int aq_qmp_run_job(struct aq_qmp *qmp, const char *name, json_t *arguments, aq_deadline deadline,
                   struct aq_error *err);

/* The same in two steps, for a job whose beginning matters. free() *id, also after a failure. */
int aq_qmp_start_job(struct aq_qmp *qmp, const char *name, json_t *arguments, aq_deadline deadline, char **id,
                     struct aq_error *err);
int aq_qmp_finish_job(struct aq_qmp *qmp, const char *name, const char *id, aq_deadline deadline,
                      struct aq_error *err);

/* Is told how far a job is, a few times a second at most; `total` grows while the job finds more to do. */
typedef void aq_qmp_progress(void *data, uint64_t done, uint64_t total);
void aq_qmp_on_progress(struct aq_qmp *qmp, aq_qmp_progress *progress, void *data); /* NULL: nobody */

/* For qemu/qmp_job.c. */
void aq_qmp_tell_progress(struct aq_qmp *qmp, uint64_t done, uint64_t total);

/* What the ids of all our jobs begin with. */
#define AQ_QMP_JOB_PREFIX "address-qemu-"

/* Ends and forgets all jobs that were begun by us: what dead processes have left. The caller
   holds the VM, so that no other is at work. */
int aq_qmp_end_jobs(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err);

/* query-status: "running", "paused", "prelaunch", "shutdown", … free() it; NULL on failure. */
char *aq_qmp_status(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err);

/* Has the guest that port open: is there something in it that listens? 1 yes, 0 no, -1 error. Tells a guest
   without an agent at once. `which` is AQ_QEMU_AGENT or a helper. */
int aq_qmp_port_open(struct aq_qmp *qmp, enum aq_qemu_socket which, aq_deadline deadline,
                     struct aq_error *err);

#endif
