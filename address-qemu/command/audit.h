/* SPDX-License-Identifier: MIT */
/*
 * The audit log: `audit.log` in the store, a line of JSON for every command that changes or enters something,
 * refused ones too, and for every one that is not known. Lines are only ever appended, whole (O_APPEND, one
 * write each), by any number of processes; at a few MiB the file becomes audit.log.1, and the oldest goes.
 * A process that is killed in the middle of a command leaves no line of it.
 */
#ifndef AQ_COMMAND_AUDIT_H
#define AQ_COMMAND_AUDIT_H

#include <jansson.h>

#include "command/verb.h"
#include "util/memory.h"
#include "util/wait.h"

/* Notes a command that is over. `verb` as it was typed; `warnings` of the policy's. What cannot be noted does
   not fail it. */
void aq_audit(const struct aq_call *call, const char *verb, enum aq_error_code outcome, aq_deadline started,
              const struct aq_strings *warnings);

/* Which entries are wanted; NULL: whatever it is. */
struct aq_audit_filter {
    const char *verb;
    const char *vm; /* is named by one of the parameters vm, name and new_name */
    const char *user;
    const char *outcome; /* "ok", "failed", or an error's code */
    const char *since; /* the beginning of a moment as the log has it: "2026-03-01", "2026-03-01T09:30:00Z" */
    const char *until; /* the same; what has that beginning is in it */
};

/* The last lines, oldest first, as a new array of objects (members: time, user, uid, pid, verb, parameters,
   outcome, duration_ms, and policy where it warned); NULL on error. */
json_t *aq_audit_read(const struct aq_audit_filter *filter, size_t lines, struct aq_error *err);

/* The log's path. free() it. */
char *aq_audit_path(struct aq_error *err);

#endif
