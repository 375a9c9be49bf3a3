/* SPDX-License-Identifier: MIT */
/*
 * Scripts in guests that may say CHECKPOINT, as any process can see them and answer: `checkpoints/ID` in the
 * VM's folder. The process that runs the script holds the folder's lock, so those of the dead are known, and
 * swept by whoever looks.
 *   state.json   what the script said last, and what it was told
 *   order        what another process wants it to be told; gone when it has been
 */
#ifndef AQ_VM_CHECKPOINT_H
#define AQ_VM_CHECKPOINT_H

#include <jansson.h>

#include "address-qemu/address-qemu.h"
#include "util/stage.h"
#include "vm/vm.h"

#define AQ_STREAM_ID 13

/* One that this process runs. Initialise with AQ_CHECKPOINT_STREAM_NONE; close it in any case. */
struct aq_checkpoint_stream {
    struct aq_stage stage; /* its folder, published and locked */
    char id[AQ_STREAM_ID];
};

#define AQ_CHECKPOINT_STREAM_NONE                                                                            \
    {                                                                                                        \
        .stage = AQ_STAGE_NONE                                                                               \
    }

/* Makes it visible with that state (an object; not taken). */
int aq_checkpoint_stream_open(const struct aq_vm *vm, const json_t *state,
                              struct aq_checkpoint_stream *stream, struct aq_error *err);

/* Replaces its state. Not synced: it says nothing after a crash. A failure is none of the script's business.
 */
void aq_checkpoint_stream_write(struct aq_checkpoint_stream *stream, const json_t *state);

/* What another process wants: true and the answer, or false: nothing. */
bool aq_checkpoint_stream_order(struct aq_checkpoint_stream *stream, enum aq_checkpoint_answer *answer);

/* The order has been followed. */
void aq_checkpoint_stream_clear_order(struct aq_checkpoint_stream *stream);

void aq_checkpoint_stream_close(struct aq_checkpoint_stream *stream);

/* Those of a VM that are alive: adds their states, with the members `id`, `vm` and (if there is one) `order`,
   to the array. */
int aq_checkpoint_streams(const char *vm, json_t *streams, struct aq_error *err);

/* Tells the stream `id` of the VM, or with NULL the only one there is, to give that answer from now on. Fills
   in which one it was. CHECKPOINT_NOT_FOUND; VALUE_INVALID when there are several. */
int aq_checkpoint_stream_tell(const char *vm, const char *id, enum aq_checkpoint_answer answer,
                              char found[AQ_STREAM_ID], struct aq_error *err);

#endif
