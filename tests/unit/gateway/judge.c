/* SPDX-License-Identifier: MIT */
/* What becomes of each kind of frame, under each kind of rules. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "frames.h"
#include "gateway/judge.h"

static struct aq_policy policy;
static struct aq_flows ingress, asked;
static struct aq_judge judge;
static struct aq_packet packet;
static enum aq_fault fault;
static struct aq_error err;

/* The host's own addresses in these tests. */
static bool is_own(void *data, const struct aq_ip *address)
{
    (void)data;
    struct aq_ip four, six;
    aq_ip_parse("192.0.2.7", &four);
    aq_ip_parse("2001:db8::7", &six);
    return aq_ip_equal(address, &four) || aq_ip_equal(address, &six);
}

static void rules(const char *text)
{
    memset(&policy, 0, sizeof policy);
    memset(&ingress, 0, sizeof ingress);
    memset(&asked, 0, sizeof asked);
    assert_ok(aq_egress_parse(text, &policy.egress, &err));
    policy.is_own = is_own;
    judge = (struct aq_judge){.policy = &policy, .ingress = &ingress, .asked = &asked};
    memcpy(judge.card.mac, GUEST_MAC, 6);
    judge.card.address = AQ_NET4_GUEST;
}

static const char *verdict(struct frame frame)
{
    static const char *const words[] = {"drop", "refuse", "pass", "dhcp", "dns", "advert", "gate", "peer"};
    enum aq_verdict is = aq_judge_frame(&judge, frame.bytes, frame.length, 1000, &packet, &fault);
    assert_true((fault != AQ_FAULT_NONE) == (is == AQ_DROP || is == AQ_REFUSE));
    return words[is];
}

#define assert_verdict(frame, word) assert_string_equal(verdict(frame), word)
#define assert_fault(frame, word, name)                                                                      \
    do {                                                                                                     \
        assert_string_equal(verdict(frame), word);                                                           \
        assert_string_equal(aq_fault_name(fault), name);                                                     \
    } while (0)

#define TCP(to, port) tcp_frame(GUEST_IP, 40000, to, port, SYN)
#define UDP(to, port) udp_frame(GUEST_IP, 40000, to, port, "x", 1)
#define TCP6(to, port) tcp_frame(GUEST_IP6, 40000, to, port, SYN)
#define UDP6(to, port) udp_frame(GUEST_IP6, 40000, to, port, "x", 1)

static void any_is_everything_but_the_host_and_special_addresses(void **state)
{
    (void)state;
    rules("any");
    assert_verdict(TCP("198.51.100.1", 80), "pass");
    assert_verdict(UDP("198.51.100.1", 123), "pass");
    assert_verdict(TCP("10.1.2.3", 80), "pass");
    assert_verdict(TCP6("2001:db8::1", 80), "pass");
    assert_verdict(UDP6("2001:db8::1", 80), "pass");
    assert_verdict(icmp_frame(GUEST_IP, "198.51.100.1", 8), "pass");
    assert_verdict(icmp_frame(GUEST_IP, "10.0.2.2", 8), "pass");
    static const struct {
        const char *to, *fault;
    } closed[] = {
        {"10.0.2.2", "localhost"},
        {"192.0.2.7", "localhost"},
        {"169.254.169.254", "special"},
        {"169.254.1.1", "special"},
        {"168.63.129.16", "special"},
        {"127.0.0.1", "nowhere"},
        {"127.1.2.3", "nowhere"},
        {"0.0.0.0", "nowhere"},
        {"0.1.2.3", "nowhere"},
        {"255.255.255.255", "nowhere"},
        {"240.0.0.1", "nowhere"},
        {"10.0.2.1", "nowhere"},
        {"10.0.2.255", "nowhere"},
        {"fec0::2", "localhost"},
        {"2001:db8::7", "localhost"},
        {"::1", "nowhere"},
        {"::", "nowhere"},
        {"::ffff:127.0.0.1", "nowhere"},
        {"::ffff:198.51.100.1", "nowhere"},
        {"::127.0.0.1", "nowhere"},
        {"64:ff9b::7f00:1", "special"},
        {"2002:7f00:1::", "special"},
        {"2001:0:1::1", "special"},
        {"fe80::1", "nowhere"},
        {"fd00:ec2::254", "special"},
        {"fd20:ce::254", "special"},
        {"fec0::4", "nowhere"},
        {"fec0:1::1", "nowhere"},
    };
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) {
        bool six = strchr(closed[i].to, ':') != NULL;
        const char *tcp = verdict(six ? TCP6(closed[i].to, 80) : TCP(closed[i].to, 80));
        if (strcmp(tcp, "drop") != 0 && strcmp(tcp, "refuse") != 0)
            fail_msg("tcp to %s: %s", closed[i].to, tcp);
        assert_string_equal(aq_fault_name(fault), closed[i].fault);
        const char *udp = verdict(six ? UDP6(closed[i].to, 80) : UDP(closed[i].to, 80));
        if (strcmp(udp, "drop") != 0 && strcmp(udp, "refuse") != 0)
            fail_msg("udp to %s: %s", closed[i].to, udp);
    }
    assert_fault(TCP("224.0.0.1", 80), "drop", "group");
    assert_fault(UDP6("ff02::1", 80), "drop", "group");
    assert_fault(icmp_frame(GUEST_IP, "169.254.169.254", 8), "drop", "icmp");
    assert_fault(icmp_frame(GUEST_IP, "192.0.2.7", 8), "drop", "icmp");
    assert_fault(icmp_frame(GUEST_IP, "198.51.100.1", 5), "drop", "icmp"); /* a redirect */
}

static void special_addresses_are_reached_by_their_number(void **state)
{
    (void)state;
    rules("169.254.169.254:80, localhost:5432, 192.0.2.7:22, [fd00:ec2::254]:80");
    assert_verdict(TCP("169.254.169.254", 80), "pass");
    assert_fault(TCP("169.254.169.254", 81), "refuse", "special");
    assert_verdict(TCP("10.0.2.2", 5432), "pass");
    assert_verdict(TCP6("fec0::2", 5432), "pass");
    assert_fault(TCP("10.0.2.2", 5433), "refuse", "localhost");
    assert_fault(UDP("10.0.2.2", 5432), "refuse", "localhost");
    assert_fault(TCP("127.0.0.1", 5432), "drop", "nowhere"); /* a guest's own, never on a wire */
    assert_verdict(TCP("192.0.2.7", 22), "pass");
    assert_verdict(TCP6("fd00:ec2::254", 80), "pass");
    rules("169.254.0.0/16:80");
    assert_verdict(TCP("169.254.169.254", 80), "pass");
    rules("10.0.2.2:80");
    assert_verdict(TCP("10.0.2.2", 80), "pass");
    /* Wider ones do not mean them. */
    rules("0.0.0.0/0:any, 192.0.2.0/24:any, 1-65535, 128.0.0.0/1:any");
    assert_fault(TCP("169.254.169.254", 80), "refuse", "special");
    assert_fault(TCP("192.0.2.7", 22), "refuse", "localhost");
    assert_verdict(TCP("192.0.2.8", 22), "pass");
    assert_fault(TCP("10.0.2.2", 22), "refuse", "localhost");
}

static void a_port_is_that_port_and_no_other(void **state)
{
    (void)state;
    rules("5432, 8000-8100, 53/udp");
    assert_verdict(TCP("198.51.100.1", 5432), "pass");
    assert_verdict(TCP6("2001:db8::1", 5432), "pass");
    assert_verdict(TCP("198.51.100.1", 8000), "pass");
    assert_verdict(TCP("198.51.100.1", 8100), "pass");
    assert_verdict(UDP("8.8.8.8", 53), "pass");
    assert_fault(TCP("198.51.100.1", 5431), "refuse", "rule");
    assert_fault(TCP("198.51.100.1", 5433), "refuse", "rule");
    assert_fault(TCP("198.51.100.1", 7999), "refuse", "rule");
    assert_fault(TCP("198.51.100.1", 8101), "refuse", "rule");
    assert_fault(TCP("198.51.100.1", 0), "refuse", "rule");
    assert_fault(UDP("198.51.100.1", 5432), "refuse", "rule");
    assert_fault(TCP("8.8.8.8", 53), "refuse", "rule");
    assert_fault(icmp_frame(GUEST_IP, "198.51.100.1", 8), "drop", "icmp");
    assert_fault(icmp_frame(GUEST_IP, "10.0.2.2", 8), "drop", "icmp");
    /* What follows the first segment is judged as it. */
    assert_verdict(tcp_frame(GUEST_IP, 40000, "198.51.100.1", 5432, ACK), "pass");
    assert_fault(tcp_frame(GUEST_IP, 40000, "198.51.100.1", 80, ACK), "refuse", "stray");
    rules("none");
    assert_fault(TCP("198.51.100.1", 80), "refuse", "rule");
    assert_fault(TCP6("2001:db8::1", 80), "drop", "ip6");
    rules("10.0.0.0/8:any");
    assert_verdict(TCP("10.255.0.1", 1), "pass");
    assert_fault(UDP("10.255.0.1", 1), "refuse", "rule");
    assert_fault(TCP("11.0.0.1", 1), "refuse", "rule");
    assert_fault(TCP6("2001:db8::1", 80), "drop", "ip6");
    rules("[::/0]:443"); /* IPv6 alone, and the other way round */
    assert_verdict(TCP6("2001:db8::1", 443), "pass");
    assert_fault(TCP("198.51.100.1", 443), "refuse", "rule");
    rules("any, ![::/0]:443");
    assert_fault(TCP6("2001:db8::1", 443), "refuse", "rule");
    assert_verdict(TCP("198.51.100.1", 443), "pass");
}

static void the_last_rule_that_fits_decides(void **state)
{
    (void)state;
    rules("any, !10.0.0.0/8:any, 10.1.2.3:443, !25");
    assert_verdict(TCP("198.51.100.1", 80), "pass");
    assert_fault(TCP("10.1.2.3", 80), "refuse", "rule");
    assert_fault(UDP("10.1.2.3", 80), "refuse", "rule");
    assert_verdict(TCP("10.1.2.3", 443), "pass");
    assert_fault(TCP("198.51.100.1", 25), "refuse", "rule");
    assert_fault(icmp_frame(GUEST_IP, "10.1.2.3", 8), "drop", "icmp");
    assert_verdict(icmp_frame(GUEST_IP, "198.51.100.1", 8), "pass");
    rules("localhost:any, !localhost:22");
    assert_verdict(TCP("10.0.2.2", 80), "pass");
    assert_fault(TCP("10.0.2.2", 22), "refuse", "localhost");
}

static void a_name_is_what_it_was_resolved_to(void **state)
{
    (void)state;
    struct aq_ip address;
    rules("db.example.com:5432, *.example.org:443");
    aq_ip_parse("198.51.100.1", &address);
    assert_fault(TCP("198.51.100.1", 5432), "refuse", "rule");
    aq_names_learn(&policy.names, "db.example.com", &address);
    assert_verdict(TCP("198.51.100.1", 5432), "pass");
    assert_fault(TCP("198.51.100.1", 443), "refuse", "rule");
    assert_fault(TCP("198.51.100.2", 5432), "refuse", "rule");
    aq_ip_parse("198.51.100.2", &address);
    aq_names_learn(&policy.names, "www.example.org", &address);
    assert_verdict(TCP("198.51.100.2", 443), "pass");
    /* A name may be given any address by whoever owns it: not these. */
    static const char *const rebound[] = {"169.254.169.254", "192.0.2.7", "127.0.0.1"};
    for (size_t i = 0; i < 3; i++) {
        aq_ip_parse(rebound[i], &address);
        aq_names_learn(&policy.names, "db.example.com", &address);
        assert_string_not_equal(verdict(TCP(rebound[i], 5432)), "pass");
    }
    assert_fault(TCP("10.0.2.2", 5432), "refuse", "localhost");
    assert_true(aq_policy_resolves(&policy, "db.example.com"));
    assert_true(aq_policy_resolves(&policy, "a.b.example.org"));
    assert_false(aq_policy_resolves(&policy, "example.org"));
    assert_false(aq_policy_resolves(&policy, "evil.com"));
    assert_false(aq_policy_resolves(&policy, "db.example.com.evil.com"));
}

static void names_are_answered_where_something_needs_them(void **state)
{
    (void)state;
    rules("any");
    assert_verdict(UDP("10.0.2.3", 53), "dns");
    assert_verdict(UDP6("fec0::3", 53), "dns");
    assert_verdict(TCP("10.0.2.3", 53), "pass");
    assert_fault(UDP("10.0.2.3", 54), "refuse", "nowhere");
    assert_fault(TCP("10.0.2.3", 80), "refuse", "nowhere");
    rules("10.0.0.0/8:443");
    assert_verdict(UDP("10.0.2.3", 53), "dns"); /* where it is refused */
    assert_fault(TCP("10.0.2.3", 53), "refuse", "dns");
    assert_false(aq_policy_resolves(&policy, "a.b"));
    rules("443");
    assert_true(aq_policy_resolves(&policy, "a.b"));
    assert_verdict(TCP("10.0.2.3", 53), "pass");
    rules("db.example.com:443");
    assert_fault(TCP("10.0.2.3", 53), "refuse", "dns");
    assert_fault(UDP("8.8.8.8", 53), "refuse", "rule");
}

static void only_the_guest_itself_sends(void **state)
{
    (void)state;
    rules("any");
    struct frame frame = TCP("198.51.100.1", 80);
    frame.bytes[11] ^= 1;
    assert_fault(frame, "drop", "mac");
    frame = TCP("198.51.100.1", 80);
    frame.bytes[1] = 0x54; /* to another card */
    assert_fault(frame, "drop", "mac");
    assert_fault(tcp_frame("10.0.2.16", 1, "198.51.100.1", 80, SYN), "drop", "source");
    assert_fault(tcp_frame("198.51.100.9", 1, "198.51.100.1", 80, SYN), "drop", "source");
    assert_fault(tcp_frame("127.0.0.1", 1, "198.51.100.1", 80, SYN), "drop", "source");
    assert_fault(tcp_frame("fe80::1", 1, "2001:db8::1", 80, SYN), "drop", "source");
    assert_fault(tcp_frame("fec0::2", 1, "2001:db8::1", 80, SYN), "drop", "source");
    assert_fault(tcp_frame("2001:db8::5", 1, "2001:db8::1", 80, SYN), "drop", "source");
    assert_verdict(tcp_frame("fec0::abcd", 1, "2001:db8::1", 80, SYN), "pass"); /* it may choose */

    assert_verdict(arp_frame(GUEST_IP, "10.0.2.2"), "pass");
    assert_verdict(arp_frame("0.0.0.0", GUEST_IP), "pass"); /* a probe */
    assert_fault(arp_frame("10.0.2.2", "10.0.2.2"), "drop", "source");
    assert_fault(arp_frame(GUEST_IP, "192.0.2.1"), "drop", "arp");
    struct frame arp = arp_frame(GUEST_IP, "10.0.2.2");
    arp.bytes[27] ^= 1; /* another's card inside */
    assert_fault(arp, "drop", "mac");
    arp = arp_frame(GUEST_IP, "10.0.2.2");
    arp.bytes[21] = 3; /* RARP */
    assert_fault(arp, "drop", "arp");
    arp.length = 41;
    assert_fault(arp, "drop", "malformed");
}

static void what_is_not_plain_is_dropped(void **state)
{
    (void)state;
    rules("any");
    static const struct {
        size_t at;
        unsigned char value;
        const char *fault;
    } changes[] = {
        {12, 0x81, "ethertype"}, {13, 0x06, "arp"},       {12, 0x88, "ethertype"}, {14, 0x46, "options"},
        {14, 0x4f, "options"},   {14, 0x65, "malformed"}, {14, 0x44, "options"},   {16, 0xff, "malformed"},
        {17, 19, "malformed"},   {20, 0x20, "fragment"},  {21, 1, "fragment"},     {20, 0x80, "fragment"},
        {23, 132, "protocol"},   {23, 4, "protocol"},     {23, 2, "protocol"},     {23, 41, "protocol"},
        {23, 58, "protocol"},    {46, 0x40, "malformed"}, {46, 0xf0, "malformed"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct frame frame = TCP("198.51.100.1", 80);
        frame.bytes[changes[i].at] = changes[i].value;
        verdict(frame);
        if (strcmp(aq_fault_name(fault), changes[i].fault) != 0)
            fail_msg("byte %zu to %02x: %s, not %s", changes[i].at, changes[i].value, aq_fault_name(fault),
                     changes[i].fault);
    }
    struct frame whole = TCP("198.51.100.1", 80);
    whole.bytes[20] = 0x40; /* "do not fragment" is none */
    assert_verdict(whole, "pass");
    for (size_t length = 0; length < whole.length; length++) {
        struct frame cut = whole;
        cut.length = length;
        assert_fault(cut, "drop", "malformed");
    }
    whole.length += 100; /* padding */
    assert_verdict(whole, "pass");
    static const unsigned char extensions[] = {0, 43, 60, 51, 50, 135, 139};
    for (size_t i = 0; i < sizeof extensions; i++) {
        struct frame frame = TCP6("2001:db8::1", 80);
        frame.bytes[20] = extensions[i];
        assert_fault(frame, "drop", "options");
    }
    struct frame fragment = TCP6("2001:db8::1", 80);
    fragment.bytes[20] = 44;
    assert_fault(fragment, "drop", "fragment");
    struct frame udp = UDP("198.51.100.1", 80);
    put16(udp.bytes + 38, 10); /* longer than its packet */
    assert_fault(udp, "drop", "malformed");
    put16(udp.bytes + 38, 8); /* shorter */
    assert_fault(udp, "drop", "malformed");
}

static void ipv6_neighbours_talk_on_the_link_alone(void **state)
{
    (void)state;
    static const unsigned types[] = {133, 135, 136};
    rules("any");
    for (size_t i = 0; i < 3; i++) {
        struct frame frame = icmp_frame("fe80::1", "fe80::2", types[i]);
        assert_fault(frame, "drop", "icmp"); /* its hop limit tells that it may come from elsewhere */
        frame.bytes[21] = 255;
        assert_verdict(frame, types[i] == 133 ? "advert" : "pass");
    }
    struct frame redirect = icmp_frame("fe80::1", "fe80::2", 137),
                 advert = icmp_frame("fe80::1", "ff02::1", 134);
    redirect.bytes[21] = advert.bytes[21] = 255;
    assert_fault(redirect, "drop", "icmp");
    assert_fault(advert, "drop", "icmp");
    assert_fault(icmp_frame(GUEST_IP6, "2001:db8::1", 128), "drop", "icmp"); /* an echo request */
    rules("10.0.0.0/8:any");
    struct frame solicitation = icmp_frame("fe80::1", "ff02::2", 133);
    solicitation.bytes[21] = 255;
    assert_fault(solicitation, "drop", "ip6");
}

static void dhcp_is_answered_here(void **state)
{
    (void)state;
    rules("none");
    assert_verdict(udp_frame("0.0.0.0", 68, "255.255.255.255", 67, "x", 1), "dhcp");
    assert_verdict(udp_frame(GUEST_IP, 68, "10.0.2.2", 67, "x", 1), "dhcp");
    assert_fault(udp_frame("0.0.0.0", 68, "198.51.100.1", 67, "x", 1), "drop", "source");
    assert_fault(udp_frame(GUEST_IP, 69, "10.0.2.2", 67, "x", 1), "refuse", "localhost");
    assert_fault(udp_frame(GUEST_IP, 40000, "10.0.2.2", 69, "x", 1), "refuse", "localhost"); /* TFTP */
}

/* A connection that came in: what the guest says in it passes, whatever the rules are. */
static void answers_to_forwarded_ports_pass(void **state)
{
    (void)state;
    rules("none");
    struct frame answer = tcp_frame(GUEST_IP, 80, "203.0.113.9", 50000, SYN | ACK);
    assert_fault(answer, "refuse", "stray");
    struct frame request = tcp_frame("203.0.113.9", 50000, GUEST_IP, 80, SYN);
    assert_int_equal(aq_packet_parse(request.bytes, request.length, &packet), AQ_FAULT_NONE);
    assert_true(aq_judge_inbound(&judge, &packet, true, 1000));
    assert_verdict(answer, "pass");
    assert_fault(tcp_frame(GUEST_IP, 81, "203.0.113.9", 50000, ACK), "refuse", "stray");
    assert_fault(tcp_frame(GUEST_IP, 80, "203.0.113.9", 50001, ACK), "refuse", "stray");
    assert_fault(tcp_frame(GUEST_IP, 80, "203.0.113.8", 50000, SYN), "refuse", "rule");

    struct frame datagram = udp_frame("203.0.113.9", 50000, GUEST_IP, 53, "x", 1);
    struct aq_packet inbound;
    assert_int_equal(aq_packet_parse(datagram.bytes, datagram.length, &inbound), AQ_FAULT_NONE);
    assert_fault(udp_frame(GUEST_IP, 53, "203.0.113.9", 50000, "x", 1), "refuse", "rule");
    assert_false(aq_judge_inbound(&judge, &inbound, false, 1000)); /* no forward, nobody asked */
    assert_true(aq_judge_inbound(&judge, &inbound, true, 1000));
    assert_verdict(udp_frame(GUEST_IP, 53, "203.0.113.9", 50000, "x", 1), "pass");
    assert_fault(udp_frame(GUEST_IP, 53, "203.0.113.9", 50001, "x", 1), "refuse", "rule");
}

/* Whoever the guest has sent UDP to may answer, and nobody else. */
static void only_who_was_asked_may_answer(void **state)
{
    (void)state;
    rules("53/udp");
    struct frame answer = udp_frame("203.0.113.9", 53, GUEST_IP, 40000, "x", 1);
    assert_int_equal(aq_packet_parse(answer.bytes, answer.length, &packet), AQ_FAULT_NONE);
    struct aq_packet from_nobody = packet;
    assert_false(aq_judge_inbound(&judge, &from_nobody, false, 1000));
    assert_verdict(UDP("203.0.113.9", 53), "pass");
    assert_true(aq_judge_inbound(&judge, &from_nobody, false, 1000));
    assert_false(aq_judge_inbound(&judge, &from_nobody, false, 1000000)); /* long ago */
}

static bool comes_in(struct frame frame, bool forwarded)
{
    assert_int_equal(aq_packet_parse(frame.bytes, frame.length, &packet), AQ_FAULT_NONE);
    return aq_judge_inbound(&judge, &packet, forwarded, 1000);
}

/* What the guest has opened ends with the rule that allowed it, whatever the far end does. */
static void an_answer_lets_nobody_in(void **state)
{
    (void)state;
    const struct aq_flow asked_for = {AQ_IP4(203, 0, 113, 9), 53, 53, AQ_PROTOCOL_UDP};
    rules("53/udp");
    assert_verdict(udp_frame(GUEST_IP, 53, "203.0.113.9", 53, "x", 1), "pass");
    assert_true(
        comes_in(udp_frame("203.0.113.9", 53, GUEST_IP, 53, "x", 1), true)); /* a forward is there, too */
    assert_true(aq_judge_allows(&judge, &asked_for));
    assert_ok(aq_egress_parse("none", &policy.egress, &err));
    assert_false(aq_judge_allows(&judge, &asked_for));
    assert_fault(udp_frame(GUEST_IP, 53, "203.0.113.9", 53, "x", 1), "refuse", "rule");

    rules("none");
    assert_true(comes_in(tcp_frame("203.0.113.9", 50000, GUEST_IP, 80, SYN), true));
    assert_verdict(tcp_frame(GUEST_IP, 80, "203.0.113.9", 50000, ACK), "pass");
    assert_fault(tcp_frame(GUEST_IP, 80, "203.0.113.9", 50000, SYN), "refuse", "rule");
    const struct aq_flow host = {AQ_NET4_HOST, 22, 40000, AQ_PROTOCOL_TCP};
    assert_false(aq_judge_allows(&judge, &host));
    rules("localhost:22");
    assert_true(aq_judge_allows(&judge, &host));
}

static void a_peers_answer_lets_it_in_no_more(void **state)
{
    (void)state;
    static struct aq_peers peers;
    peers.count = 1;
    peers.peers[0] = (struct aq_peer){.name = "other", .address = AQ_IP4(10, 0, 2, 16)};
    rules("any");
    judge.peers = &peers;
    assert_verdict(udp_frame(GUEST_IP, 40000, "10.0.2.16", 53, "x", 1), "peer");
    struct frame answer = udp_frame("10.0.2.16", 53, GUEST_IP, 40000, "x", 1);
    assert_int_equal(aq_packet_parse(answer.bytes, answer.length, &packet), AQ_FAULT_NONE);
    assert_true(aq_judge_from_peer(&judge, &peers.peers[0], &packet, 1000));
    assert_ok(aq_egress_parse("none", &policy.egress, &err));
    assert_fault(udp_frame(GUEST_IP, 40000, "10.0.2.16", 53, "x", 1), "refuse", "rule");

    struct frame question = udp_frame("10.0.2.16", 50000, GUEST_IP, 53, "x", 1);
    assert_int_equal(aq_packet_parse(question.bytes, question.length, &packet), AQ_FAULT_NONE);
    assert_true(aq_judge_from_peer(&judge, &peers.peers[0], &packet, 1000));
    assert_verdict(udp_frame(GUEST_IP, 53, "10.0.2.16", 50000, "x", 1), "peer"); /* which it asked for */
}

static void the_gate_hears_its_own_answers(void **state)
{
    (void)state;
    rules("none");
    assert_verdict(tcp_frame(GUEST_IP, 8080, "10.0.2.2", 1, SYN | ACK), "gate");
    assert_verdict(tcp_frame(GUEST_IP, 8080, "10.0.2.2", 1, RST | ACK), "gate");
    assert_fault(tcp_frame(GUEST_IP, 8080, "10.0.2.2", 1, SYN), "refuse", "localhost");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_is_everything_but_the_host_and_special_addresses),
        cmocka_unit_test(special_addresses_are_reached_by_their_number),
        cmocka_unit_test(a_port_is_that_port_and_no_other),
        cmocka_unit_test(the_last_rule_that_fits_decides),
        cmocka_unit_test(a_name_is_what_it_was_resolved_to),
        cmocka_unit_test(names_are_answered_where_something_needs_them),
        cmocka_unit_test(only_the_guest_itself_sends),
        cmocka_unit_test(what_is_not_plain_is_dropped),
        cmocka_unit_test(ipv6_neighbours_talk_on_the_link_alone),
        cmocka_unit_test(dhcp_is_answered_here),
        cmocka_unit_test(answers_to_forwarded_ports_pass),
        cmocka_unit_test(only_who_was_asked_may_answer),
        cmocka_unit_test(an_answer_lets_nobody_in),
        cmocka_unit_test(a_peers_answer_lets_it_in_no_more),
        cmocka_unit_test(the_gate_hears_its_own_answers),
    };
    return cmocka_run_group_tests_name("gateway/judge", tests, NULL, NULL);
}
