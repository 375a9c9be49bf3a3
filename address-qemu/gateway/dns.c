/* SPDX-License-Identifier: MIT */
#include "gateway/dns.h"

#include <ctype.h>
#include <string.h>

#include "gateway/bytes.h"

enum {
    FLAG_RESPONSE = 0x8000,
    FLAG_OPCODE = 0x7800,
    FLAG_TRUNCATED = 0x0200,
    FLAG_DESIRED = 0x0100,
    FLAG_AVAILABLE = 0x0080,
    CODE_MASK = 0x000f,
    CLASS_IN = 1,
    POINTER = 0xc0,
    LABEL_MAX = 63,
    RECORD_FIXED = 10, /* type, class, TTL, length */
    SECONDS_MAX = 300,
};

static unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Adds a label to a name. Bytes that no host name has become '?', which fits no rule. */
static bool add_label(const unsigned char *label, size_t size, char name[AQ_HOST_NAME_MAX + 1],
                      size_t *length)
{
    if (*length + (*length > 0) + size > AQ_HOST_NAME_MAX)
        return false;
    if (*length > 0)
        name[(*length)++] = '.';
    for (size_t i = 0; i < size; i++) {
        bool plain = isalnum(label[i]) || label[i] == '-' || label[i] == '_';
        name[(*length)++] = plain ? (char)lower(label[i]) : '?';
    }
    return true;
}

/* Reads the name of a question, which has no pointers; the length of its bytes, 0 when it is none. */
static size_t read_name(const unsigned char *at, size_t room, char name[AQ_HOST_NAME_MAX + 1])
{
    size_t used = 0, length = 0;
    while (used < room && at[used] != 0) {
        size_t label = at[used];
        if (label > LABEL_MAX || used + 1 + label >= room || !add_label(at + used + 1, label, name, &length))
            return 0;
        used += 1 + label;
    }
    name[length] = '\0';
    return used < room ? used + 1 : 0;
}

bool aq_dns_parse_question(const unsigned char *message, size_t length, struct aq_dns_question *question)
{
    *question = (struct aq_dns_question){0};
    if (length < AQ_DNS_HEADER)
        return false;
    uint16_t flags = aq_get16(message + 2);
    question->id = aq_get16(message);
    question->recursion = (flags & FLAG_DESIRED) != 0;
    if ((flags & (FLAG_RESPONSE | FLAG_OPCODE)) != 0 || aq_get16(message + 4) != 1)
        return false;
    const unsigned char *at = message + AQ_DNS_HEADER;
    size_t room = length - AQ_DNS_HEADER;
    size_t name = read_name(at, room, question->name);
    if (name == 0 || room - name < 4 || aq_get16(at + name + 2) != CLASS_IN)
        return false;
    question->type = aq_get16(at + name);
    question->length = name + 4;
    memcpy(question->bytes, at, question->length);
    return true;
}

void aq_dns_make_question(const char *name, enum aq_dns_type type, struct aq_dns_question *question)
{
    unsigned char *at = question->bytes;
    *question = (struct aq_dns_question){.type = type, .recursion = true};
    memcpy(question->name, name, strlen(name) + 1);
    for (const char *label = name; *label != '\0';) {
        size_t size = strcspn(label, ".");
        *at++ = (unsigned char)size;
        memcpy(at, label, size);
        at += size;
        label += size + (label[size] == '.');
    }
    *at++ = 0;
    aq_put16(at, type);
    aq_put16(at + 2, CLASS_IN);
    question->length = (size_t)(at + 4 - question->bytes);
}

/* The length of a name that may end in a pointer; 0 when it is none. */
static size_t skip_name(const unsigned char *at, size_t room)
{
    for (size_t used = 0; used < room;) {
        if (at[used] == 0)
            return used + 1;
        if ((at[used] & POINTER) == POINTER)
            return used + 2 <= room ? used + 2 : 0;
        if (at[used] > LABEL_MAX)
            return 0;
        used += 1 + at[used];
    }
    return 0;
}

/* Takes one record in; its length, 0 when it is none. */
static size_t take_record(const unsigned char *at, size_t room, struct aq_dns_answer *answer)
{
    size_t name = skip_name(at, room);
    if (name == 0 || room - name < RECORD_FIXED)
        return 0;
    const unsigned char *fixed = at + name;
    uint16_t type = aq_get16(fixed), size = aq_get16(fixed + 8);
    uint32_t seconds = aq_get32(fixed + 4);
    if (room - name - RECORD_FIXED < size)
        return 0;
    bool address = (type == AQ_DNS_A && size == 4) || (type == AQ_DNS_AAAA && size == 16);
    if (address && aq_get16(fixed + 2) == CLASS_IN && answer->count < AQ_DNS_ADDRESSES_MAX) {
        const unsigned char *value = fixed + RECORD_FIXED;
        answer->addresses[answer->count++] = size == 4 ? aq_ip_from4(value) : aq_ip_from6(value);
        if (seconds < answer->seconds)
            answer->seconds = seconds;
    }
    return name + RECORD_FIXED + size;
}

/* The question that comes back is the one that was sent, letters' case aside. */
static bool same_question(const unsigned char *at, const struct aq_dns_question *question)
{
    for (size_t i = 0; i < question->length; i++) {
        if (lower(question->bytes[i]) != lower(at[i]))
            return false;
    }
    return true;
}

bool aq_dns_parse_answer(const unsigned char *message, size_t length, uint16_t id,
                         const struct aq_dns_question *question, struct aq_dns_answer *answer)
{
    *answer = (struct aq_dns_answer){.seconds = SECONDS_MAX};
    if (length < AQ_DNS_HEADER + question->length || aq_get16(message) != id ||
        (aq_get16(message + 2) & FLAG_RESPONSE) == 0 || aq_get16(message + 4) != 1 ||
        !same_question(message + AQ_DNS_HEADER, question))
        return false;
    answer->code = aq_get16(message + 2) & CODE_MASK;
    answer->truncated = (aq_get16(message + 2) & FLAG_TRUNCATED) != 0;
    size_t at = AQ_DNS_HEADER + question->length;
    for (unsigned left = aq_get16(message + 6); left > 0; left--) {
        size_t record = take_record(message + at, length - at, answer);
        if (record == 0)
            break;
        at += record;
    }
    return true;
}

size_t aq_dns_build_question(unsigned char message[AQ_DNS_HEADER + AQ_DNS_QUESTION_MAX], uint16_t id,
                             const struct aq_dns_question *question)
{
    memset(message, 0, AQ_DNS_HEADER);
    aq_put16(message, id);
    aq_put16(message + 2, FLAG_DESIRED);
    aq_put16(message + 4, 1);
    /* In one case throughout: the letters' case could carry a message of the guest's. */
    memcpy(message + AQ_DNS_HEADER, question->bytes, question->length);
    for (size_t i = 0; i + 4 < question->length; i++)
        message[AQ_DNS_HEADER + i] = lower(question->bytes[i]);
    return AQ_DNS_HEADER + question->length;
}

size_t aq_dns_build_answer(unsigned char message[AQ_DNS_ANSWER_MAX], const struct aq_dns_question *question,
                           const struct aq_dns_answer *answer)
{
    uint16_t flags =
        (uint16_t)(FLAG_RESPONSE | FLAG_AVAILABLE | answer->code | (question->recursion ? FLAG_DESIRED : 0));
    unsigned char *at = message + AQ_DNS_HEADER;
    unsigned count = 0;
    memset(message, 0, AQ_DNS_HEADER);
    memcpy(at, question->bytes, question->length);
    at += question->length;
    for (unsigned i = 0; i < answer->count; i++) {
        bool four = aq_ip_is4(&answer->addresses[i]);
        if (question->type != (four ? AQ_DNS_A : AQ_DNS_AAAA))
            continue;
        uint16_t size = four ? 4 : 16;
        aq_put16(at, POINTER << 8 | AQ_DNS_HEADER);
        aq_put16(at + 2, question->type);
        aq_put16(at + 4, CLASS_IN);
        aq_put32(at + 6, answer->seconds);
        aq_put16(at + 10, size);
        memcpy(at + 12, answer->addresses[i].bytes + 16 - size, size);
        at += 12 + size;
        count++;
    }
    aq_put16(message, question->id);
    aq_put16(message + 2, flags);
    aq_put16(message + 4, 1);
    aq_put16(message + 6, (uint16_t)count);
    return (size_t)(at - message);
}
