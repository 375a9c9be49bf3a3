/* SPDX-License-Identifier: MIT */
/*
 * Jobs. The command that starts one succeeds even for a tag that does not exist; what became of it stands in
 * query-jobs until the job is dismissed.
 */
#include <stdlib.h>
#include <string.h>

#include "qemu/qmp.h"
#include "util/json.h"
#include "util/memory.h"

/* Unlike any before it: a job that was abandoned may still be listed. By the process and the moment. */
#define JOB_ID AQ_QMP_JOB_PREFIX "%ld-%lld"

/* After a cancellation, and for dismissing. */
#define PATIENCE_MS 5000

/* The job's entry of query-jobs as a new reference; NULL with QMP_FAILED when it is not there. */
static json_t *query_job(struct aq_qmp *qmp, const char *id, aq_deadline deadline, struct aq_error *err)
{
    aq_autojson json_t *jobs = NULL;
    if (aq_qmp_command(qmp, "query-jobs", NULL, deadline, &jobs, err) < 0)
        return NULL;
    size_t i;
    json_t *job;
    json_array_foreach(jobs, i, job)
    {
        if (strcmp(aq_json_text(job, "id", ""), id) == 0)
            return json_incref(job);
    }
    aq_fail(err, AQ_E_QMP_FAILED, "QEMU lost the job %s", id);
    return NULL;
}

/* Waits for the job's next status, on the event or, should one be lost, for a moment. */
static int wait_change(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err)
{
    aq_deadline moment = aq_after_ms(250);
    return aq_qmp_wait_event(qmp, "JOB_STATUS_CHANGE", moment < deadline ? moment : deadline, NULL, err);
}

/* Follows the job to "concluded": its entry as a new reference. NULL with TIMEOUT or another failure. */
static json_t *follow_job(struct aq_qmp *qmp, const char *id, aq_deadline deadline, struct aq_error *err)
{
    for (;;) {
        aq_autojson json_t *job = query_job(qmp, id, deadline, err);
        if (job == NULL)
            return NULL;
        const char *status = aq_json_text(job, "status", "");
        if (strcmp(status, "concluded") == 0)
            return aq_steal_ptr(&job);
        if (strcmp(status, "ready") == 0 && /* a commit of the active image waits to be told */
            aq_qmp_command(qmp, "job-complete", json_pack("{s:s}", "id", id), deadline, NULL, err) < 0)
            return NULL;
        aq_qmp_tell_progress(qmp, (uint64_t)aq_json_int(job, "current-progress", 0),
                             (uint64_t)aq_json_int(job, "total-progress", 0));
        if (aq_ms_left(deadline) == 0) {
            aq_fail(err, AQ_E_TIMEOUT, "the job was %s when the time was over", status);
            return NULL;
        }
        if (wait_change(qmp, deadline, err) < 0)
            return NULL;
    }
}

static void dismiss(struct aq_qmp *qmp, const char *id)
{
    struct aq_error ignored = {0};
    aq_qmp_command(qmp, "job-dismiss", json_pack("{s:s}", "id", id), aq_after_ms(PATIENCE_MS), NULL,
                   &ignored);
}

/* Gives up a job, for what took too long, was interrupted, or was left behind. One that cannot be cancelled
   goes on; its entry stays until QEMU ends. */
static void abandon(struct aq_qmp *qmp, const char *id)
{
    struct aq_error ignored = {0};
    aq_deadline deadline = aq_after_ms(PATIENCE_MS);
    aq_interrupt_hold();
    aq_qmp_command(qmp, "job-cancel", json_pack("{s:s}", "id", id), deadline, NULL, &ignored);
    aq_autojson json_t *job = follow_job(qmp, id, deadline, &ignored);
    if (job != NULL)
        dismiss(qmp, id);
    aq_interrupt_release();
}

int aq_qmp_end_jobs(struct aq_qmp *qmp, aq_deadline deadline, struct aq_error *err)
{
    aq_autojson json_t *jobs = NULL;
    if (aq_qmp_command(qmp, "query-jobs", NULL, deadline, &jobs, err) < 0)
        return -1;
    size_t i;
    json_t *job;
    json_array_foreach(jobs, i, job)
    {
        const char *id = aq_json_text(job, "id", "");
        if (strncmp(id, AQ_QMP_JOB_PREFIX, strlen(AQ_QMP_JOB_PREFIX)) == 0)
            abandon(qmp, id);
    }
    return 0;
}

int aq_qmp_start_job(struct aq_qmp *qmp, const char *name, json_t *arguments, aq_deadline deadline, char **id,
                     struct aq_error *err)
{
    *id = aq_format(JOB_ID, (long)getpid(), (long long)aq_now());
    json_object_set_new(arguments, "job-id", json_string(*id));
    return aq_qmp_command(qmp, name, arguments, deadline, NULL, err);
}

int aq_qmp_finish_job(struct aq_qmp *qmp, const char *name, const char *id, aq_deadline deadline,
                      struct aq_error *err)
{
    aq_autojson json_t *job = follow_job(qmp, id, deadline, err);
    if (job == NULL) {
        abandon(qmp, id);
        return aq_error_context(err, "%s", name);
    }
    dismiss(qmp, id);
    const char *error = aq_json_text(job, "error", NULL);
    if (error != NULL)
        return aq_fail(err, AQ_E_QMP_FAILED, "QEMU's %s failed: %s", name, error);
    return 0;
}

int aq_qmp_run_job(struct aq_qmp *qmp, const char *name, json_t *arguments, aq_deadline deadline,
                   struct aq_error *err)
{
    aq_autofree char *id = NULL;
    if (aq_qmp_start_job(qmp, name, arguments, deadline, &id, err) < 0)
        return -1;
    return aq_qmp_finish_job(qmp, name, id, deadline, err);
}
