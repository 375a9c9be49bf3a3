/* SPDX-License-Identifier: MIT */
/* What a process has used. (Source: proc(5): /proc/PID/stat, smaps_rollup and io.) */
#ifndef AQ_UTIL_PROCESS_USAGE_H
#define AQ_UTIL_PROCESS_USAGE_H

#include "util/process.h"

/* -1: the kernel does not tell. */
struct aq_process_usage {
    int64_t cpu_ms;                    /* of all its threads, user and system */
    int64_t rss, pss;                  /* bytes; pss counts shared pages in parts */
    int64_t threads;                   /* how many */
    int64_t bytes_read, bytes_written; /* from and to storage, the page cache's hits not counted */
};

/* False when it is gone. */
bool aq_process_usage(const struct aq_process_id *id, struct aq_process_usage *usage);

#endif
