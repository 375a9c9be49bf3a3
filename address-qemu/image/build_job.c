/* SPDX-License-Identifier: MIT */
#include "image/build_job.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/files.h"

/* The tools' words are read by us too, so they have to be English; and what they make should depend on
   nothing but what goes in. */
static void make_environment(const struct aq_build_job *job, struct aq_strings *environment)
{
    aq_strings_add(environment, "LC_ALL=C.UTF-8");
    aq_strings_add(environment, "DEBIAN_FRONTEND=noninteractive");
    aq_strings_add(environment, "MTOOLS_SKIP_CHECK=1");
    aq_strings_add(environment, "MTOOLSRC=/dev/null");
    aq_strings_add(environment,
                   "INITRD=No"); /* to the kernel package's scripts: our initrd takes its place */
    if (job->temporary != NULL)
        aq_strings_format(environment, "TMPDIR=%s", job->temporary);
}

void aq_job_say(const struct aq_build_job *job, const char *format, ...)
{
    if (job->build->progress == NULL)
        return;
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    job->build->progress(job->build->progress_data, line);
}

int aq_job_run(const struct aq_build_job *job, const char *const *argv, int output_fd,
               struct aq_process_result *result, struct aq_error *err)
{
    aq_autofree char *folder = aq_path_at(job->work, ".");
    aq_autostrings struct aq_strings environment = {0};
    make_environment(job, &environment);
    const struct aq_process process = {
        .argv = argv,
        .environment = (const char *const *)environment.items,
        .working_dir = folder,
        .output_fd = output_fd,
        .deadline = aq_after_ms(AQ_JOB_LIMIT_MS),
    };
    struct aq_error failure = {0};
    if (aq_process_check(&process, result, &failure) == 0)
        return 0;
    if (failure.code == AQ_E_TOOL_FAILED && strstr(failure.text, "No space left on device") != NULL)
        failure.code = AQ_E_NO_SPACE;
    return aq_fail(err, failure.code, "%s", failure.text);
}
