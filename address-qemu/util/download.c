/* SPDX-License-Identifier: MIT */
#include "util/download.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/download_part.h"
#include "util/files.h"
#include "util/memory.h"
#include "util/size.h"
#include "util/transfer.h"
#include "util/url.h"
#include "util/wait.h"

#define DEFAULT_MAX (UINT64_C(1) << 40)
#define DEFAULT_QUIET_MS 60000
#define TRIES 5 /* in a row, without anything coming */
#define FIRST_PAUSE_MS 500
#define TELL_MS 200

/* A download under way. */
struct job {
    const struct aq_download *download;
    struct aq_part *part;
    uint64_t total;
    aq_deadline next_tell;
};

static uint64_t max_of(const struct aq_download *download)
{
    return download->max > 0 ? download->max : DEFAULT_MAX;
}

static int fail_size(const struct job *job, struct aq_error *err)
{
    char text[AQ_SIZE_TEXT];
    return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "it is larger than %s",
                   aq_size_text(max_of(job->download), text));
}

static void tell(struct job *job, bool now)
{
    const struct aq_download_progress *progress = job->download->progress;
    if (progress == NULL || (!now && aq_ms_left(job->next_tell) > 0))
        return;
    job->next_tell = aq_after_ms(TELL_MS);
    aq_autofree char *url = aq_url_text(job->download->url);
    progress->tell(progress->data, url, job->part->length, job->total);
}

static int begin(void *data, const struct aq_transfer_start *start, struct aq_error *err)
{
    struct job *job = data;
    job->total = start->total;
    if (start->total > max_of(job->download))
        return fail_size(job, err);
    return start->resumed ? 0 : aq_part_restart(job->part, job->download->url, start->validator, err);
}

static int take(void *data, const char *bytes, size_t length, struct aq_error *err)
{
    struct job *job = data;
    if (aq_must_end()) /* a file: URL comes without a wait */
        return aq_fail(err, AQ_E_INTERRUPTED, "interrupted");
    if (job->part->length + length > max_of(job->download))
        return fail_size(job, err);
    if (aq_part_add(job->part, bytes, length, err) < 0)
        return -1;
    tell(job, false);
    return 0;
}

/* Without a checksum to tell whether the parts fit, only what the server vouches for is gone on from. */
static uint64_t resume_from(const struct job *job)
{
    bool known = job->download->sha256 != NULL || job->part->validator[0] != '\0';
    return known && strncasecmp(job->download->url, "file:", 5) != 0 ? job->part->length : 0;
}

static enum aq_transfer_result try_once(struct job *job, uint64_t from, struct aq_error *err)
{
    const struct aq_transfer transfer = {
        .url = job->download->url,
        .allow_file = job->download->allow_file,
        .from = from,
        .validator = job->part->validator,
        .quiet_ms = job->download->timeout_ms > 0 ? job->download->timeout_ms : DEFAULT_QUIET_MS,
        .begin = begin,
        .take = take,
        .data = job,
    };
    return aq_transfer(&transfer, err);
}

/* Gets all of it into the part, over as many broken connections as it takes while it gets on. */
static int fetch(struct job *job, struct aq_error *err)
{
    bool may_resume = true;
    uint64_t furthest = job->part->length;
    int64_t first = job->download->pause_ms > 0 ? job->download->pause_ms : FIRST_PAUSE_MS;
    int64_t pause = first;
    for (int tries = 1;; tries++) {
        struct aq_error reason = {0};
        uint64_t from = may_resume ? resume_from(job) : 0;
        enum aq_transfer_result result = try_once(job, from, &reason);
        if (result == AQ_TRANSFER_DONE)
            return 0;
        bool again = result == AQ_TRANSFER_BROKEN && tries < TRIES;
        if (!again && !(result == AQ_TRANSFER_NO_RANGE && from > 0))
            return aq_fail(err, reason.code, "%s", reason.text);
        if (result == AQ_TRANSFER_NO_RANGE) {
            may_resume = false;
            continue;
        }
        if (job->part->length > furthest) { /* it gets on: patience begins anew */
            furthest = job->part->length;
            tries = 0;
            pause = first;
        }
        may_resume = true;
        if (aq_sleep_until(aq_after_ms(pause), err) < 0)
            return -1;
        pause *= 2;
    }
}

static int fail_checksum(const struct job *job, const char *found, struct aq_error *err)
{
    aq_autofree char *url = aq_url_text(job->download->url);
    return aq_fail(
        err, AQ_E_CHECKSUM_WRONG,
        "%s has another checksum: sha256:%s was expected, and sha256:%s came; nothing of it was kept", url,
        job->download->sha256, found);
}

/* Fetches and verifies. What an earlier try left may be the cause of a wrong checksum, so then all of it is
   fetched once more. */
static int fetch_verified(struct job *job, char sha256[AQ_SHA256_TEXT], struct aq_error *err)
{
    for (bool fresh = job->part->length == 0;; fresh = true) {
        if (fetch(job, err) < 0 || aq_part_digest(job->part, sha256, err) < 0)
            return -1;
        if (job->download->sha256 == NULL || strcmp(sha256, job->download->sha256) == 0)
            return 0;
        if (fresh)
            return fail_checksum(job, sha256, err);
        if (aq_part_restart(job->part, job->download->url, "", err) < 0)
            return -1;
    }
}

static bool leaves_nothing(const struct job *job, enum aq_error_code code)
{
    return job->part->length == 0 || code == AQ_E_CHECKSUM_WRONG || code == AQ_E_NO_SPACE ||
           code == AQ_E_LIMIT_EXCEEDED;
}

int aq_download_into(const struct aq_download *download, struct aq_part *part, const char *name,
                     char sha256[AQ_SHA256_TEXT], struct aq_error *err)
{
    struct job job = {.download = download, .part = part};
    struct aq_error reason = {0};
    if (fetch_verified(&job, sha256, &reason) < 0) {
        if (leaves_nothing(&job, reason.code))
            aq_part_remove(part);
        return aq_fail(err, reason.code, "%s", reason.text);
    }
    tell(&job, true);
    return aq_part_publish(part, name, err);
}

int aq_download_judge(const struct aq_download *download, struct aq_error *err)
{
    if (aq_url_valid(download->url, download->allow_file))
        return 0;
    aq_autofree char *text = aq_url_text(download->url);
    return aq_fail(err, AQ_E_VALUE_INVALID,
                   "%.200s is not a URL that can be downloaded: https://…%s was expected", text,
                   download->allow_file ? ", http://… or file:///…" : " or http://…");
}

int aq_download_to(const struct aq_download *download, int dir, const char *name, char sha256[AQ_SHA256_TEXT],
                   struct aq_error *err)
{
    aq_autopart struct aq_part part = AQ_PART_NONE;
    if (aq_download_judge(download, err) < 0 || aq_part_open(dir, name, download->url, &part, err) < 0)
        return -1;
    return aq_download_into(download, &part, name, sha256, err);
}
