/* SPDX-License-Identifier: MIT */
#include "gateway/dhcp.h"

#include <string.h>

#include "gateway/build.h"
#include "gateway/bytes.h"

/* Places in a message (RFC 2131, figure 1). */
enum {
    AT_OP = 0,
    AT_HARDWARE = 1,
    AT_CIADDR = 12,
    AT_YIADDR = 16,
    AT_SIADDR = 20,
    AT_CHADDR = 28,
    AT_COOKIE = 236,
    AT_OPTIONS = 240,
    MESSAGE_MIN = 300, /* of BOOTP, which some clients insist on */
    MESSAGE_MAX = 576,
    REQUEST = 1,
    REPLY = 2,
    SERVER_PORT = 67,
    CLIENT_PORT = 68,
    LEASE_SECONDS = 86400,
};

enum option {
    OPTION_MASK = 1,
    OPTION_ROUTER = 3,
    OPTION_DNS = 6,
    OPTION_HOSTNAME = 12,
    OPTION_DOMAIN = 15,
    OPTION_REQUESTED = 50,
    OPTION_LEASE = 51,
    OPTION_TYPE = 53,
    OPTION_SERVER = 54,
    OPTION_SEARCH = 119,
    OPTION_END = 255,
};

enum type { DISCOVER = 1, OFFER = 2, WISH = 3, ACK = 5, NAK = 6, INFORM = 8 };

static const unsigned char cookie[4] = {99, 130, 83, 99};

/* The option's value; NULL when it is not there, or shorter than that. */
static const unsigned char *find_option(const struct aq_packet *packet, enum option wanted, size_t size)
{
    const unsigned char *at = packet->payload + AT_OPTIONS, *end = packet->payload + packet->payload_length;
    while (at < end && *at != OPTION_END) {
        if (*at == 0) { /* padding */
            at++;
            continue;
        }
        if (end - at < 2 || end - at - 2 < at[1])
            return NULL;
        if (*at == wanted)
            return at[1] >= size ? at + 2 : NULL;
        at += 2 + at[1];
    }
    return NULL;
}

static unsigned char *put_option(unsigned char *at, enum option option, const void *value, size_t length)
{
    at[0] = option;
    at[1] = (unsigned char)length;
    memcpy(at + 2, value, length);
    return at + 2 + length;
}

static unsigned char *put_address(unsigned char *at, enum option option, const struct aq_ip *ip)
{
    return put_option(at, option, ip->bytes + 12, 4);
}

/* A domain name as labels with their lengths (RFC 3397). */
static unsigned char *put_search(unsigned char *at, const char *domain)
{
    unsigned char labels[130];
    size_t length = 0;
    for (const char *label = domain; *label != '\0';) {
        size_t size = strcspn(label, ".");
        labels[length++] = (unsigned char)size;
        memcpy(labels + length, label, size);
        length += size;
        label += size + (label[size] == '.');
    }
    labels[length++] = 0;
    return put_option(at, OPTION_SEARCH, labels, length);
}

static unsigned char *put_lease(unsigned char *at, const struct aq_dhcp *dhcp, bool timed)
{
    unsigned char seconds[4];
    aq_put32(seconds, LEASE_SECONDS);
    if (timed)
        at = put_option(at, OPTION_LEASE, seconds, sizeof seconds);
    at = put_address(at, OPTION_MASK, &AQ_IP4(255, 255, 255, 0));
    at = put_address(at, OPTION_ROUTER, &AQ_NET4_HOST);
    at = put_address(at, OPTION_DNS, &AQ_NET4_NAMESERVER);
    if (dhcp->hostname[0] != '\0')
        at = put_option(at, OPTION_HOSTNAME, dhcp->hostname, strlen(dhcp->hostname));
    if (dhcp->domain[0] != '\0') {
        at = put_option(at, OPTION_DOMAIN, dhcp->domain, strlen(dhcp->domain));
        at = put_search(at, dhcp->domain);
    }
    return at;
}

/* Is it the one address there is that the guest wishes for? */
static bool wishes_own(const struct aq_dhcp *dhcp, const struct aq_packet *packet)
{
    const unsigned char *wish = find_option(packet, OPTION_REQUESTED, 4);
    if (wish == NULL)
        wish = packet->payload + AT_CIADDR;
    return memcmp(wish, dhcp->card.address.bytes + 12, 4) == 0;
}

static enum type answer_to(const struct aq_dhcp *dhcp, const struct aq_packet *packet)
{
    const unsigned char *type = find_option(packet, OPTION_TYPE, 1);
    switch (type != NULL ? *type : 0) {
    case DISCOVER:
        return OFFER;
    case WISH:
        return wishes_own(dhcp, packet) ? ACK : NAK;
    case INFORM:
        return ACK;
    default:
        return 0;
    }
}

static bool is_question(const struct aq_dhcp *dhcp, const struct aq_packet *packet)
{
    static const unsigned char ethernet[] = {REQUEST, 1, AQ_MAC_SIZE};
    return packet->payload_length > AT_OPTIONS &&
           memcmp(packet->payload + AT_OP, ethernet, sizeof ethernet) == 0 &&
           memcmp(packet->payload + AT_COOKIE, cookie, sizeof cookie) == 0 &&
           memcmp(packet->payload + AT_CHADDR, dhcp->card.mac, AQ_MAC_SIZE) == 0;
}

size_t aq_dhcp_answer(const struct aq_dhcp *dhcp, const struct aq_packet *packet,
                      unsigned char frame[AQ_DHCP_MAX], enum aq_dhcp_step *step)
{
    unsigned char message[MESSAGE_MAX] = {0};
    *step = AQ_DHCP_OTHER;
    if (!is_question(dhcp, packet))
        return 0;
    enum type type = answer_to(dhcp, packet);
    if (type == 0)
        return 0;
    const unsigned char *asked = find_option(packet, OPTION_TYPE, 1);
    bool inform = *asked == INFORM;
    if (*asked == DISCOVER)
        *step = AQ_DHCP_BEGINS;
    else if (type == ACK && !inform)
        *step = AQ_DHCP_LEASED;
    memcpy(message, packet->payload, AT_COOKIE + sizeof cookie);
    memset(message + AT_YIADDR, 0, 12);
    memset(message + AT_CHADDR + AQ_MAC_SIZE, 0, AT_COOKIE - AT_CHADDR - AQ_MAC_SIZE);
    message[AT_OP] = REPLY;
    unsigned char code = (unsigned char)type;
    unsigned char *at = put_option(message + AT_OPTIONS, OPTION_TYPE, &code, 1);
    at = put_address(at, OPTION_SERVER, &AQ_NET4_HOST);
    if (type != NAK) {
        if (!inform)
            memcpy(message + AT_YIADDR, dhcp->card.address.bytes + 12, 4);
        memcpy(message + AT_SIADDR, AQ_NET4_HOST.bytes + 12, 4);
        at = put_lease(at, dhcp, !inform);
    }
    *at++ = OPTION_END;
    size_t length = (size_t)(at - message);
    return aq_build_udp(frame, dhcp->card.mac, &(struct aq_endpoint){AQ_NET4_HOST, SERVER_PORT},
                        &(struct aq_endpoint){AQ_IP4(255, 255, 255, 255), CLIENT_PORT}, message,
                        length > MESSAGE_MIN ? length : MESSAGE_MIN);
}
