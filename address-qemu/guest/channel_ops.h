/* SPDX-License-Identifier: MIT */
/* What a kind of channel implements; for the implementations alone, users have guest/channel.h. */
#ifndef AQ_GUEST_CHANNEL_OPS_H
#define AQ_GUEST_CHANNEL_OPS_H

#include "guest/channel.h"

/* How long an operation on a channel that has lost its peer looks for it. */
#define AQ_GREET_MS 15000
/* How long an open port may be silent before its server counts as dead. */
#define AQ_SILENCE_MS 5000

struct aq_channel_ops {
    const char *name;
    /* Takes the greeting a step further without waiting: 1 the peer is there, 0 not yet, -1 failed. */
    int (*greet)(struct aq_channel *channel, struct aq_error *err);
    /* What greet() waits for: poll events on the port's descriptor. */
    short (*greet_events)(const struct aq_channel *channel);
    /* Why the peer is not there yet, at the deadline: -1 with the error. NULL: for a virtio-serial port. */
    int (*verdict)(const struct aq_channel *channel, struct aq_error *err);
    /* The rest may count on a peer that has answered once. */
    int (*ping)(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err);
    int (*exec)(struct aq_channel *channel, const struct aq_guest_exec *exec, struct aq_guest_exit *exit,
                struct aq_error *err);
    int (*put)(struct aq_channel *channel, const struct aq_guest_put *put, struct aq_error *err);
    int (*get)(struct aq_channel *channel, const struct aq_guest_get *get, struct aq_guest_file *file,
               struct aq_error *err);
    int (*sync)(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err);
    /* NULL where there is no such thing. */
    int (*fs_freeze)(struct aq_channel *channel, unsigned patience_ms, aq_deadline deadline,
                     struct aq_error *err);
    int (*fs_thaw)(struct aq_channel *channel, aq_deadline deadline, bool *held, struct aq_error *err);
    const char *fs_last_words; /* aq_channel_fs_last_words */
    const char *(*build_id)(const struct aq_channel *channel);
    const char *(*runner_path)(const struct aq_channel *channel);
    void (*leave)(struct aq_channel *channel); /* forgets the peer: the next use finds it anew */
    void (*close)(struct aq_channel *channel); /* everything but port.fd */
};

/* The first member of every kind. */
struct aq_channel {
    const struct aq_channel_ops *ops;
    struct aq_channel_port port;
    aq_deadline asked_at;   /* when port.guest_open was last asked */
    aq_deadline open_since; /* 0: the guest has not been seen to have the port open */
    int guest_open;         /* its last answer */
};

/* Reads what is there into `to`: >0, 0 nothing now, -1 VM_NOT_RUNNING. */
ssize_t aq_channel_read(struct aq_channel *channel, void *to, size_t room, struct aq_error *err);

/* Writes what can be written now: ≥0, -1 VM_NOT_RUNNING. */
ssize_t aq_channel_write(struct aq_channel *channel, const void *from, size_t length, struct aq_error *err);

/* The next piece of the command's standard input, whichever way it is given; `position` is how much of it was
   given before. Its length, 0 at the end, -1. */
ssize_t aq_guest_input(const struct aq_guest_exec *exec, uint64_t position, void *to, size_t room,
                       struct aq_error *err);

/* Takes a piece of output: streams it, captures it, counts it. -1: whoever it was streamed to wants no more,
   and the command is to be ended. */
int aq_guest_output(const struct aq_guest_exec *exec, struct aq_guest_exit *exit, enum aq_stream stream,
                    const char *bytes, size_t length, struct aq_error *err)
    __attribute__((warn_unused_result));

/* Refuses what cannot be run or put: an empty argv, a variable without "=", a path that is not absolute. */
int aq_guest_check_exec(const struct aq_guest_exec *exec, struct aq_error *err);
int aq_guest_check_path(const char *path, struct aq_error *err);

#endif
