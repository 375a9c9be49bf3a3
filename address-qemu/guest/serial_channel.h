/* SPDX-License-Identifier: MIT */
/*
 * The channel through a VM's serial console, for guest/serial_*.c alone; users have guest/channel.h. A last
 * resort: slow, one at a time, and it types where a human may have been.
 *
 * Greeting it means to find a shell: at a prompt, or behind a login. In that shell a loop of ours is started
 * that runs the lines it reads and echoes nothing. What it is asked is answered by lines that begin with "@"
 * and a random mark and carry the question's number and checksums, for the kernel and daemons write to the
 * console as well: an answer that something got into is asked for again, so every question can be repeated
 * without harm.
 */
#ifndef AQ_GUEST_SERIAL_CHANNEL_H
#define AQ_GUEST_SERIAL_CHANNEL_H

#include "guest/channel_ops.h"

#define AQ_SERIAL_MARK 14

enum aq_serial_state {
    AQ_SERIAL_LOOKING,   /* for a prompt */
    AQ_SERIAL_NAMED,     /* the user's name was typed */
    AQ_SERIAL_PASSED,    /* and the password */
    AQ_SERIAL_STARTING,  /* our loop was started */
    AQ_SERIAL_PREPARING, /* it is there, and gets what it needs */
    AQ_SERIAL_READY,
};

struct aq_serial {
    struct aq_channel base;
    const struct aq_serial_login *login; /* whoever opened the channel keeps it */
    enum aq_serial_state state;
    bool logged_in;       /* by us, so we log out */
    struct aq_buffer in;  /* what came and was not looked at yet; of a greeting: its end */
    aq_deadline heard_at; /* when something came last */
    aq_deadline typed_at; /* when we typed last */
    unsigned number;      /* of the last question */
    char mark[AQ_SERIAL_MARK];
    char folder[64]; /* of working files, in the guest */
};

/* Finds the shell, step by step, as ops->greet. */
int aq_serial_greet(struct aq_channel *channel, struct aq_error *err);
int aq_serial_verdict(const struct aq_channel *channel, struct aq_error *err);

/* Ends our loop and logs out, without waiting. */
void aq_serial_leave(struct aq_serial *serial);

/* Types all of it, or fails: VM_NOT_RUNNING, TIMEOUT, INTERRUPTED. */
int aq_serial_type(struct aq_serial *serial, const char *text, size_t length, aq_deadline deadline,
                   struct aq_error *err);

/* Asks: has the loop run one line (at most AQ_SERIAL_LINE bytes, harmless when it is run twice), which says
   the words of the answer by `a WORD …`. They go to `answer`. GUEST_PROTOCOL when none comes whole, TIMEOUT,
   INTERRUPTED. */
#define AQ_SERIAL_LINE 700
int aq_serial_ask(struct aq_serial *serial, const char *line, struct aq_buffer *answer, aq_deadline deadline,
                  struct aq_error *err);

/* Appends bytes to a file in the guest, whose length is `at` by now. */
int aq_serial_append(struct aq_serial *serial, const char *path, uint64_t at, const char *bytes,
                     size_t length, aq_deadline deadline, struct aq_error *err);

/* Reads at most `count` (≤ AQ_SERIAL_PIECE) bytes of a file from an offset: how many there were; adds them to
 * `data`. */
#define AQ_SERIAL_PIECE 12288
ssize_t aq_serial_read(struct aq_serial *serial, const char *path, uint64_t offset, size_t count,
                       struct aq_buffer *data, aq_deadline deadline, struct aq_error *err);

/* Runs a script (guest/shell_scripts.h) to its end: its exit code, or -1; what it says on both streams is
   added to `output`, 64 KiB of it. */
int aq_serial_run_script(struct aq_serial *serial, const char *script, const char *const *arguments,
                         struct aq_buffer *output, aq_deadline deadline, struct aq_error *err);

int aq_serial_exec(struct aq_channel *channel, const struct aq_guest_exec *exec, struct aq_guest_exit *exit,
                   struct aq_error *err);
int aq_serial_put(struct aq_channel *channel, const struct aq_guest_put *put, struct aq_error *err);
int aq_serial_get(struct aq_channel *channel, const struct aq_guest_get *get, struct aq_guest_file *file,
                  struct aq_error *err);

#endif
