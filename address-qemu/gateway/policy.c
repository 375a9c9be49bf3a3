/* SPDX-License-Identifier: MIT */
#include "gateway/policy.h"

#include "gateway/net.h"
#include "gateway/places.h"

/* What a target is beyond what its number says. */
struct target {
    const struct aq_ip *ip;
    enum aq_place place;
    bool own; /* an address of the host's */
};

static bool covers(const struct aq_egress_rule *rule, enum aq_protocol protocol, uint16_t port)
{
    if (protocol == AQ_PROTOCOL_TCP || protocol == AQ_PROTOCOL_UDP)
        return (protocol == AQ_PROTOCOL_TCP ? rule->tcp : rule->udp) && port >= rule->first &&
               port <= rule->last;
    return rule->tcp && rule->udp && rule->first == 1 && rule->last == UINT16_MAX;
}

/* 10.0.2.2 is how a guest calls the host's loopback. */
static bool names_localhost(const struct aq_egress_rule *rule)
{
    return rule->where == AQ_EGRESS_LOCALHOST ||
           (rule->where == AQ_EGRESS_ADDRESSES && rule->bits == 128 &&
            (aq_ip_equal(&rule->address, &AQ_NET4_HOST) || aq_ip_equal(&rule->address, &AQ_NET6_HOST)));
}

/* An address that is not like others is allowed only by a rule that means it: by its number, or by a prefix
   that is special itself. Forbidden it is by any. */
static bool means(const struct aq_egress_rule *rule, const struct target *target)
{
    bool exactly = rule->where == AQ_EGRESS_ADDRESSES &&
                   (rule->bits == 128 || (!target->own && aq_place_of(&rule->address) == target->place));
    return exactly || rule->deny || (target->place == AQ_PLACE_PUBLIC && !target->own);
}

static bool matches(const struct aq_policy *policy, const struct aq_egress_rule *rule,
                    const struct target *target)
{
    if (target->place == AQ_PLACE_LOCALHOST)
        return names_localhost(rule);
    if (!means(rule, target))
        return false;
    switch (rule->where) {
    case AQ_EGRESS_ADDRESSES:
        /* IPv4 is kept within IPv6's numbers: [::/0] does not mean it. */
        return aq_ip_is4(target->ip) == aq_ip_is4(&rule->address) &&
               aq_ip_within(target->ip, &rule->address, rule->bits);
    case AQ_EGRESS_NAME:
        return aq_names_has(&policy->names, rule->name, target->ip);
    case AQ_EGRESS_LOCALHOST:
        return false;
    default:
        return true;
    }
}

static enum aq_fault fault_of(const struct target *target)
{
    if (target->place == AQ_PLACE_LOCALHOST || target->own)
        return AQ_FAULT_LOCALHOST;
    return target->place == AQ_PLACE_SPECIAL ? AQ_FAULT_SPECIAL : AQ_FAULT_RULE;
}

static enum aq_fault judge(const struct aq_policy *policy, enum aq_protocol protocol,
                           const struct target *target, uint16_t port)
{
    bool allowed = policy->egress.any && target->place == AQ_PLACE_PUBLIC && !target->own;
    for (unsigned i = 0; i < policy->egress.count; i++) {
        const struct aq_egress_rule *rule = &policy->egress.rules[i];
        if (covers(rule, protocol, port) && matches(policy, rule, target))
            allowed = !rule->deny;
    }
    return allowed ? AQ_FAULT_NONE : fault_of(target);
}

enum aq_fault aq_policy_judge(const struct aq_policy *policy, enum aq_protocol protocol,
                              const struct aq_ip *ip, uint16_t port)
{
    struct target target = {.ip = ip, .place = aq_place_of(ip)};
    if (target.place == AQ_PLACE_NOWHERE)
        return AQ_FAULT_NOWHERE;
    target.own = target.place == AQ_PLACE_PUBLIC && policy->is_own(policy->data, ip);
    return judge(policy, protocol, &target, port);
}

enum aq_fault aq_policy_judge_peer(const struct aq_policy *policy, enum aq_protocol protocol,
                                   const struct aq_ip *ip, uint16_t port)
{
    const struct target target = {.ip = ip, .place = AQ_PLACE_PUBLIC};
    return judge(policy, protocol, &target, port);
}

bool aq_policy_resolves_all(const struct aq_policy *policy)
{
    bool anywhere = policy->egress.any;
    for (unsigned i = 0; i < policy->egress.count; i++)
        anywhere = anywhere ||
                   (policy->egress.rules[i].where == AQ_EGRESS_ANYWHERE && !policy->egress.rules[i].deny);
    return anywhere;
}

bool aq_policy_resolves(const struct aq_policy *policy, const char *name)
{
    bool named = aq_policy_resolves_all(policy);
    for (unsigned i = 0; i < policy->egress.count && !named; i++) {
        const struct aq_egress_rule *rule = &policy->egress.rules[i];
        named = rule->where == AQ_EGRESS_NAME && aq_name_fits(rule->name, name);
    }
    return named;
}

bool aq_policy_wants_ip6(const struct aq_policy *policy)
{
    bool wants = policy->egress.any;
    for (unsigned i = 0; i < policy->egress.count; i++) {
        const struct aq_egress_rule *rule = &policy->egress.rules[i];
        wants = wants || (!rule->deny && (rule->where != AQ_EGRESS_ADDRESSES || !aq_ip_is4(&rule->address)));
    }
    return wants;
}
