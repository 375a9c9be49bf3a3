/* SPDX-License-Identifier: MIT */
#include "spec/ports.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/memory.h"

static int port_number(const char *text, uint16_t *port)
{
    char *end;
    long number = strtol(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || number < 1 || number > 65535)
        return -1;
    *port = (uint16_t)number;
    return 0;
}

/* Takes "/tcp" or "/udp" off the end. */
static int take_protocol(char *text, struct aq_ingress *port)
{
    char *slash = strchr(text, '/');
    snprintf(port->protocol, sizeof port->protocol, "tcp");
    if (slash == NULL)
        return 0;
    *slash++ = '\0';
    if (strcmp(slash, "tcp") != 0 && strcmp(slash, "udp") != 0)
        return -1;
    snprintf(port->protocol, sizeof port->protocol, "%s", slash);
    return 0;
}

static int parse_one(char *text, const char *bind, struct aq_ingress *port)
{
    *port = (struct aq_ingress){0};
    snprintf(port->address, sizeof port->address, "%s", bind);
    if (take_protocol(text, port) < 0)
        return -1;
    char *guest = strrchr(text, ':');
    if (guest == NULL)
        return port_number(text, &port->guest);
    *guest++ = '\0';
    char *host = strrchr(text, ':');
    if (host != NULL) {
        *host++ = '\0';
        struct in_addr parsed;
        if (inet_pton(AF_INET, text, &parsed) != 1)
            return -1;
        snprintf(port->address, sizeof port->address, "%s", text);
    }
    return port_number(guest, &port->guest) < 0 ? -1 : port_number(host != NULL ? host : text, &port->host);
}

/* One host port cannot lead to two places; what is said twice is a slip. */
static bool clashes(const struct aq_ingress *ports, unsigned count)
{
    const struct aq_ingress *last = &ports[count];
    for (unsigned i = 0; i < count; i++) {
        bool same = strcmp(ports[i].protocol, last->protocol) == 0 &&
                    strcmp(ports[i].address, last->address) == 0 && ports[i].host == last->host;
        if (same && (last->host != 0 || ports[i].guest == last->guest))
            return true;
    }
    return false;
}

int aq_ingress_parse(const char *text, const char *bind, struct aq_ingress *ports, unsigned max,
                     struct aq_error *err)
{
    unsigned count = 0;
    for (const char *at = text;; at++) {
        at += strspn(at, " \t");
        size_t length = strcspn(at, ",");
        size_t kept = length;
        while (kept > 0 && (at[kept - 1] == ' ' || at[kept - 1] == '\t'))
            kept--;
        aq_autofree char *part = aq_strndup(at, kept);
        aq_autofree char *scratch = aq_strdup(part);
        if (count == max)
            return aq_fail(err, AQ_E_VALUE_INVALID, "more than %u ports are named", max);
        if (parse_one(scratch, bind != NULL ? bind : "127.0.0.1", &ports[count]) < 0)
            return aq_fail(
                err, AQ_E_VALUE_INVALID,
                "\"%s\" is not a port: 8080, 18080:8080 (host:guest), 127.0.0.1:18080:8080 or 8080/udp is "
                "wanted",
                part);
        if (clashes(ports, count))
            return aq_fail(err, AQ_E_VALUE_INVALID, "\"%s\" is named twice", part);
        count++;
        at += length;
        if (*at == '\0')
            return (int)count;
    }
}
