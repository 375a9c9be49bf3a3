/* SPDX-License-Identifier: MIT */
/*
 * What a script says of the VM it wants, in comments among its first 50 lines:
 *
 *     / * rexxjs-vm-base: debian * /
 *     / * rexxjs-vm-memory: 4G * /
 *
 * Only real comments count, not text in a string, and only those that begin with "rexxjs-vm-"; one comment
 * may hold several lines of them. What is wrong is an error with file and line: a limit that was misspelt
 * must not be ignored.
 */
#ifndef AQ_SPEC_HEADER_H
#define AQ_SPEC_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/ports.h"
#include "util/error.h"
#include "util/names.h"

#define AQ_HEADER_LINES 50
#define AQ_HEADER_PORTS_MAX 32

/* Numbers are 0 and texts "" where the script does not say. */
struct aq_header {
    char base[AQ_NAME_MAX + 1];
    char name[AQ_NAME_MAX + 1];
    uint64_t memory; /* bytes */
    uint64_t disk;   /* bytes */
    unsigned cpus;
    int64_t timeout_ms; /* for the script's run */
    char network[AQ_NAME_MAX + 1];
    struct aq_ingress ingress[AQ_HEADER_PORTS_MAX];
    unsigned ingress_count;
    char *egress;   /* what it may reach, as aq_egress_text writes it; NULL where the script does not say */
    char spec[512]; /* path of a YAML spec */
    int spec_line;
};

/* Parses a script's text. `where` names it in messages. 0, or -1 with HEADER_INVALID. Free it in both cases.
 */
int aq_header_parse(const char *script, size_t length, const char *where, struct aq_header *header,
                    struct aq_error *err);

void aq_header_free(struct aq_header *header);

#endif
