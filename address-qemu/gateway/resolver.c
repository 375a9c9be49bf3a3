/* SPDX-License-Identifier: MIT */
#include "gateway/resolver.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/bytes.h"
#include "gateway/sockets.h"

enum { TRY_MS = 2000, LEARN_AGAIN_MS = 30000, ROUNDS = 2, HOSTS_SECONDS = 60, VMS_SECONDS = 5 };

void aq_resolver_init(struct aq_resolver *resolver)
{
    if (resolver->domain == NULL)
        resolver->domain = "";
    for (unsigned i = 0; i < AQ_QUESTIONS_MAX; i++)
        resolver->asked[i].fd = -1;
}

static void give_up(struct aq_asked *asked)
{
    if (asked->fd >= 0)
        close(asked->fd);
    asked->fd = -1;
}

static bool is_own(const struct aq_asked *asked)
{
    return asked->client.port == 0;
}

/* Sends an answer of our own making. */
static void answer(struct aq_resolver *resolver, const struct aq_asked *asked,
                   const struct aq_dns_answer *contents)
{
    unsigned char message[AQ_DNS_ANSWER_MAX];
    if (is_own(asked))
        return;
    size_t length = aq_dns_build_answer(message, &asked->question, contents);
    resolver->answer(resolver->data, &asked->server, &asked->client, message, length);
}

static void answer_code(struct aq_resolver *resolver, const struct aq_asked *asked, enum aq_dns_code code)
{
    const struct aq_dns_answer contents = {.code = code};
    answer(resolver, asked, &contents);
}

/* One of our own has no answer. */
static void learn_again(struct aq_resolver *resolver, int64_t now_ms)
{
    if (resolver->learn_again_ms == 0)
        resolver->learn_again_ms = now_ms + LEARN_AGAIN_MS;
}

/* Asks the next nameserver, from a new port of the system's choice. */
static int ask_next(struct aq_resolver *resolver, struct aq_asked *asked, int64_t now_ms)
{
    give_up(asked);
    while (asked->tries < resolver->server_count * ROUNDS) {
        asked->asked_at = (asked->first + asked->tries++) % resolver->server_count;
        const struct aq_endpoint *server = &resolver->servers[asked->asked_at];
        asked->fd = aq_real_socket(aq_ip_is4(&server->ip) ? AF_INET : AF_INET6,
                                   SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        asked->until_ms = now_ms + TRY_MS;
        if (asked->fd >= 0 && aq_real_connect(asked->fd, server) == 0 &&
            send(asked->fd, asked->sent, asked->sent_length, MSG_NOSIGNAL) >= 0)
            return 0;
        give_up(asked);
    }
    if (is_own(asked) && resolver->server_count > 0)
        learn_again(resolver, now_ms);
    answer_code(resolver, asked, AQ_DNS_SERVFAIL);
    return -1;
}

static struct aq_asked *free_place(struct aq_resolver *resolver, bool own)
{
    unsigned end = own ? AQ_QUESTIONS_OWN : AQ_QUESTIONS_MAX;
    for (unsigned i = own ? 0 : AQ_QUESTIONS_OWN; i < end; i++)
        if (resolver->asked[i].fd < 0)
            return &resolver->asked[i];
    return NULL;
}

/* Puts a question on its way; `whole` is the guest's own message, NULL: it is written anew. When there are
   too many under way it is lost, as any datagram may be; whoever asked will ask again. */
static void ask(struct aq_resolver *resolver, const struct aq_asked *wanted, const struct aq_packet *whole,
                int64_t now_ms)
{
    struct aq_asked *asked = free_place(resolver, is_own(wanted));
    if (asked == NULL)
        return;
    *asked = *wanted;
    asked->fd = asked->place = -1;
    asked->first = resolver->preferred;
    asked->whole = whole != NULL;
    if (getrandom(&asked->id, sizeof asked->id, GRND_NONBLOCK) != sizeof asked->id)
        return;
    if (whole != NULL) {
        memcpy(asked->sent, whole->payload, whole->payload_length);
        aq_put16(asked->sent, asked->id);
        asked->sent_length = whole->payload_length;
    } else {
        asked->sent_length = aq_dns_build_question(asked->sent, asked->id, &asked->question);
    }
    ask_next(resolver, asked, now_ms);
}

/* Answers from what is known without asking. False when the name is not. */
static bool answer_known(struct aq_resolver *resolver, const struct aq_asked *asked)
{
    struct aq_dns_answer contents = {.seconds = HOSTS_SECONDS};
    if (resolver->is_vm != NULL &&
        resolver->is_vm(resolver->data, asked->question.name, &contents.addresses[0])) {
        contents.seconds = VMS_SECONDS;
        contents.count = 1;
    }
    for (unsigned i = 0; i < resolver->host_count && contents.count < AQ_DNS_ADDRESSES_MAX; i++)
        if (strcmp(resolver->hosts[i].name, asked->question.name) == 0)
            contents.addresses[contents.count++] = resolver->hosts[i].address;
    if (contents.count == 0)
        return false;
    answer(resolver, asked, &contents);
    return true;
}

/* A name of the private network that no VM which runs has. */
static bool is_in_domain(const struct aq_resolver *resolver, const char *name)
{
    size_t length = strlen(name), size = strlen(resolver->domain);
    return size > 0 && length > size && name[length - size - 1] == '.' &&
           strcasecmp(name + length - size, resolver->domain) == 0;
}

bool aq_resolver_ask(struct aq_resolver *resolver, const struct aq_packet *packet, int64_t now_ms,
                     char name[AQ_HOST_NAME_MAX + 1])
{
    struct aq_asked asked = {.client = {packet->source, packet->source_port},
                             .server = {packet->target, packet->target_port}};
    bool any = aq_policy_resolves_all(resolver->policy);
    bool plain = aq_dns_parse_question(packet->payload, packet->payload_length, &asked.question);
    memcpy(name, asked.question.name, sizeof asked.question.name);
    if (plain && answer_known(resolver, &asked))
        return true;
    if (plain && is_in_domain(resolver, asked.question.name)) {
        answer_code(resolver, &asked, AQ_DNS_NXDOMAIN);
        return true;
    }
    if (any && packet->payload_length >= AQ_DNS_HEADER && packet->payload_length <= AQ_ASKED_MAX) {
        ask(resolver, &asked, packet, now_ms);
        return true;
    }
    if (!plain)
        return false;
    if (!aq_policy_resolves(resolver->policy, asked.question.name)) {
        answer_code(resolver, &asked, AQ_DNS_REFUSED);
        return false;
    }
    if (asked.question.type == AQ_DNS_A || asked.question.type == AQ_DNS_AAAA)
        ask(resolver, &asked, NULL, now_ms);
    else
        answer_code(resolver, &asked, AQ_DNS_OK); /* the name is there, but has nothing of that kind */
    return true;
}

static bool is_rules_name(const struct aq_policy *policy, const char *name)
{
    for (unsigned i = 0; i < policy->egress.count; i++)
        if (policy->egress.rules[i].where == AQ_EGRESS_NAME &&
            aq_name_fits(policy->egress.rules[i].name, name))
            return true;
    return false;
}

/* What a rule's name has turned out to mean. */
static void learn(struct aq_resolver *resolver, const char *name, const struct aq_dns_answer *contents)
{
    if (is_rules_name(resolver->policy, name))
        for (unsigned i = 0; i < contents->count; i++)
            aq_names_learn(&resolver->policy->names, name, &contents->addresses[i]);
}

/* Answers a question that was handed on as it was with what came back, under the guest's own number. */
static void hand_back(struct aq_resolver *resolver, const struct aq_asked *asked, unsigned char *message,
                      size_t length)
{
    aq_put16(message, asked->question.id);
    resolver->answer(resolver->data, &asked->server, &asked->client, message, length);
}

static void take_answer(struct aq_resolver *resolver, struct aq_asked *asked, int64_t now_ms)
{
    static unsigned char message[AQ_DNS_MESSAGE_MAX];
    struct aq_dns_answer contents;
    ssize_t got = recv(asked->fd, message, sizeof message, MSG_DONTWAIT);
    if (got < 0) {
        if (errno != EAGAIN && errno != EINTR)
            ask_next(resolver, asked, now_ms); /* nobody listens there */
        return;
    }
    size_t length = (size_t)got;
    bool fits = asked->question.length > 0
                    ? aq_dns_parse_answer(message, length, asked->id, &asked->question, &contents)
                    : length >= AQ_DNS_HEADER && aq_get16(message) == asked->id;
    if (!fits)
        return; /* not from whom it was asked: the right one may still come */
    if (asked->question.length > 0)
        learn(resolver, asked->question.name, &contents);
    if (is_own(asked) && contents.code != AQ_DNS_OK && contents.code != AQ_DNS_NXDOMAIN)
        learn_again(resolver, now_ms);
    if (asked->whole)
        hand_back(resolver, asked, message, length);
    else
        answer(resolver, asked, &contents);
    give_up(asked);
}

/* Asks for names that are still to be learned, as far as there are places. */
static void learn_more(struct aq_resolver *resolver, int64_t now_ms)
{
    static const enum aq_dns_type types[] = {AQ_DNS_A, AQ_DNS_AAAA};
    const struct aq_egress *egress = &resolver->policy->egress;
    while (resolver->to_learn < 2 * egress->count && free_place(resolver, true) != NULL) {
        unsigned next = resolver->to_learn++;
        const struct aq_egress_rule *rule = &egress->rules[next / 2];
        struct aq_asked asked = {.question.type = types[next % 2]};
        if (rule->where != AQ_EGRESS_NAME || rule->name[0] == '*')
            continue;
        aq_dns_make_question(rule->name, types[next % 2], &asked.question);
        ask(resolver, &asked, NULL, now_ms);
    }
}

void aq_resolver_learn_names(struct aq_resolver *resolver, int64_t now_ms)
{
    resolver->to_learn = 0;
    resolver->learn_again_ms = 0;
    learn_more(resolver, now_ms);
}

void aq_resolver_learn(struct aq_resolver *resolver, const char *name, const struct aq_ip *address)
{
    const struct aq_dns_answer contents = {.count = 1, .addresses = {*address}};
    learn(resolver, name, &contents);
}

void aq_resolver_add_host(struct aq_resolver *resolver, const char *name, const struct aq_ip *address)
{
    if (resolver->host_count == AQ_HOSTS_MAX)
        return;
    unsigned place = resolver->host_count++;
    snprintf(resolver->hosts[place].name, sizeof resolver->hosts[place].name, "%s", name);
    resolver->hosts[place].address = *address;
    aq_resolver_learn(resolver, name, address);
}

void aq_resolver_fill(struct aq_resolver *resolver, struct aq_polls *polls)
{
    for (unsigned i = 0; i < AQ_QUESTIONS_MAX; i++) {
        struct aq_asked *asked = &resolver->asked[i];
        asked->place = aq_polls_add(polls, asked->fd, POLLIN);
        if (asked->fd >= 0)
            aq_polls_call_at(polls, asked->until_ms);
    }
    if (resolver->learn_again_ms != 0)
        aq_polls_call_at(polls, resolver->learn_again_ms);
}

/* A nameserver that does not answer is not the first to be asked any more. */
static void silent(struct aq_resolver *resolver, struct aq_asked *asked, int64_t now_ms)
{
    if (asked->asked_at == resolver->preferred)
        resolver->preferred = (resolver->preferred + 1) % resolver->server_count;
    ask_next(resolver, asked, now_ms);
}

void aq_resolver_serve(struct aq_resolver *resolver, const struct aq_polls *polls, int64_t now_ms)
{
    for (unsigned i = 0; i < AQ_QUESTIONS_MAX; i++) {
        struct aq_asked *asked = &resolver->asked[i];
        if (asked->fd < 0)
            continue;
        if (aq_polls_events(polls, asked->place) != 0)
            take_answer(resolver, asked, now_ms);
        else if (asked->until_ms <= now_ms)
            silent(resolver, asked, now_ms);
    }
    if (resolver->learn_again_ms != 0 && resolver->learn_again_ms <= now_ms)
        aq_resolver_learn_names(resolver, now_ms);
    else
        learn_more(resolver, now_ms);
}
