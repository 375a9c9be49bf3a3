/* SPDX-License-Identifier: MIT */
/* What the verbs that make VMs let one say of a VM's network. */
#ifndef AQ_VERBS_NETWORK_PARAMS_H
#define AQ_VERBS_NETWORK_PARAMS_H

#include "command/verb.h"
#include "vm/vm.h"

/* The VM whose network it is about. */
#define AQ_PARAM_VM_OF_NETWORK                                                                               \
    {                                                                                                        \
        "vm", AQ_TYPE_NAME, .required = true, .positional = true, .aliases = "name", .meaning = "the VM"     \
    }

#define AQ_PARAM_NETWORK                                                                                     \
    {                                                                                                        \
        "network", AQ_TYPE_TEXT,                                                                             \
            .meaning = "`user` reaches out through the host, but not the host itself; `none` has no "        \
                       "network card; any other name is a private network, whose VMs reach each other, "     \
                       "too (see [networks](network.md)); `user`, or as what is cloned has it, unless given" \
    }
#define AQ_PARAM_FORWARD                                                                                     \
    {                                                                                                        \
        "forward", AQ_TYPE_TEXT, .aliases = "ingress_port",                                                  \
                                 .meaning = "ports of the guest that the host's lead to: `8080`, "           \
                                            "`18080:8080`, `0.0.0.0:18080:8080`, `53/udp`, several with "    \
                                            "commas between; the host's is a free one unless given"          \
    }
#define AQ_PARAM_BIND                                                                                        \
    {                                                                                                        \
        "bind", AQ_TYPE_TEXT,                                                                                \
            .meaning = "the host's address for those that name none; 127.0.0.1 unless given"                 \
    }
#define AQ_PARAM_EGRESS                                                                                      \
    {                                                                                                        \
        "egress", AQ_TYPE_TEXT,                                                                              \
            .aliases = "egress_ports",                                                                       \
            .meaning = "what the VM may reach: `443`, `8000-8100`, `53/udp`, "                               \
                       "`db.example.com:5432`, `10.0.0.0/8:any`, `any`, `none`, `!` for what "               \
                       "it may not (see [networks](network.md))"                                             \
    }

/* Them, checked. */
struct aq_network_wish {
    struct aq_port_rule ports[AQ_VM_PORTS_MAX];
    unsigned port_count;
    const char *network; /* NULL: not said */
    char *egress;        /* as aq_egress_text writes it; NULL: not said. Owned */
};

void aq_network_wish_free(struct aq_network_wish *wish);
#define aq_autowish aq_cleanup(aq_network_wish_free)

/* Reads `network`, `forward`, `bind` and `egress` of a call whose verb has them. VALUE_INVALID,
 * NOT_SUPPORTED. */
int aq_network_wish_read(const struct aq_call *call, struct aq_network_wish *wish, struct aq_error *err);

#endif
