/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "companion/companion.h"
#include "gateway/sockets.h"

enum {
    ANSWER_MS = 1000,   /* a guest that is busy answers late */
    ASK_EVERY_MS = 100, /* one that is not up yet does not hear the question */
};

/* A command under way: its words after the first, and the descriptor that came with it. */
struct command {
    struct aq_companion *companion;
    int client;
    const char *words;
    int passed; /* -1 once it is kept */
};

static void ok(const struct command *command)
{
    aq_control_reply(command->client, "ok");
}

static void refuse(const struct command *command, const char *why)
{
    aq_control_reply(command->client, "error FAILED %s", why);
}

/* The descriptor that came with it becomes ours. */
static int keep(struct command *command)
{
    int fd = command->passed;
    command->passed = -1;
    return fd;
}

static void on_log(void *data, const char *line)
{
    struct aq_companion *companion = data;
    char text[320];
    int length = snprintf(text, sizeof text, "%s\n", line);
    aq_bounded_write(&companion->drop_log, text, (size_t)length);
}

static void on_port_answered(void *data, uint16_t port, bool open)
{
    aq_companion_port_answered(data, port, open);
}

static void do_card(struct command *command)
{
    struct aq_companion *companion = command->companion;
    struct aq_guest_card card;
    unsigned char *mac = card.mac;
    char address[AQ_IP_TEXT];
    if (sscanf(command->words, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx %45s", &mac[0], &mac[1], &mac[2], &mac[3],
               &mac[4], &mac[5], address) != 7 ||
        !aq_ip_parse(address, &card.address) || !aq_ip_is4(&card.address) || command->passed < 0 ||
        companion->gateway != NULL) {
        refuse(command, "a card has a MAC, an IPv4 address and a cable, once");
        return;
    }
    companion->gateway = calloc(1, sizeof *companion->gateway);
    if (companion->gateway == NULL)
        _exit(1);
    companion->gateway->log = on_log;
    companion->gateway->port_answered = on_port_answered;
    companion->gateway->data = companion;
    companion->gateway->now_ms = companion->now_ms;
    aq_gateway_open(companion->gateway, keep(command), &card);
    ok(command);
}

static void do_lease(struct command *command)
{
    struct aq_dhcp *dhcp = &command->companion->gateway->dhcp;
    if (sscanf(command->words, "%63s %127s", dhcp->hostname, dhcp->domain) != 2) {
        refuse(command, "a host name and a domain are wanted");
        return;
    }
    if (strcmp(dhcp->hostname, "-") == 0)
        dhcp->hostname[0] = '\0';
    if (strcmp(dhcp->domain, "-") == 0)
        dhcp->domain[0] = '\0';
    ok(command);
}

/* Puts the descriptor where it belongs, in place of the one that is there. */
static void take_descriptor(struct command *command, int *place)
{
    if (command->passed < 0) {
        refuse(command, "no descriptor came with it");
        return;
    }
    if (*place >= 0)
        close(*place);
    *place = keep(command);
    ok(command);
}

static void do_console(struct command *command)
{
    take_descriptor(command, &command->companion->console.guest);
}

static void do_console_log(struct command *command)
{
    command->companion->console.log.limit = AQ_CONSOLE_LOG_LIMIT;
    take_descriptor(command, &command->companion->console.log.fd);
}

static void do_console_socket(struct command *command)
{
    take_descriptor(command, &command->companion->console.listener);
}

static void do_drop_log(struct command *command)
{
    command->companion->drop_log.limit = AQ_DROP_LOG_LIMIT;
    take_descriptor(command, &command->companion->drop_log.fd);
}

static void do_control_socket(struct command *command)
{
    take_descriptor(command, &command->companion->control.listener);
}

/* "192.0.2.1", or with another port than DNS's "192.0.2.1#5353". */
static bool read_nameserver(char *text, struct aq_endpoint *server)
{
    char *hash = strchr(text, '#');
    unsigned port = AQ_DNS_PORT;
    if (hash != NULL) {
        *hash++ = '\0';
        if (sscanf(hash, "%5u", &port) != 1 || port == 0 || port > UINT16_MAX)
            return false;
    }
    server->port = (uint16_t)port;
    return aq_ip_parse(text, &server->ip);
}

static void do_nameservers(struct command *command)
{
    struct aq_endpoint servers[AQ_NAMESERVERS_MAX];
    unsigned count = 0;
    int used = 0;
    char text[AQ_IP_TEXT + 6];
    for (const char *at = command->words;
         count < AQ_NAMESERVERS_MAX && sscanf(at, "%51s%n", text, &used) == 1; at += used)
        if (!read_nameserver(text, &servers[count++])) {
            refuse(command, "a nameserver is an address");
            return;
        }
    aq_gateway_set_nameservers(command->companion->gateway, servers, count);
    ok(command);
}

static void do_hosts(struct command *command)
{
    struct aq_resolver *resolver = &command->companion->gateway->resolver;
    char name[AQ_HOST_NAME_MAX + 1], text[AQ_IP_TEXT];
    struct aq_ip address;
    int used = 0;
    resolver->host_count = 0;
    for (const char *at = command->words; sscanf(at, "%253s %45s%n", name, text, &used) == 2; at += used)
        if (aq_ip_parse(text, &address))
            aq_resolver_add_host(resolver, name, &address);
    ok(command);
}

static void do_names(struct command *command)
{
    const struct aq_names *names = &command->companion->gateway->policy.names;
    char text[AQ_IP_TEXT];
    for (unsigned i = 0; i < names->count; i++)
        aq_control_reply(command->client, "row %s %s", names->known[i].name,
                         aq_ip_text(&names->known[i].address, text));
    ok(command);
}

static void do_peer(struct command *command)
{
    char name[64], text[AQ_IP_TEXT];
    struct aq_ip address;
    if (command->passed < 0 || sscanf(command->words, "%63s %45s", name, text) != 2 ||
        !aq_ip_parse(text, &address)) {
        refuse(command, "another VM has a name, an address and a cable");
        return;
    }
    for (char *c = name; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    if (aq_gateway_add_peer(command->companion->gateway, name, &address, keep(command)))
        ok(command);
    else
        aq_control_reply(command->client,
                         "error LIMIT_EXCEEDED its private network has %d VMs that run, as many "
                         "as can be",
                         AQ_PEERS_MAX + 1);
}

static void do_rules(struct command *command)
{
    static struct aq_egress egress;
    struct aq_error err = {0};
    if (aq_egress_parse(command->words, &egress, &err) < 0) {
        aq_control_reply(command->client, "error %s %s", aq_error_name(err.code), err.text);
        return;
    }
    aq_gateway_set_rules(command->companion->gateway, &egress);
    ok(command);
}

/* "tcp 127.0.0.1 18080", and what follows it. */
static bool read_host_end(const char *words, bool *udp, struct aq_endpoint *host, unsigned *guest_port)
{
    *udp = false;
    char protocol[4], address[AQ_IP_TEXT];
    unsigned port;
    int got = sscanf(words, "%3[a-z] %45s %5u %5u", protocol, address, &port, guest_port);
    if (got < 3 || !aq_ip_parse(address, &host->ip) || port > UINT16_MAX)
        return false;
    *udp = strcmp(protocol, "udp") == 0;
    host->port = (uint16_t)port;
    return true;
}

static void do_forward(struct command *command)
{
    bool udp;
    struct aq_endpoint host;
    unsigned guest_port = 0;
    if (command->passed < 0 || !read_host_end(command->words, &udp, &host, &guest_port) || guest_port == 0 ||
        guest_port > UINT16_MAX) {
        refuse(command, "a forward has a protocol, an address, two ports and a socket");
        return;
    }
    if (aq_forwards_add(&command->companion->gateway->forwards, udp, &host, (uint16_t)guest_port,
                        keep(command)))
        ok(command);
    else
        refuse(command, "it has as many forwarded ports as it can have");
}

static void do_unforward(struct command *command)
{
    bool udp;
    struct aq_endpoint host;
    unsigned none = 0;
    if (!read_host_end(command->words, &udp, &host, &none)) {
        refuse(command, "a forward has a protocol, an address and a port");
        return;
    }
    aq_forwards_remove(&command->companion->gateway->forwards, udp, &host); /* it may be gone already */
    ok(command);
}

static void do_start(struct command *command)
{
    struct aq_companion *companion = command->companion;
    struct aq_sandbox_report *report = &companion->sandbox;
    if (companion->serving) {
        refuse(command, "it serves already");
        return;
    }
    companion->serving = aq_sandbox_enter(report);
    if (companion->serving)
        ok(command);
    else
        refuse(command, report->seccomp);
}

static void do_state(struct command *command)
{
    const struct aq_companion *companion = command->companion;
    const struct aq_gateway *gateway = companion->gateway;
    aq_control_reply(command->client, "row namespaces %s", companion->sandbox.namespaces);
    aq_control_reply(command->client, "row landlock %s", companion->sandbox.landlock);
    aq_control_reply(command->client, "row seccomp %s", companion->sandbox.seccomp);
    if (gateway != NULL) {
        aq_control_reply(command->client, "row passed %llu", (unsigned long long)gateway->passed);
        aq_control_reply(command->client, "row dropped %llu", (unsigned long long)gateway->drops.total);
        aq_control_reply(command->client, "row open %u", aq_sockets_open());
    }
    ok(command);
}

static void do_drops(struct command *command)
{
    const struct aq_gateway *gateway = command->companion->gateway;
    const struct aq_drops *drops = &gateway->drops;
    for (unsigned i = 0; i < drops->count; i++) {
        const struct aq_drop_row *row = &drops->rows[i];
        char protocol[AQ_PROTOCOL_TEXT], target[AQ_IP_TEXT];
        aq_control_reply(command->client, "row %s %s %s %u %llu %lld %lld %s %s", aq_fault_name(row->fault),
                         aq_protocol_text(row, protocol), aq_ip_text(&row->target, target), row->port,
                         (unsigned long long)row->count,
                         (long long)(command->companion->now_ms - row->first_ms),
                         (long long)(command->companion->now_ms - row->last_ms),
                         row->name[0] != '\0' ? row->name : "-", aq_fault_text(row->fault));
    }
    ok(command);
}

/* Notes that somebody waits for an answer of the guest's; it is asked in the next turn. */
static void note_asking(struct command *command, uint16_t port)
{
    struct aq_companion *companion = command->companion;
    for (unsigned i = 0; i < AQ_CONTROL_CLIENTS; i++) {
        if (companion->asking[i].client >= 0)
            continue;
        companion->asking[i].client = command->client;
        companion->asking[i].port = port;
        companion->asking[i].ask_at_ms = companion->now_ms;
        companion->asking[i].until_ms = companion->now_ms + ANSWER_MS;
        return;
    }
    refuse(command, "too many ask already");
}

static void do_ask(struct command *command)
{
    unsigned port;
    if (sscanf(command->words, "%5u", &port) != 1 || port == 0 || port > UINT16_MAX)
        refuse(command, "a port is wanted");
    else
        note_asking(command, (uint16_t)port);
}

static void do_network(struct command *command)
{
    note_asking(command, 0);
}

static const struct {
    const char *name;
    void (*act)(struct command *command);
    bool of_gateway;
} commands[] = {
    {"card", do_card, false},
    {"lease", do_lease, true},
    {"console", do_console, false},
    {"console-log", do_console_log, false},
    {"console-socket", do_console_socket, false},
    {"drop-log", do_drop_log, false},
    {"control-socket", do_control_socket, false},
    {"nameservers", do_nameservers, true},
    {"hosts", do_hosts, true},
    {"names", do_names, true},
    {"peer", do_peer, true},
    {"rules", do_rules, true},
    {"forward", do_forward, true},
    {"unforward", do_unforward, true},
    {"start", do_start, false},
    {"state", do_state, false},
    {"drops", do_drops, true},
    {"ask", do_ask, true},
    {"network", do_network, true},
};

static void answer_asking(struct aq_companion *companion, unsigned place, const char *word)
{
    int client = companion->asking[place].client;
    companion->asking[place].client = -1;
    aq_control_reply(client, "row %s", word);
    aq_control_reply(client, "ok");
}

void aq_companion_port_answered(struct aq_companion *companion, uint16_t port, bool open)
{
    for (unsigned i = 0; i < AQ_CONTROL_CLIENTS; i++)
        if (companion->asking[i].client >= 0 && companion->asking[i].port == port)
            answer_asking(companion, i, open ? "open" : "closed");
}

/* It may have its address all the same: its firewall drops what it did not ask for. */
static void answer_silence(struct aq_companion *companion, unsigned place)
{
    const struct aq_gateway *gateway = companion->gateway;
    char word[40] = "silent";
    if (companion->asking[place].port == 0 && gateway->leased_ms != 0)
        snprintf(word, sizeof word, "leased %lld", (long long)(companion->now_ms - gateway->leased_ms));
    answer_asking(companion, place, word);
}

static void ask_again(struct aq_companion *companion, unsigned place)
{
    uint16_t port = companion->asking[place].port;
    if (companion->asking[place].ask_at_ms > companion->now_ms)
        return;
    companion->asking[place].ask_at_ms = companion->now_ms + ASK_EVERY_MS;
    if (port == 0)
        aq_gateway_ask_network(companion->gateway);
    else
        aq_gateway_ask_port(companion->gateway, port);
}

void aq_companion_asking_tick(struct aq_companion *companion, struct aq_polls *polls)
{
    for (unsigned i = 0; i < AQ_CONTROL_CLIENTS; i++) {
        if (companion->asking[i].client < 0)
            continue;
        if (companion->asking[i].until_ms <= companion->now_ms) {
            answer_silence(companion, i);
            continue;
        }
        ask_again(companion, i);
        aq_polls_call_at(polls, companion->asking[i].until_ms);
        aq_polls_call_at(polls, companion->asking[i].ask_at_ms);
    }
}

void aq_companion_forget_client(struct aq_companion *companion, int client)
{
    for (unsigned i = 0; i < AQ_CONTROL_CLIENTS; i++)
        if (companion->asking[i].client == client)
            companion->asking[i].client = -1;
}

void aq_companion_command(struct aq_companion *companion, int client, const char *text, int passed)
{
    size_t length = strcspn(text, " ");
    struct command command = {companion, client, text + length + (text[length] == ' '), passed};
    bool known = false;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strncmp(commands[i].name, text, length) != 0 || commands[i].name[length] != '\0')
            continue;
        known = true;
        if (commands[i].of_gateway && companion->gateway == NULL)
            refuse(&command, "the VM has no network");
        else
            commands[i].act(&command);
    }
    if (!known)
        refuse(&command, "there is no such command");
    if (command.passed >= 0)
        close(command.passed);
}
