/* SPDX-License-Identifier: MIT */
/* One output stream of a program that runs: captured up to a limit, told line by line, its last words kept.
 */
#ifndef AQ_UTIL_PROCESS_STREAM_H
#define AQ_UTIL_PROCESS_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "util/memory.h"

/* Set fd, limit and the call back; the rest starts as zero. */
struct aq_stream_reader {
    int fd;       /* non-blocking, owned; -1 when the stream has ended or there is none */
    size_t limit; /* of `captured`; what comes after is read and dropped */
    void (*on_line)(void *data, const char *line);
    void *on_line_data;
    struct aq_buffer captured;
    struct aq_buffer last; /* a few KiB from the end */
    struct aq_buffer line; /* not ended yet */
};

/* Takes one piece of what is there. True if there was some; at the stream's end the descriptor is closed. */
bool aq_stream_reader_take(struct aq_stream_reader *stream);

/* Takes all that is there now, and tells a last line that has no end. */
void aq_stream_reader_finish(struct aq_stream_reader *stream);

/* The last lines that were written, fit for a message: no control characters, no empty end. free() it. */
char *aq_stream_reader_last_lines(const struct aq_stream_reader *stream);

void aq_stream_reader_free(struct aq_stream_reader *stream);

#endif
