/* SPDX-License-Identifier: MIT */
/* May the guest reach that? The one place where rules are applied: to each frame (judge.h), and again to each
 * address for which libslirp makes a socket (sockets.h). */
#ifndef AQ_GATEWAY_POLICY_H
#define AQ_GATEWAY_POLICY_H

#include "gateway/fault.h"
#include "gateway/names.h"
#include "gateway/packet.h"

struct aq_policy {
    struct aq_egress egress;
    struct aq_names names;
    /* Is it an address of one of the host's own cards? */
    bool (*is_own)(void *data, const struct aq_ip *address);
    void *data;
};

/* AQ_FAULT_NONE if so. 127.0.0.1 and ::1 stand for the host's loopback services. ICMP has no port: it is
   allowed where everything is. */
enum aq_fault aq_policy_judge(const struct aq_policy *policy, enum aq_protocol protocol,
                              const struct aq_ip *ip, uint16_t port);

/* The same of another VM of the private network, whose address is neither the host's nor special. */
enum aq_fault aq_policy_judge_peer(const struct aq_policy *policy, enum aq_protocol protocol,
                                   const struct aq_ip *ip, uint16_t port);

/* Do the rules need names to be resolved: any name, since ports of any address are allowed; or (with a name)
   this one? */
bool aq_policy_resolves_all(const struct aq_policy *policy);
bool aq_policy_resolves(const struct aq_policy *policy, const char *name);

/* Can anything be reached by IPv6? */
bool aq_policy_wants_ip6(const struct aq_policy *policy);

#endif
