/* SPDX-License-Identifier: MIT */
#include "streams.h"

#include <stdio.h>
#include <unistd.h>

void aq_streams_output(void *data, enum aq_stream stream, const char *bytes, size_t length)
{
    (void)data;
    if (stream == AQ_STREAM_PROGRESS && !isatty(STDERR_FILENO))
        return;
    FILE *to = stream == AQ_STREAM_STDOUT ? stdout : stderr;
    fflush(to == stdout ? stderr : stdout);
    fwrite(bytes, 1, length, to);
    fflush(to);
}
