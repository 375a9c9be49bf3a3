/* SPDX-License-Identifier: MIT */
/* A base's record on disk, for the files base*.c. */
#ifndef AQ_IMAGE_BASE_RECORD_H
#define AQ_IMAGE_BASE_RECORD_H

#include "image/base.h"

#define AQ_BASE_RECORD "base.yaml"

/* How long another process may hold a base before that is an error: cloning takes milliseconds, a copy may
 * take long. */
#define AQ_BASE_WAIT_MS 60000

/* Opens the folder of the bases. Returns a descriptor to close. */
int aq_bases_open(struct aq_error *err);

/* Writes the record into a base's open folder: a new one, or in the place of the one that is there. Durable.
 */
int aq_base_record_write(int folder, const struct aq_base *base, bool replace, struct aq_error *err);

/* Reads the record of `name` below the folder of the bases. BASE_NOT_FOUND, RECORD_INVALID, IO. */
int aq_base_record_read(int bases, const char *name, struct aq_base *base, struct aq_error *err);

/* BASE_NOT_FOUND, with the nearest name there is. */
int aq_base_fail_not_found(int bases, const char *name, struct aq_error *err);

/* Locks the base below the folder of the bases; BASE_NOT_FOUND, BASE_IN_USE. Returns a descriptor to close.
 */
int aq_base_lock_at(int bases, const char *name, enum aq_lock kind, struct aq_error *err);

/* Fills in what a request says by itself. VALUE_INVALID. */
int aq_base_from_request(const struct aq_base_request *request, struct aq_base *base, struct aq_error *err);

/* What is to be done about the name that a request wants. */
enum aq_base_answer { AQ_BASE_NAME_FREE, AQ_BASE_NAME_REPLACE, AQ_BASE_NAME_SETTLED };

/* Compares with what is registered under the name. SETTLED: it is the same disk; *base and *outcome say what
   is now registered. REPLACE: it is another one, which may give way. -1: BASE_EXISTS, BASE_IN_USE, and what
   reading fails with. */
int aq_base_compare(int bases, const struct aq_base *wanted, const struct aq_base_request *request,
                    struct aq_base *base, enum aq_base_outcome *outcome, struct aq_error *err);

/* Puts a finished stage, with disk and record in it, where `answer` says. 1 done, 0 when somebody else was
   faster: compare again. */
int aq_base_settle(struct aq_stage *stage, enum aq_base_answer answer, const struct aq_base_request *request,
                   enum aq_base_outcome *outcome, struct aq_error *err);

/* Judges, pins and syncs the disk in a stage and makes it read-only, for a base that owns its disk. */
int aq_base_take_disk(struct aq_stage *stage, struct aq_base *wanted, bool digest, struct aq_error *err);

#endif
