/* SPDX-License-Identifier: MIT */
/*
 * A channel into a running VM: one interface for every way in. Behind it stand our own helper's port
 * (guest/helper_channel.c), the QEMU guest agent (guest/agent_channel.c) and SSH (guest/ssh_channel.c).
 *
 * A channel is used by one thread at a time. Every function waits through util/wait.h, so an interruption
 * ends it with INTERRUPTED, and what it had started in the guest is ended as well. What the guest says is
 * taken for hostile: nothing it sends is kept beyond the limits given here.
 *
 * Besides the codes named below every function may fail with:
 *   VM_NOT_RUNNING   QEMU closed the connection
 *   AGENT_MISSING    nothing in the guest has opened the port
 *   AGENT_DEAD       it has, but is silent
 *   AGENT_REFUSED    the guest agent is not allowed to run the command
 *   GUEST_PROTOCOL   what came is not what the protocol allows
 *   INTERRUPTED
 * and through SSH with what guest/ssh_link.h has instead of the first four.
 * After any of these but VM_NOT_RUNNING the channel may be used again: it starts by finding its peer anew.
 */
#ifndef AQ_GUEST_CHANNEL_H
#define AQ_GUEST_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "address-qemu/address-qemu.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/memory.h"
#include "util/wait.h"

struct aq_channel;

/* A connection to the host's end of such a port. */
struct aq_channel_port {
    int fd; /* a connected stream socket; the channel owns it from then on and makes it non-blocking */
    /* Has the guest opened the port? 1 yes, 0 no, -1 unknown. (QMP's query-chardev says it: frontend-open.)
       Called seldom, while waiting; may be NULL: unknown. It tells AGENT_MISSING from AGENT_DEAD. */
    int (*guest_open)(void *data);
    void *data;
};

/* Both take the port at once and send their greeting without waiting for an answer; they cannot fail. */
struct aq_channel *aq_channel_open_helper(const struct aq_channel_port *port);
struct aq_channel *aq_channel_open_agent(const struct aq_channel_port *port);

/* Starts looking for the SSH server (guest/ssh_link.h); the target has to live as long as the channel. */
struct aq_ssh_target;
struct aq_channel *aq_channel_open_ssh(const struct aq_ssh_target *target);

/* Takes the host's end of the serial console; the login (guest/serial_login.h) has to live as long as the
   channel. What it cannot do: a side channel. */
struct aq_serial_login;
struct aq_channel *aq_channel_open_serial(const struct aq_channel_port *port,
                                          const struct aq_serial_login *login);

/* Ends what is still running through it, closes the connection. NULL is fine. */
void aq_channel_close(struct aq_channel *channel);

static inline void aq_cleanup_channel(struct aq_channel **channel)
{
    aq_channel_close(*channel);
}

#define aq_autochannel aq_cleanup(aq_cleanup_channel)

/* "helper", "agent", "ssh" or "serial". */
const char *aq_channel_name(const struct aq_channel *channel);

/* Waits until the peer has answered. At the deadline: AGENT_MISSING when the guest has not opened the port,
   GUEST_NOT_READY when that is unknown. AGENT_DEAD as soon as an open port has been silent for five seconds.
   Whoever knows that the guest has booted gives a deadline of few seconds and so has a fast verdict. */
int aq_channel_ready(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err);

/* Waits for the first of several (entries may be NULL) and returns its index; several ready at once: the
   lowest. One that has failed is left out as long as others may still come; at the deadline the first entry's
   verdict is given. */
int aq_channel_first_ready(struct aq_channel *const *channels, unsigned count, aq_deadline deadline,
                           struct aq_error *err);

/* Proves that the peer answers now. */
int aq_channel_ping(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err);

/* What is said between the host and a command on its side channel (guest/side.h): lines of at most
   AQ_SIDE_MAX bytes, without line feeds. */
struct aq_guest_side {
    void *data;
    /* The command has said something: any bytes. */
    void (*said)(void *data, const char *line, size_t length);
    /* What is to be told to it: asked after each line that came, and every tick_ms. Adds one line and returns
       1; or 0, nothing now; or -1: the command is to be ended, with this error. */
    int (*tell)(void *data, struct aq_buffer *line, struct aq_error *err);
    int64_t tick_ms; /* may change at any time; 0: only after lines, and about once a second */
};

/* A command to run in the guest, as root unless the guest's helper runs as someone else. Zero-initialise;
   argv is required. A shell's command line is {"/bin/sh", "-c", text, NULL}. */
struct aq_guest_exec {
    const char *const *argv;        /* argv[0] is looked up in the guest's PATH when it has no slash */
    const char *const *environment; /* NULL-terminated NAME=VALUE that are added or replaced; may be NULL */
    const char *working_dir;        /* NULL: "/" */
    const void *input;              /* its standard input; NULL and input_fd 0: none (end of file) */
    size_t input_length;
    int input_fd; /* >0: a regular file whose rest is its standard input, instead of `input`. Through SSH any
                     descriptor, read as it gives something, and after `input` */
    /* Gives the next piece of its standard input, instead of either: its length, 0 at the end, -1 gives the
       command up. Not asked for more than the command takes. */
    ssize_t (*read_input)(void *data, void *to, size_t room, struct aq_error *err);
    void *read_input_data;
    aq_deadline deadline; /* 0: AQ_FOREVER */
    size_t capture_limit; /* bytes kept of each stream in aq_guest_exit; the rest is only streamed. 0: none */
    size_t capture_errors; /* of standard error, where that is more */
    /* Each piece of output as it comes, complete at any size; may be NULL. Pieces of one stream are in order.
     */
    void (*on_output)(void *data, enum aq_stream stream, const char *bytes, size_t length);
    void *on_output_data;
    const struct aq_error
        *failure;               /* when on_output has set it the command is ended, with that; may be NULL */
    struct aq_guest_side *side; /* NULL: none. A channel that cannot have one fails with NOT_SUPPORTED. */
    /* Asked several times a second while the command runs: is it to get SIGINT, it and what it has started?
       Through SSH alone. NULL: never. */
    bool (*take_interrupt)(void);
};

/* What came of it. Zero-initialise; aq_guest_exit_free at the end, also after a failure: what had come by
 * then stays. */
struct aq_guest_exit {
    int exit_code;           /* 0…255, or 128 + signal */
    int signal;              /* 0, or the signal that ended it */
    struct aq_buffer output; /* the first capture_limit bytes */
    struct aq_buffer errors;
    uint64_t output_length; /* all that it wrote */
    uint64_t errors_length;
};

void aq_guest_exit_free(struct aq_guest_exit *exit);
#define aq_autoguestexit aq_cleanup(aq_guest_exit_free)

/* Runs it to its end: 0 whatever its exit code is. Processes that it leaves in the background live on, but
   what they write from then on is lost. COMMAND_TIMEOUT past the deadline: by then it and all its descendants
   are dead in the guest. GUEST_FILE_NOT_FOUND: no such program or folder; GUEST_REFUSED: the guest's system
   will not run it. */
int aq_channel_exec(struct aq_channel *channel, const struct aq_guest_exec *exec, struct aq_guest_exit *exit,
                    struct aq_error *err);

/* A file to bring into the guest. Zero-initialise; fd and path are required. */
struct aq_guest_put {
    int fd;            /* a regular file open for reading; sent from offset 0, position unchanged */
    const char *path;  /* absolute, in the guest; a link of that name is replaced, not followed */
    mode_t mode;       /* permission bits; 0: 0644 */
    const char *owner; /* "user", "user:group", ":group", numbers too; NULL or "": the helper's own (root) */
    aq_deadline deadline; /* 0: AQ_FOREVER */
    uint64_t *sent; /* gets how many bytes it had, which the kernel's files do not say before; may be NULL */
    bool make_folders; /* make missing folders above it (0755) */
};

/* The file appears under its name whole and checked, or not at all. TRANSFER_CORRUPT: what arrived is not
   what was sent; GUEST_FILE_NOT_FOUND: the folder (or owner) is not there; GUEST_REFUSED; TIMEOUT; IO on the
   host. */
int aq_channel_put(struct aq_channel *channel, const struct aq_guest_put *put, struct aq_error *err);

/* A file to fetch from the guest. */
struct aq_guest_get {
    const char *path;     /* absolute, in the guest; a regular file, links are followed */
    int fd;               /* written from its present position; on failure it may hold a part of the file */
    uint64_t limit;       /* bytes; more is LIMIT_EXCEEDED. 0: no limit */
    aq_deadline deadline; /* 0: AQ_FOREVER */
};

/* What was fetched. */
struct aq_guest_file {
    uint64_t size;
    mode_t mode; /* permission bits in the guest */
};

/* TRANSFER_CORRUPT, GUEST_FILE_NOT_FOUND, GUEST_REFUSED (not a regular file, not readable), LIMIT_EXCEEDED,
   TIMEOUT, NO_SPACE or IO on the host. `file` may be NULL. */
int aq_channel_get(struct aq_channel *channel, const struct aq_guest_get *get, struct aq_guest_file *file,
                   struct aq_error *err);

/* Has the guest write all its dirty pages to its disks, and waits for it. */
int aq_channel_sync(struct aq_channel *channel, aq_deadline deadline, struct aq_error *err);

/* Has the guest write all its dirty pages to its disks and write no more until it is told to: programs that
   want to, wait. Through our helper it goes on by itself after `patience_ms`, and when the channel is closed
   or this process dies; the guest agent holds on until it is thawed (vm/quiesce.h sees to that).
   AGENT_REFUSED, GUEST_REFUSED with the guest's own words, NOT_SUPPORTED for a channel that cannot; then
   nothing is frozen. */
int aq_channel_fs_freeze(struct aq_channel *channel, unsigned patience_ms, aq_deadline deadline,
                         struct aq_error *err);

/* Lets it go on. *held: all has been frozen until now. */
int aq_channel_fs_thaw(struct aq_channel *channel, aq_deadline deadline, bool *held, struct aq_error *err);

/* What has to be sent through the port to thaw, should this process die before it has: for the channel that
   does not do so by itself; NULL for others. */
const char *aq_channel_fs_last_words(const struct aq_channel *channel);

/* The port's descriptor, still the channel's: for the same. */
int aq_channel_descriptor(const struct aq_channel *channel);

/* Text of the guest for a message: at most 200 bytes, only what can be printed. Uses `to` and returns it. */
const char *aq_guest_printable(const char *text, size_t length, char to[256]);

/* The GNU build-id (hex) of the rexx-guest that is at the other end; "" when not known: before it is ready,
   and for the agent. */
const char *aq_channel_build_id(const struct aq_channel *channel);

/* The host key that an SSH server has shown, "TYPE KEY"; "" when not known, and for the others. */
const char *aq_channel_host_key(const struct aq_channel *channel);

/* Where in the guest that rexx-guest's file is; "" when not known. */
const char *aq_channel_runner_path(const struct aq_channel *channel);

#endif
