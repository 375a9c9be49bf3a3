/* SPDX-License-Identifier: MIT */
/* DNS messages, as far as a nameserver needs that answers for listed names and hands other questions on (RFC
 * 1035). What comes in is hostile on both sides. */
#ifndef AQ_GATEWAY_DNS_H
#define AQ_GATEWAY_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/egress.h"

#define AQ_DNS_PORT 53
#define AQ_DNS_HEADER 12
#define AQ_DNS_QUESTION_MAX (AQ_HOST_NAME_MAX + 2 + 4) /* labels, their end, type and class */
#define AQ_DNS_MESSAGE_MAX 65535
#define AQ_DNS_ADDRESSES_MAX 32

enum aq_dns_type { AQ_DNS_A = 1, AQ_DNS_AAAA = 28 };
enum aq_dns_code { AQ_DNS_OK = 0, AQ_DNS_SERVFAIL = 2, AQ_DNS_NXDOMAIN = 3, AQ_DNS_REFUSED = 5 };

/* A question as it came. */
struct aq_dns_question {
    uint16_t id, type;
    bool recursion;                           /* desired */
    char name[AQ_HOST_NAME_MAX + 1];          /* lower case; "" is the root */
    unsigned char bytes[AQ_DNS_QUESTION_MAX]; /* as written: name, type, class */
    size_t length;
};

/* Takes a standard query of one question of class IN apart. False for anything else. */
bool aq_dns_parse_question(const unsigned char *message, size_t length, struct aq_dns_question *question);

/* The same for a name that a rule has. */
void aq_dns_make_question(const char *name, enum aq_dns_type type, struct aq_dns_question *question);

/* What was answered: addresses that the question's name has, by way of other names or not. */
struct aq_dns_answer {
    enum aq_dns_code code;
    bool truncated;
    uint32_t seconds; /* the answer is good for */
    unsigned count;
    struct aq_ip addresses[AQ_DNS_ADDRESSES_MAX];
};

/* Takes the answer to `question`, which was sent with that id, apart. False when it is not one. */
bool aq_dns_parse_answer(const unsigned char *message, size_t length, uint16_t id,
                         const struct aq_dns_question *question, struct aq_dns_answer *answer);

/* A question as it is sent on: nothing of it but name and type is the guest's. Returns its length. */
size_t aq_dns_build_question(unsigned char message[AQ_DNS_HEADER + AQ_DNS_QUESTION_MAX], uint16_t id,
                             const struct aq_dns_question *question);

/* An answer to a guest, of the addresses that its question's type wants. Returns its length. */
#define AQ_DNS_ANSWER_MAX (AQ_DNS_HEADER + AQ_DNS_QUESTION_MAX + AQ_DNS_ADDRESSES_MAX * 28)
size_t aq_dns_build_answer(unsigned char message[AQ_DNS_ANSWER_MAX], const struct aq_dns_question *question,
                           const struct aq_dns_answer *answer);

#endif
