/* SPDX-License-Identifier: MIT */
/*
 * What the host and our helper in a guest say to each other over a virtio-serial port. Both ends are built
 * from this file; it needs nothing but the C library.
 *
 * THE STREAM is frames, one after another; all numbers are little-endian.
 *
 *   offset  size
 *        0     2  magic, 0x5141 ("AQ")
 *        2     2  header check: the low half of the CRC-32 of bytes 4 … 15
 *        4     1  type
 *        5     1  flags
 *        6     2  channel: 0 the session, else the one operation that the frame belongs to
 *        8     4  length of the payload, at most 64 KiB
 *       12     4  CRC-32 (IEEE 802.3) of the payload
 *       16        payload
 *
 * SESSIONS. A session starts with HELLO from the host, preceded by 64 KiB of zeros, and ends with the next
 * HELLO, when the host hangs up, or when something is not as it should be (a bad check, an unknown type, a
 * credit exceeded). The end of a session ends its operations: commands are killed with their descendants,
 * half-written files vanish. The zeros are as long as the longest payload, so they complete whatever frame a
 * dead host left unfinished, which then fails its CRC; between frames zeros mean nothing. (Who knows that no
 * frame is unfinished, as in a clone of a guest that was frozen between two, may leave them away.) Without a
 * session each end looks at every byte position for a HELLO or HELLO_ANSWER and drops all else. HELLO carries
 * a nonce that the answer repeats; an answer with another nonce belongs to an earlier session. The guest
 * announces itself with nonce 0 when it opens its port, and, after 64 KiB of zeros, when it has ended a
 * session for something that was not as it should be: a host in a session knows by it that all is lost, one
 * that waits says HELLO again.
 *
 * OPERATIONS. The host picks a channel number that is free and opens it with EXEC, PUT, GET, SYNC, FREEZE,
 * REPAIR, THAW or CLOCK. The guest closes it with EXIT, DONE, FROZEN, REPAIRED, THAWED, CLOCK or ERROR, once.
 * Frames from the host for a channel that the guest has closed are dropped: they were under way. A request
 * longer than a frame is continued in further frames of its type: all but the last have the flag MORE;
 * nothing else comes in between.
 *
 * CLONES. A guest that is to be a template is frozen (all its programs stand still but the helper), and its
 * clones, while that is still so, are given by REPAIR what each needs of its own and let go on by THAW, which
 * sets the clock to the moment that the answer to REPAIR made known.
 *
 * FLOW CONTROL. On each channel each end may send 256 KiB of STDIN, STDOUT, STDERR, SIDE and DATA payload
 * together; CREDIT gives more as the receiver has dealt with it. So a slow reader holds up its own command
 * and nothing else, and neither end ever stores more than a window a channel. SIDE to the guest takes no
 * credit: it is not stored there; a line that the command has no room for is dropped.
 */
#ifndef AQ_GUEST_WIRE_H
#define AQ_GUEST_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AQ_WIRE_VERSION 1
#define AQ_WIRE_MAGIC 0x5141
#define AQ_WIRE_HEADER 16
#define AQ_WIRE_PAYLOAD_MAX 65536
#define AQ_WIRE_WINDOW 262144
#define AQ_WIRE_PADDING AQ_WIRE_PAYLOAD_MAX
#define AQ_WIRE_REQUEST_MAX 262144 /* a whole request, all its frames together */
#define AQ_WIRE_HELLO_MAX 512      /* payload of HELLO and HELLO_ANSWER */
#define AQ_WIRE_CHANNELS 64        /* open at once */
#define AQ_WIRE_MORE 1             /* flag: the request goes on in the next frame */
#define AQ_WIRE_WITH_SIDE 2        /* flag of EXEC's first frame: with a side channel (guest/side.h) */

/* Strings in payloads end with a NUL. h: sent by the host, g: by the guest. */
enum aq_wire_type {
    AQ_WIRE_HELLO = 1,    /* h: u64 nonce, u32 version */
    AQ_WIRE_HELLO_ANSWER, /* g: u64 nonce, u32 version, string build-id (hex), string path of the program */
    AQ_WIRE_PING,         /* h: any payload up to 64 bytes; channel 0 */
    AQ_WIRE_PONG,         /* g: the same */
    AQ_WIRE_CREDIT,       /* both: u32 bytes more */
    AQ_WIRE_EXEC,  /* h: u32 argument count, u32 environment count, strings: folder, arguments, NAME=VALUEs */
    AQ_WIRE_STDIN, /* h: bytes; an empty payload is the end of the input */
    AQ_WIRE_STDOUT, /* g: bytes */
    AQ_WIRE_STDERR, /* g: bytes */
    AQ_WIRE_EXIT,   /* g: u32 exit code (128 + signal if a signal ended it), u32 signal */
    AQ_WIRE_KILL,   /* h: ends the command and all its descendants; answered by EXIT */
    AQ_WIRE_PUT,    /* h: u32 mode, u32 1: make folders, strings: path, owner; then DATA and DONE */
    AQ_WIRE_GET,    /* h: string path; answered by DATA and DONE */
    AQ_WIRE_DATA,   /* both: bytes of the file */
    AQ_WIRE_DONE,   /* both: u64 size, u32 CRC-32 of all the bytes, u32 mode. After PUT's DATA from the host,
                       when   the guest repeats it as soon as the file has its name; after GET's DATA from the
                       guest; the   answer to SYNC, all zeros */
    AQ_WIRE_SYNC,   /* h: write everything to disk; answered by DONE */
    AQ_WIRE_CANCEL, /* h: give the PUT or GET up; answered by ERROR if it was not done already */
    AQ_WIRE_ERROR,  /* g: u32 Linux errno, string for a human */
    AQ_WIRE_SIDE,   /* both: a line of the command's side channel, without its line feed */
    AQ_WIRE_FREEZE, /* h: u32 milliseconds after which the guest thaws by itself, 0: it only prepares for
                       that; answered by FROZEN */
    AQ_WIRE_FROZEN, /* g: u32 1: all but the helper stands still; u32 count, strings: why it does not, and
                       what a clone needs its own of: the paths of the SSH servers' private host keys */
    AQ_WIRE_REPAIR, /* h: 64 bytes of seed, u32 count of files, strings: host name, machine-id, UUID; for
                       each file: string path, u32 mode, u32 length, bytes. Answered by REPAIRED */
    AQ_WIRE_REPAIRED, /* g: u64 the time there, in nanoseconds since the Epoch */
    AQ_WIRE_THAW,     /* h: u64 nanoseconds by which the clock is to be moved before (two's complement);
                         answered by THAWED */
    AQ_WIRE_THAWED,   /* g: u64 the time there, u32 1: all has stood still until now */
    AQ_WIRE_CLOCK,    /* h: as THAW, but moves the clock alone. g: the answer, u64 the time there */
    AQ_WIRE_FSFREEZE, /* h: u32 milliseconds after which the guest thaws by itself: nothing is written to its
                         file systems from DONE (its size: how many they are) on. So too when the session ends
                       */
    AQ_WIRE_FSTHAW,   /* h: goes on; answered by DONE, whose mode is 1 when all was frozen until now */
    AQ_WIRE_TYPES
};

/* A frame that has been read. The payload stays valid until the parser is read into again. */
struct aq_frame {
    uint8_t type;
    uint8_t flags;
    uint16_t channel;
    uint32_t length;
    const unsigned char *payload;
};

/* Continues a CRC-32 (start with 0). */
uint32_t aq_crc32(uint32_t crc, const void *data, size_t length);

void aq_wire_put32(unsigned char *to, uint32_t value);
void aq_wire_put64(unsigned char *to, uint64_t value);
uint32_t aq_wire_get32(const unsigned char *from);
uint64_t aq_wire_get64(const unsigned char *from);

/* The reading end. Zero-initialise and set `hunting`. */
struct aq_wire_parser {
    bool hunting; /* no session: only a HELLO or HELLO_ANSWER is a frame, at whatever position */
    size_t start, end;
    unsigned char bytes[2 * (AQ_WIRE_HEADER + AQ_WIRE_PAYLOAD_MAX)];
};

/* Where to read to next and how much fits (never 0 after aq_wire_next has returned 0); then add to
 * parser->end. */
unsigned char *aq_wire_room(struct aq_wire_parser *parser, size_t *room);

/* The next frame, padding skipped: 1 (in hunting mode a HELLO or HELLO_ANSWER, which ends that mode), 0 when
   more bytes are needed, -1 when what is there is no frame: the parser has gone hunting and the session is
   over. */
int aq_wire_next(struct aq_wire_parser *parser, struct aq_frame *frame);

/* The writing end: frames that wait to be sent, in a block of fixed size. */
struct aq_wire_queue {
    unsigned char *bytes;
    size_t size, start, end;
};

/* Bytes that still fit, headers included. */
size_t aq_wire_queue_room(const struct aq_wire_queue *queue);

/* Adds a frame; the caller has made sure of the room (an aborted sender would be no better than a lost frame,
   so false is returned when there is none). */
bool aq_wire_send(struct aq_wire_queue *queue, enum aq_wire_type type, unsigned flags, unsigned channel,
                  const void *payload, size_t length);

/* The same in two steps, so that the payload can be read straight into its place: room for `length` bytes,
   then the frame of those that came. NULL when it does not fit. */
unsigned char *aq_wire_reserve(struct aq_wire_queue *queue, size_t length);
void aq_wire_commit(struct aq_wire_queue *queue, enum aq_wire_type type, unsigned channel, size_t length);

/* Adds the zeros that go before a HELLO. */
bool aq_wire_send_padding(struct aq_wire_queue *queue);

/* Takes the strings of a payload one after another: NULL when there is no further one that ends within it. */
const char *aq_wire_string(const unsigned char **from, const unsigned char *end);

#endif
