/* SPDX-License-Identifier: MIT */
/* How far a download is, as lines of progress of the command that it is for. */
#ifndef AQ_VERBS_DOWNLOAD_PROGRESS_H
#define AQ_VERBS_DOWNLOAD_PROGRESS_H

#include "command/verb.h"
#include "util/download.h"
#include "util/wait.h"

/* Keep it for as long as the download. */
struct aq_call_progress {
    const struct aq_call *call;
    aq_deadline next; /* no line before that */
    struct aq_download_progress progress;
};

/* Begins it; what comes back is for struct aq_download. */
const struct aq_download_progress *aq_call_progress_start(struct aq_call_progress *progress,
                                                          const struct aq_call *call);

#endif
