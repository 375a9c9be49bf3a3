/* SPDX-License-Identifier: MIT */
/*
 * The guest's nameserver. Where ports of any address are allowed, a guest may ask for any name: its question
 * is handed on as it is to the host's nameservers. Where the rules name hosts, only those are answered, by a
 * question of our own in which nothing but the listed name goes out; the addresses that come back are what
 * the rule then means. Everything else is refused.
 */
#ifndef AQ_GATEWAY_RESOLVER_H
#define AQ_GATEWAY_RESOLVER_H

#include "gateway/build.h"
#include "gateway/dns.h"
#include "gateway/policy.h"
#include "gateway/polls.h"

#define AQ_NAMESERVERS_MAX 3
#define AQ_HOSTS_MAX 256
#define AQ_QUESTIONS_MAX 32
#define AQ_QUESTIONS_OWN 8 /* of them, which the guest cannot take: the first */
#define AQ_ASKED_MAX 1500  /* of a question that is handed on, in bytes */

/* A question under way. */
struct aq_asked {
    int fd; /* connected to the nameserver; -1: free */
    int place;
    bool whole;                      /* handed on as it came */
    unsigned tries, first, asked_at; /* nameservers, by their place in the list */
    uint16_t id;                     /* towards the nameserver */
    int64_t until_ms;
    struct aq_dns_question question;
    struct aq_endpoint client, server; /* who asks, and which address of ours; port 0: ourselves */
    unsigned char sent[AQ_ASKED_MAX];
    size_t sent_length;
};

struct aq_resolver {
    struct aq_policy *policy;
    struct aq_endpoint servers[AQ_NAMESERVERS_MAX];
    unsigned server_count, preferred;
    struct {
        char name[AQ_HOST_NAME_MAX + 1];
        struct aq_ip address;
    } hosts[AQ_HOSTS_MAX]; /* names that are known without asking */
    unsigned host_count;
    struct aq_asked asked[AQ_QUESTIONS_MAX];
    unsigned to_learn;      /* the rule whose name is asked for next, in both families: twice its place */
    int64_t learn_again_ms; /* when all are asked for again, since there was no answer; 0: no need */
    /* Is it the name of a VM of the private network? May be NULL. */
    bool (*is_vm)(void *data, const char *name, struct aq_ip *address);
    const char *domain; /* of that network, whose names are asked for nowhere else; "" for none */
    /* Sends an answer to the guest. */
    void (*answer)(void *data, const struct aq_endpoint *from, const struct aq_endpoint *to,
                   const unsigned char *message, size_t length);
    void *data;
};

/* Zero-initialised but for its policy and call back. */
void aq_resolver_init(struct aq_resolver *resolver);

/* Takes a question of the guest's. False when it is refused for its name, which is then in `name` (the guest
   has been told). */
bool aq_resolver_ask(struct aq_resolver *resolver, const struct aq_packet *packet, int64_t now_ms,
                     char name[AQ_HOST_NAME_MAX + 1]);

/* Finds the addresses of the rules' names out, so that a guest that remembers them from an earlier life can
   go on, and what is denied by name is. Asks again after a while for what nobody had an answer to. */
void aq_resolver_learn_names(struct aq_resolver *resolver, int64_t now_ms);

/* An address of a name: what the rules that have that name then mean. */
void aq_resolver_learn(struct aq_resolver *resolver, const char *name, const struct aq_ip *address);

/* A name that is known from the host's /etc/hosts. */
void aq_resolver_add_host(struct aq_resolver *resolver, const char *name, const struct aq_ip *address);

void aq_resolver_fill(struct aq_resolver *resolver, struct aq_polls *polls);
void aq_resolver_serve(struct aq_resolver *resolver, const struct aq_polls *polls, int64_t now_ms);

#endif
