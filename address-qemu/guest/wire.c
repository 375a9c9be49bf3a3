/* SPDX-License-Identifier: MIT */
#include "guest/wire.h"

#include <string.h>

/* Eight tables, so that eight bytes are taken at a time: the check must not be what limits a transfer. */
static uint32_t crc_table[8][256];

static void make_crc_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320U : 0);
        crc_table[0][i] = crc;
    }
    for (int slice = 1; slice < 8; slice++)
        for (int i = 0; i < 256; i++)
            crc_table[slice][i] =
                (crc_table[slice - 1][i] >> 8) ^ crc_table[0][crc_table[slice - 1][i] & 0xFF];
}

__attribute__((constructor)) static void prepare(void)
{
    make_crc_table();
}

uint32_t aq_crc32(uint32_t crc, const void *data, size_t length)
{
    const unsigned char *p = data;
    crc = ~crc;
    for (; length >= 8; length -= 8, p += 8) {
        uint32_t low = aq_wire_get32(p) ^ crc;
        crc = crc_table[7][low & 0xFF] ^ crc_table[6][(low >> 8) & 0xFF] ^ crc_table[5][(low >> 16) & 0xFF] ^
              crc_table[4][low >> 24] ^ crc_table[3][p[4]] ^ crc_table[2][p[5]] ^ crc_table[1][p[6]] ^
              crc_table[0][p[7]];
    }
    for (; length > 0; length--, p++)
        crc = (crc >> 8) ^ crc_table[0][(crc ^ *p) & 0xFF];
    return ~crc;
}

static void put16(unsigned char *to, unsigned value)
{
    to[0] = (unsigned char)value;
    to[1] = (unsigned char)(value >> 8);
}

static unsigned get16(const unsigned char *from)
{
    return from[0] | (unsigned)from[1] << 8;
}

void aq_wire_put32(unsigned char *to, uint32_t value)
{
    put16(to, value & 0xFFFF);
    put16(to + 2, value >> 16);
}

void aq_wire_put64(unsigned char *to, uint64_t value)
{
    aq_wire_put32(to, (uint32_t)value);
    aq_wire_put32(to + 4, (uint32_t)(value >> 32));
}

uint32_t aq_wire_get32(const unsigned char *from)
{
    return get16(from) | (uint32_t)get16(from + 2) << 16;
}

uint64_t aq_wire_get64(const unsigned char *from)
{
    return aq_wire_get32(from) | (uint64_t)aq_wire_get32(from + 4) << 32;
}

static unsigned header_check(const unsigned char *header)
{
    return aq_crc32(0, header + 4, AQ_WIRE_HEADER - 4) & 0xFFFF;
}

static bool header_valid(const unsigned char *header)
{
    return get16(header) == AQ_WIRE_MAGIC && get16(header + 2) == header_check(header) && header[4] != 0 &&
           header[4] < AQ_WIRE_TYPES && aq_wire_get32(header + 8) <= AQ_WIRE_PAYLOAD_MAX;
}

/* A header that may open a session. Its length is small, so a false one cannot keep the hunt waiting for
 * long. */
static bool header_greets(const unsigned char *header)
{
    return get16(header) == AQ_WIRE_MAGIC &&
           (header[4] == AQ_WIRE_HELLO || header[4] == AQ_WIRE_HELLO_ANSWER) &&
           aq_wire_get32(header + 8) <= AQ_WIRE_HELLO_MAX && header_valid(header);
}

unsigned char *aq_wire_room(struct aq_wire_parser *parser, size_t *room)
{
    if (parser->start == parser->end)
        parser->start = parser->end = 0;
    if (parser->start > 0 && parser->end > sizeof parser->bytes / 2) {
        memmove(parser->bytes, parser->bytes + parser->start, parser->end - parser->start);
        parser->end -= parser->start;
        parser->start = 0;
    }
    *room = sizeof parser->bytes - parser->end;
    return parser->bytes + parser->end;
}

/* Takes the frame at the start if it is complete: 1, 0 incomplete, -1 its payload is not what was sent. */
static int take_frame(struct aq_wire_parser *parser, struct aq_frame *frame)
{
    const unsigned char *header = parser->bytes + parser->start;
    size_t length = aq_wire_get32(header + 8);
    if (parser->end - parser->start < AQ_WIRE_HEADER + length)
        return 0;
    if (aq_crc32(0, header + AQ_WIRE_HEADER, length) != aq_wire_get32(header + 12))
        return -1;
    *frame = (struct aq_frame){.type = header[4],
                               .flags = header[5],
                               .channel = (uint16_t)get16(header + 6),
                               .length = (uint32_t)length,
                               .payload = header + AQ_WIRE_HEADER};
    parser->start += AQ_WIRE_HEADER + length;
    return 1;
}

static int hunt(struct aq_wire_parser *parser, struct aq_frame *frame)
{
    for (; parser->end - parser->start >= AQ_WIRE_HEADER; parser->start++) {
        if (!header_greets(parser->bytes + parser->start))
            continue;
        int taken = take_frame(parser, frame);
        if (taken >= 0) {
            parser->hunting = taken == 0;
            return taken;
        }
    }
    return 0;
}

int aq_wire_next(struct aq_wire_parser *parser, struct aq_frame *frame)
{
    if (parser->hunting)
        return hunt(parser, frame);
    while (parser->start < parser->end && parser->bytes[parser->start] == 0)
        parser->start++; /* padding */
    if (parser->end - parser->start < AQ_WIRE_HEADER)
        return 0;
    int taken = header_valid(parser->bytes + parser->start) ? take_frame(parser, frame) : -1;
    if (taken < 0)
        parser->hunting = true;
    return taken;
}

size_t aq_wire_queue_room(const struct aq_wire_queue *queue)
{
    return queue->size - (queue->end - queue->start);
}

static unsigned char *queue_tail(struct aq_wire_queue *queue, size_t length)
{
    if (aq_wire_queue_room(queue) < length)
        return NULL;
    if (queue->size - queue->end < length) {
        memmove(queue->bytes, queue->bytes + queue->start, queue->end - queue->start);
        queue->end -= queue->start;
        queue->start = 0;
    }
    return queue->bytes + queue->end;
}

unsigned char *aq_wire_reserve(struct aq_wire_queue *queue, size_t length)
{
    unsigned char *tail = queue_tail(queue, AQ_WIRE_HEADER + length);
    return tail == NULL ? NULL : tail + AQ_WIRE_HEADER;
}

static void finish_frame(struct aq_wire_queue *queue, enum aq_wire_type type, unsigned flags,
                         unsigned channel, size_t length)
{
    unsigned char *header = queue->bytes + queue->end;
    put16(header, AQ_WIRE_MAGIC);
    header[4] = (unsigned char)type;
    header[5] = (unsigned char)flags;
    put16(header + 6, channel);
    aq_wire_put32(header + 8, (uint32_t)length);
    aq_wire_put32(header + 12, aq_crc32(0, header + AQ_WIRE_HEADER, length));
    put16(header + 2, header_check(header));
    queue->end += AQ_WIRE_HEADER + length;
}

void aq_wire_commit(struct aq_wire_queue *queue, enum aq_wire_type type, unsigned channel, size_t length)
{
    finish_frame(queue, type, 0, channel, length);
}

bool aq_wire_send(struct aq_wire_queue *queue, enum aq_wire_type type, unsigned flags, unsigned channel,
                  const void *payload, size_t length)
{
    unsigned char *to = aq_wire_reserve(queue, length);
    if (to == NULL)
        return false;
    if (length > 0)
        memcpy(to, payload, length);
    finish_frame(queue, type, flags, channel, length);
    return true;
}

bool aq_wire_send_padding(struct aq_wire_queue *queue)
{
    unsigned char *tail = queue_tail(queue, AQ_WIRE_PADDING);
    if (tail == NULL)
        return false;
    memset(tail, 0, AQ_WIRE_PADDING);
    queue->end += AQ_WIRE_PADDING;
    return true;
}

const char *aq_wire_string(const unsigned char **from, const unsigned char *end)
{
    const unsigned char *stop = *from < end ? memchr(*from, 0, (size_t)(end - *from)) : NULL;
    if (stop == NULL)
        return NULL;
    const char *text = (const char *)*from;
    *from = stop + 1;
    return text;
}
