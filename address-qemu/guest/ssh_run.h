/* SPDX-License-Identifier: MIT */
/* One command that runs through SSH; for guest/ssh_exec.c and guest/ssh_streams.c alone. */
#ifndef AQ_GUEST_SSH_RUN_H
#define AQ_GUEST_SSH_RUN_H

#include "guest/ssh_channel.h"

#define AQ_SSH_MARK 27 /* room for the random word that begins the output */

/* What a turn has come to. */
enum aq_ssh_turn { AQ_TURN_FAILED = -1, AQ_TURN_IDLE, AQ_TURN_BUSY };

/* One of the two streams, until and from its mark on. */
struct aq_ssh_stream {
    struct aq_buffer head; /* what has come before it */
    bool begun;
};

struct aq_ssh_run {
    struct aq_ssh_channel *ssh;
    const struct aq_ssh_order *order;
    struct aq_guest_exit *exit;
    ssh_channel channel; /* NULL: not open, or gone with the connection */
    struct ssh_channel_callbacks_struct callbacks;
    char mark[AQ_SSH_MARK];

    struct aq_buffer pending; /* input on its way */
    size_t sent;              /* of that */
    uint64_t input_at;        /* how much of the order's input was fetched */
    bool input_read, input_over;
    bool input_held; /* nothing is fetched: what there is to say is put into `pending` */

    bool opened, started; /* the server has agreed to a session; it has taken the order to run the command */
    struct aq_ssh_stream streams[2];
    long pid;            /* in the guest; 0: not known yet */
    const char *problem; /* why it was not started, a word of the shell's; NULL: it was */

    struct aq_error failure; /* of what has come */
    bool finished;           /* what still comes is dropped */

    struct aq_ssh_side *side; /* its side channel, once that is open; NULL: none */
    struct aq_error why;      /* the side channel wants it to be ended */

    bool exited, ended, closed; /* as the server says: the command, its output, the session */
    int code, signal;
    aq_deadline silent_since; /* after its end; 0: it is not silent */
};

/* Opens a session and has the server take the order; the end of that session, however far it has come. */
int aq_ssh_begin(struct aq_ssh_run *run, struct aq_error *err);
void aq_ssh_finish(struct aq_ssh_run *run);

ssh_session aq_ssh_run_session(const struct aq_ssh_run *run);

/* SSH_CONNECTION_LOST; closes the connection. Returns -1. */
int aq_ssh_run_lost(struct aq_ssh_run *run, struct aq_error *err);

/* Moves what can be moved now: the command's input, or everything in both directions. */
enum aq_ssh_turn aq_ssh_pump_input(struct aq_ssh_run *run, struct aq_error *err);
enum aq_ssh_turn aq_ssh_pump(struct aq_ssh_run *run, struct aq_error *err);

/* The descriptor that more input is waited for on; -1 when none is. */
int aq_ssh_awaited_input(const struct aq_ssh_run *run);

/* No more input, whatever there still is. */
void aq_ssh_end_input(struct aq_ssh_run *run);

/* For the call backs of libssh: what has come for the command, `taker`. Returns how much of it was taken. */
int aq_ssh_take_output(ssh_session session, ssh_channel channel, void *data, uint32_t length, int is_stderr,
                       void *taker);

#endif
