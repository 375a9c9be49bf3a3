/* SPDX-License-Identifier: MIT */
#include "verbs/download_progress.h"

#include "util/size.h"

#define LINE_MS 2000

static void tell(void *data, const char *url, uint64_t done, uint64_t total)
{
    struct aq_call_progress *progress = data;
    char got[AQ_SIZE_TEXT], all[AQ_SIZE_TEXT];
    if (aq_ms_left(progress->next) > 0)
        return;
    progress->next = aq_after_ms(LINE_MS);
    if (total > 0)
        aq_progress(progress->call, "%s: %s of %s (%u%%)", url, aq_size_text(done, got),
                    aq_size_text(total, all), (unsigned)(done * 100 / total));
    else
        aq_progress(progress->call, "%s: %s", url, aq_size_text(done, got));
}

const struct aq_download_progress *aq_call_progress_start(struct aq_call_progress *progress,
                                                          const struct aq_call *call)
{
    *progress = (struct aq_call_progress){
        .call = call, .next = aq_after_ms(LINE_MS), .progress = {.tell = tell, .data = progress}};
    return &progress->progress;
}
