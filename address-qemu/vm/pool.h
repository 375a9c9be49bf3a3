/* SPDX-License-Identifier: MIT */
/*
 * Pools: clones of a template that are ready before anybody asks for one. `pools/TEMPLATE/pool.yaml` says how
 * many; each folder beside it is a VM like those in `vms/`, made, repaired and running once, then frozen
 * again and its QEMU stopped: it costs memory, but no CPU. A claim takes such a folder out, renames it into a
 * stage of `vms/`, repairs its guest once more - name, time, new random numbers - and publishes it.
 *
 * Whoever changes the record holds the pool's folder exclusively meanwhile.
 *
 * A keeper (util/keeper.h) fills pools up. All it goes by is on disk, so it may die at any moment; and a
 * folder whose maker or claimer has died is swept away with its QEMU like any stage.
 */
#ifndef AQ_VM_POOL_H
#define AQ_VM_POOL_H

#include "util/clock.h"
#include "vm/template_clone.h"

/* The keeper's kind and program. */
#define AQ_POOL_KEEPER "pool"
#define AQ_POOL_KEEPER_PROGRAM "address-qemu-keeper"

/* The record. Zero-initialise; aq_pool_free at the end. */
struct aq_pool {
    char *template; /* its name, and the pool's */
    unsigned size;
    char created[AQ_TIME_TEXT];
    char *failure; /* why the last try to fill it up failed; NULL or "": it did not */
    char failed[AQ_TIME_TEXT];
    int64_t failed_at; /* seconds since the epoch */
};

void aq_pool_free(struct aq_pool *pool);
#define aq_autopool aq_cleanup(aq_pool_free)

/* The templates that have a pool, or the remains of one; sorted. */
int aq_pool_list(struct aq_strings *templates, struct aq_error *err);

/* Reads a record: 1, 0 there is none, -1 RECORD_INVALID, IO. */
int aq_pool_load(const char *template, struct aq_pool *pool, struct aq_error *err);

/* Is there a pool, or are there remains of one? */
bool aq_pool_exists(const char *template);

/* Sets up the pool of a template, or makes it larger or smaller; the keeper does the rest.
   TEMPLATE_NOT_FOUND, what aq_template_check fails with, MEMORY_SHORT when the host has no room for as many.
 */
int aq_pool_set(const char *template, unsigned size, struct aq_error *err);

/* The record's part of that, durably: a damaged one is written anew. */
int aq_pool_set_size(const char *template, unsigned size, struct aq_error *err);

/* The names of its members that are ready, sorted. */
int aq_pool_ready(const char *template, struct aq_strings *members, struct aq_error *err);

/* Gives a pool up: its record first, then its members, of which *count are ended. Fine if there is none. */
int aq_pool_drain(const char *template, unsigned *count, struct aq_error *err);

/* Has the keeper look at the pools; it is started if need be. */
int aq_pool_call_keeper(struct aq_error *err);

/* Takes a ready clone of the template for the request, of which name, accel, egress and ports count: 1 and
   the VM, running and repaired; 0 there is none that could be had; -1 VM_EXISTS, PORT_IN_USE, INTERRUPTED.
   The caller holds the template and has checked it. */
int aq_pool_claim(const struct aq_template *template, const struct aq_clone_request *request,
                  struct aq_vm *vm, struct aq_run *run, struct aq_error *err);

/* --- for the keeper --- */

/* Opens the folder of a pool; makes it when `make`. -2 without an error when it is not there. */
int aq_pool_open(const char *template, bool make, struct aq_error *err);

/* Ends and removes members: those that do not live any more, and as many of the others as there are beyond
   `most`. Also what makers left that died. Returns how many are ready then. */
unsigned aq_pool_trim(int folder, unsigned most, unsigned *ended);

/* Notes that the pool could not be filled up, or (NULL) that it could; in the record as it is at this moment,
   and nowhere when the pool was drained meanwhile. */
int aq_pool_note_failure(const char *template, const char *failure, struct aq_error *err);

/* Clears away what is left of one that was drained; one that was set up anew meanwhile is left alone. */
int aq_pool_clear_remains(const char *template, struct aq_error *err);

/* Makes one more member. What aq_template_clone fails with. */
int aq_pool_add(const char *template, struct aq_error *err);

#endif
