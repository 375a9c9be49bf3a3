/* SPDX-License-Identifier: MIT */
#include "verbs/network_params.h"

#include <stdlib.h>
#include <string.h>

#include "spec/egress.h"
#include "spec/network_name.h"
#include "spec/ports.h"
#include "util/ip.h"

void aq_network_wish_free(struct aq_network_wish *wish)
{
    free(wish->egress);
    wish->egress = NULL;
}

static int read_forwards(const struct aq_call *call, struct aq_network_wish *wish, struct aq_error *err)
{
    const char *text = aq_arg_text(call, "forward"), *bind = aq_arg_text(call, "bind");
    struct aq_ip address;
    if (bind != NULL && (!aq_ip_parse(bind, &address) || !aq_ip_is4(&address)))
        return aq_fail(err, AQ_E_VALUE_INVALID, "bind= is an IPv4 address of the host, not \"%s\"", bind);
    struct aq_ingress ports[AQ_VM_PORTS_MAX];
    int count = text != NULL ? aq_ingress_parse(text, bind, ports, AQ_VM_PORTS_MAX, err) : 0;
    if (count < 0)
        return -1;
    wish->port_count = (unsigned)count;
    for (int i = 0; i < count; i++)
        wish->ports[i] = aq_port_rule_of(&ports[i]);
    return 0;
}

static int check_card(const struct aq_network_wish *wish, const char *egress, struct aq_error *err)
{
    if (wish->network == NULL || strcmp(wish->network, "none") != 0 ||
        (wish->port_count == 0 && egress == NULL))
        return 0;
    return aq_fail(
        err, AQ_E_VALUE_INVALID,
        "network=none has no network card, so there is nothing for forward= and egress= to hold for");
}

int aq_network_wish_read(const struct aq_call *call, struct aq_network_wish *wish, struct aq_error *err)
{
    const char *text = aq_arg_text(call, "egress");
    const char *network = aq_arg_text(call, "network");
    *wish = (struct aq_network_wish){0};
    if ((network != NULL && (wish->network = aq_network_name(network, err)) == NULL) ||
        read_forwards(call, wish, err) < 0 || check_card(wish, text, err) < 0)
        return -1;
    if (text == NULL)
        return 0;
    aq_autofree struct aq_egress *egress = aq_alloc(sizeof *egress);
    aq_autobuffer struct aq_buffer canonical = {0};
    if (aq_egress_parse(text, egress, err) < 0)
        return -1;
    aq_egress_text(egress, &canonical);
    wish->egress = aq_strdup(aq_buffer_text(&canonical));
    return 0;
}
