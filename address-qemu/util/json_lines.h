/* SPDX-License-Identifier: MIT */
/*
 * JSON objects, one a line, over a socket to a peer that is not trusted: QEMU's monitor and the guest agent
 * speak so. Lines are capped in length and objects in depth; every wait has a deadline.
 */
#ifndef AQ_UTIL_JSON_LINES_H
#define AQ_UTIL_JSON_LINES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"
#include "util/memory.h"
#include "util/wait.h"

#define AQ_JSON_MAX_DEPTH 64

/* The reading side of a connection. Zero-initialise but for fd and max; free with aq_json_lines_free (fd
 * stays). */
struct aq_json_lines {
    int fd;                 /* non-blocking */
    size_t max;             /* of a line, in bytes */
    struct aq_buffer input; /* what came and was not yet taken */
    size_t scanned;         /* how much of it is known to hold no line end */
};

enum aq_json_read {
    AQ_JSON_OBJECT = 1,
    AQ_JSON_DEADLINE = 0,
    AQ_JSON_FAILED = -1, /* interrupted, or the connection broke: *err says */
    AQ_JSON_ENDED = -2,  /* the peer closed it; *err is left alone */
    AQ_JSON_BAD = -3, /* the line was too long, too deep or not an object; *err has GUEST_PROTOCOL and why */
};

/* Reads the next object into *object (a new reference). Empty lines are skipped. */
enum aq_json_read aq_json_lines_read(struct aq_json_lines *lines, aq_deadline deadline, json_t **object,
                                     struct aq_error *err);

/* Is one there that has been read already, so that waiting for the descriptor would miss it? */
bool aq_json_lines_pending(const struct aq_json_lines *lines);

/* Writes an object and a line end. 0, or -1 with TIMEOUT, INTERRUPTED or IO. */
int aq_json_lines_write(int fd, const json_t *object, aq_deadline deadline, struct aq_error *err);

/* Parses one object of untrusted text, no deeper than AQ_JSON_MAX_DEPTH; NULL with GUEST_PROTOCOL. */
json_t *aq_json_parse_untrusted(const char *text, size_t length, struct aq_error *err);

void aq_json_lines_free(struct aq_json_lines *lines);

#endif
