/* SPDX-License-Identifier: MIT */
#include "spec/egress.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "5432", "8000-8100" or "any". */
static int parse_ports(const char *text, struct aq_egress_rule *rule)
{
    if (strcmp(text, "any") == 0) {
        rule->first = 1;
        rule->last = UINT16_MAX;
        return 0;
    }
    unsigned first, last;
    int end = 0;
    if (text[0] < '0' || text[0] > '9' || sscanf(text, "%5u%n", &first, &end) != 1)
        return -1;
    last = first;
    if (text[end] == '-') {
        text += end + 1;
        if (text[0] < '0' || text[0] > '9' || sscanf(text, "%5u%n", &last, &end) != 1)
            return -1;
    }
    if (text[end] != '\0' || first == 0 || last > UINT16_MAX || last < first)
        return -1;
    rule->first = (uint16_t)first;
    rule->last = (uint16_t)last;
    return 0;
}

/* The length of a label (RFC 1123, and "_", which is in use); 0: it is none. `letters` tells whether it is
   more than a number. */
static size_t label_length(const char *label, bool *letters)
{
    size_t size = strcspn(label, ".");
    *letters = false;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)label[i];
        if (!isalnum(c) && c != '-' && c != '_')
            return 0;
        *letters = *letters || !isdigit(c);
    }
    return size > 63 || label[0] == '-' ? 0 : size;
}

/* Its last label is not a number: that would be a mistyped address. */
static int parse_name(const char *text, struct aq_egress_rule *rule)
{
    size_t length = strlen(text);
    bool letters = false;
    if (length > AQ_HOST_NAME_MAX)
        return -1;
    for (size_t i = 0; i <= length; i++)
        rule->name[i] = (char)tolower((unsigned char)text[i]);
    const char *label = strncmp(text, "*.", 2) == 0 ? text + 2 : text;
    for (size_t size; (size = label_length(label, &letters)) > 0; label += size + 1)
        if (label[size] == '\0') {
            rule->where = AQ_EGRESS_NAME;
            return letters ? 0 : -1;
        }
    return -1;
}

static bool is_loopback(const struct aq_ip *ip)
{
    return aq_ip_within(ip, &AQ_IP4(127, 0, 0, 0), AQ_IP4_BITS + 8) ||
           aq_ip_equal(ip, &(struct aq_ip){{[15] = 1}});
}

/* "192.0.2.1", "10.0.0.0/8", "2001:db8::/32". What a prefix does not cover has to be 0: "10.1.2.3/8" may mean
   either. */
static int parse_addresses(char *text, struct aq_egress_rule *rule)
{
    char *slash = strchr(text, '/');
    if (slash != NULL)
        *slash++ = '\0';
    if (!aq_ip_parse(text, &rule->address))
        return -1;
    bool four = aq_ip_is4(&rule->address);
    char *end;
    long bits = slash != NULL ? strtol(slash, &end, 10) : four ? 32 : 128;
    if (slash != NULL && (!isdigit((unsigned char)slash[0]) || *end != '\0' || bits > (four ? 32 : 128)))
        return -1;
    rule->bits = (unsigned)bits + (four ? AQ_IP4_BITS : 0);
    struct aq_ip masked = {{0}};
    for (unsigned bit = 0; bit < rule->bits; bit++)
        masked.bytes[bit / 8] |= rule->address.bytes[bit / 8] & (0x80 >> bit % 8);
    if (!aq_ip_equal(&masked, &rule->address))
        return -1;
    rule->where = AQ_EGRESS_ADDRESSES;
    if (!is_loopback(&rule->address))
        return 0;
    rule->where = AQ_EGRESS_LOCALHOST; /* no other one of 127.0.0.0/8 can be reached */
    return rule->bits == 128 && (!four || aq_ip_equal(&rule->address, &AQ_IP4(127, 0, 0, 1))) ? 0 : -1;
}

static int parse_where(char *text, bool bracketed, struct aq_egress_rule *rule)
{
    if (strcasecmp(text, "localhost") == 0) {
        rule->where = AQ_EGRESS_LOCALHOST;
        return bracketed ? -1 : 0;
    }
    if (strcmp(text, "any") == 0 || strcmp(text, "none") == 0) /* which are no hosts */
        return -1;
    bool colons = strchr(text, ':') != NULL;
    if (colons || bracketed || text[strspn(text, "0123456789./")] == '\0')
        return colons == bracketed ? parse_addresses(text, rule) : -1;
    return parse_name(text, rule);
}

/* Takes "/tcp" or "/udp" off the end. */
static int take_protocol(char *text, struct aq_egress_rule *rule)
{
    char *slash = strrchr(text, '/');
    rule->tcp = true;
    rule->udp = rule->deny;
    if (slash == NULL || !isalpha((unsigned char)slash[1]))
        return 0;
    *slash++ = '\0';
    rule->tcp = strcmp(slash, "tcp") == 0;
    rule->udp = strcmp(slash, "udp") == 0;
    return rule->tcp || rule->udp ? 0 : -1;
}

static int parse_rule(char *text, struct aq_egress_rule *rule)
{
    if (take_protocol(text, rule) < 0)
        return -1;
    char *ports = strrchr(text, ':');
    if (ports == NULL)
        return strcmp(text, "any") == 0 ? -1 : parse_ports(text, rule);
    *ports++ = '\0';
    bool bracketed = text[0] == '[';
    if (bracketed) {
        size_t length = strlen(text);
        if (text[length - 1] != ']')
            return -1;
        text[length - 1] = '\0';
        text++;
    }
    return parse_ports(ports, rule) < 0 ? -1 : parse_where(text, bracketed, rule);
}

/* Do both speak of the same connections? */
static bool same_target(const struct aq_egress_rule *a, const struct aq_egress_rule *b)
{
    return a->where == b->where && a->first == b->first && a->last == b->last && a->bits == b->bits &&
           aq_ip_equal(&a->address, &b->address) && strcmp(a->name, b->name) == 0;
}

/* Puts a rule last. Earlier ones of the same target that it overrides altogether go. */
static int append(struct aq_egress *egress, const struct aq_egress_rule *rule, struct aq_error *err)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < egress->count; i++) {
        const struct aq_egress_rule *old = &egress->rules[i];
        if (!same_target(old, rule) || (old->tcp && !rule->tcp) || (old->udp && !rule->udp))
            egress->rules[kept++] = *old;
    }
    egress->count = kept;
    if (kept == AQ_EGRESS_RULES_MAX)
        return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "there are more than %d rules of what the VM may reach",
                       AQ_EGRESS_RULES_MAX);
    egress->rules[egress->count++] = *rule;
    return 0;
}

static int not_a_rule(const char *part, struct aq_error *err)
{
    return aq_fail(err, AQ_E_VALUE_INVALID,
                   "\"%s\" does not say what may be reached: a port (5432, 8000-8100, 53/udp), a host or "
                   "addresses with a port (db.example.com:5432, 10.0.0.0/8:443, [2001:db8::1]:443, "
                   "localhost:8080), any or none is wanted",
                   part);
}

/* "any" and "none" say of everything what comes of it, so nothing before them counts. */
static int add_part(struct aq_egress *egress, const char *part, bool deny, struct aq_error *err)
{
    bool any = strcmp(part, "any") == 0;
    if (deny && strcmp(part, "none") == 0)
        return aq_fail(
            err, AQ_E_VALUE_INVALID,
            "to deny \"none\" would be to allow everything; deny \"any\" for nothing, allow \"any\" for "
            "everything");
    if (any || strcmp(part, "none") == 0) {
        *egress = (struct aq_egress){.any = any != deny};
        return 0;
    }
    struct aq_egress_rule rule = {.deny = deny != (part[0] == '!')};
    aq_autofree char *scratch = aq_strdup(part[0] == '!' ? part + 1 : part);
    if (parse_rule(scratch, &rule) < 0)
        return not_a_rule(part, err);
    return append(egress, &rule, err);
}

int aq_egress_change(struct aq_egress *egress, const char *text, bool deny, struct aq_error *err)
{
    aq_autofree struct aq_egress *changed = aq_alloc(sizeof *changed);
    *changed = *egress;
    for (const char *at = text;; at++) {
        at += strspn(at, " \t");
        size_t length = strcspn(at, ",");
        size_t kept = length;
        while (kept > 0 && (at[kept - 1] == ' ' || at[kept - 1] == '\t'))
            kept--;
        aq_autofree char *part = aq_strndup(at, kept);
        if (add_part(changed, part, deny, err) < 0)
            return -1;
        at += length;
        if (*at == '\0')
            break;
    }
    *egress = *changed;
    return 0;
}

int aq_egress_parse(const char *text, struct aq_egress *egress, struct aq_error *err)
{
    *egress = (struct aq_egress){0};
    return aq_egress_change(egress, text, false, err);
}

static void add_where(const struct aq_egress_rule *rule, char *text, size_t size)
{
    char address[AQ_IP_TEXT];
    bool four = aq_ip_is4(&rule->address);
    unsigned bits = rule->bits - (four ? AQ_IP4_BITS : 0);
    if (rule->where == AQ_EGRESS_LOCALHOST)
        snprintf(text, size, "localhost:");
    else if (rule->where == AQ_EGRESS_NAME)
        snprintf(text, size, "%s:", rule->name);
    else if (rule->where == AQ_EGRESS_ADDRESSES && rule->bits == 128)
        snprintf(text, size, four ? "%s:" : "[%s]:", aq_ip_text(&rule->address, address));
    else if (rule->where == AQ_EGRESS_ADDRESSES)
        snprintf(text, size, four ? "%s/%u:" : "[%s/%u]:", aq_ip_text(&rule->address, address), bits);
    else
        text[0] = '\0';
}

const char *aq_egress_rule_text(const struct aq_egress_rule *rule, char text[AQ_EGRESS_RULE_TEXT])
{
    char where[AQ_HOST_NAME_MAX + 2], ports[12];
    add_where(rule, where, sizeof where);
    if (rule->first == 1 && rule->last == UINT16_MAX)
        snprintf(ports, sizeof ports, where[0] != '\0' ? "any" : "1-65535");
    else if (rule->first == rule->last)
        snprintf(ports, sizeof ports, "%u", rule->first);
    else
        snprintf(ports, sizeof ports, "%u-%u", rule->first, rule->last);
    const char *protocol = rule->tcp && rule->udp ? "" : rule->tcp ? "/tcp" : "/udp";
    snprintf(text, AQ_EGRESS_RULE_TEXT, "%s%s%s%s", rule->deny ? "!" : "", where, ports, protocol);
    return text;
}

void aq_egress_text(const struct aq_egress *egress, struct aq_buffer *text)
{
    char rule[AQ_EGRESS_RULE_TEXT];
    if (egress->any || egress->count == 0)
        aq_buffer_add_text(text, egress->any ? "any" : "none");
    for (unsigned i = 0; i < egress->count; i++)
        aq_buffer_format(text, "%s%s", i > 0 || egress->any ? ", " : "",
                         aq_egress_rule_text(&egress->rules[i], rule));
}
