/* SPDX-License-Identifier: MIT */
#include "gateway/nat.h"

#include <glib.h>
#include <libslirp.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "gateway/net.h"
#include "gateway/sockets.h"
#include "util/memory.h"

enum { FD_MAX = 1024 };

struct aq_nat {
    Slirp *slirp;
    struct aq_nat_user user;
    SlirpCb callbacks;
    int fd_at[AQ_POLLS_MAX]; /* which descriptor is in which place of this turn */
    bool listening[FD_MAX];  /* forwarded TCP ports */
};

/* What libslirp is given and asks for, in its own words. */

static ssize_t on_send(const void *frame, size_t length, void *data)
{
    const struct aq_nat *nat = data;
    nat->user.send(nat->user.data, frame, length);
    return (ssize_t)length;
}

static void on_guest_error(const char *text, void *data)
{
    (void)text;
    (void)data;
}

static int64_t on_clock(void *data)
{
    (void)data;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Its one timer is for router advertisements, which are made in advert.c. */
static void *on_timer_new(SlirpTimerCb callback, void *callback_data, void *data)
{
    (void)callback;
    (void)callback_data;
    return data;
}

static void on_timer_free(void *timer, void *data)
{
    (void)timer;
    (void)data;
}

static void on_timer_mod(void *timer, int64_t expires_ms, void *data)
{
    (void)timer;
    (void)expires_ms;
    (void)data;
}

static void on_open(int fd, void *data)
{
    (void)data;
    aq_sockets_opened(fd);
}

static void on_close(int fd, void *data)
{
    struct aq_nat *nat = data;
    if (fd >= 0 && fd < FD_MAX)
        nat->listening[fd] = false;
    aq_sockets_closed(fd);
}

static void on_notify(void *data)
{
    (void)data;
}

static const SlirpCb callbacks = {
    .send_packet = on_send,
    .guest_error = on_guest_error,
    .clock_get_ns = on_clock,
    .timer_new = on_timer_new,
    .timer_free = on_timer_free,
    .timer_mod = on_timer_mod,
    .register_poll_fd = on_open,
    .unregister_poll_fd = on_close,
    .notify = on_notify,
};

/* GLib would open files to find out how to write a warning, which the sandbox does not let it. */
static void say_nothing(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data)
{
    (void)domain;
    (void)level;
    (void)text;
    (void)data;
}

static struct in_addr in4(const struct aq_ip *ip)
{
    struct in_addr address;
    memcpy(&address, ip->bytes + 12, sizeof address);
    return address;
}

static struct in6_addr in6(const struct aq_ip *ip)
{
    struct in6_addr address;
    memcpy(&address, ip->bytes, sizeof address);
    return address;
}

struct aq_nat *aq_nat_open(const struct aq_ip *guest, const struct aq_nat_user *user)
{
    struct aq_nat *nat = aq_alloc(sizeof *nat);
    const SlirpConfig config = {
        .version = 4,
        .in_enabled = true,
        .vnetwork = in4(&AQ_NET4),
        .vnetmask = in4(&AQ_IP4(255, 255, 255, 0)),
        .vhost = in4(&AQ_NET4_HOST),
        .in6_enabled = true,
        .vprefix_addr6 = in6(&AQ_NET6),
        .vprefix_len = AQ_NET6_BITS,
        .vhost6 = in6(&AQ_NET6_HOST),
        .vdhcp_start = in4(guest),
        .vnameserver = in4(&AQ_NET4_NAMESERVER),
        .vnameserver6 = in6(&AQ_NET6_NAMESERVER),
        .if_mtu = AQ_NET_MTU,
        .if_mru = AQ_NET_MTU,
        .disable_dns = true,
        .disable_dhcp = true,
    };
    g_log_set_default_handler(say_nothing, NULL);
    nat->user = *user;
    nat->callbacks = callbacks;
    nat->slirp = slirp_new(&config, &nat->callbacks, nat);
    if (nat->slirp == NULL)
        aq_panic("libslirp %s refuses its configuration", slirp_version_string());
    return nat;
}

void aq_nat_close(struct aq_nat *nat)
{
    if (nat == NULL)
        return;
    slirp_cleanup(nat->slirp);
    free(nat);
}

void aq_nat_input(struct aq_nat *nat, const unsigned char *frame, size_t length)
{
    slirp_input(nat->slirp, frame, (int)length);
}

bool aq_nat_forward(struct aq_nat *nat, bool udp, int fd, const struct aq_endpoint *host,
                    const struct aq_endpoint *guest)
{
    struct sockaddr_storage from, to;
    socklen_t from_length = aq_endpoint_to_system(host, &from), to_length = aq_endpoint_to_system(guest, &to);
    if (fd < 0 || fd >= FD_MAX)
        return false;
    aq_sockets_hand_over(fd);
    int added = slirp_add_hostxfwd(nat->slirp, (struct sockaddr *)&from, from_length, (struct sockaddr *)&to,
                                   to_length, udp ? SLIRP_HOSTFWD_UDP : 0);
    aq_sockets_hand_over(-1);
    nat->listening[fd] = added == 0 && !udp;
    return added == 0;
}

void aq_nat_unforward(struct aq_nat *nat, bool udp, const struct aq_endpoint *host)
{
    struct sockaddr_storage from;
    socklen_t length = aq_endpoint_to_system(host, &from);
    slirp_remove_hostxfwd(nat->slirp, (struct sockaddr *)&from, length, udp ? SLIRP_HOSTFWD_UDP : 0);
}

struct turn {
    struct aq_nat *nat;
    struct aq_polls *polls;
};

static const struct {
    int slirp;
    short poll;
} events[] = {{SLIRP_POLL_IN, POLLIN},
              {SLIRP_POLL_OUT, POLLOUT},
              {SLIRP_POLL_PRI, POLLPRI},
              {SLIRP_POLL_ERR, POLLERR},
              {SLIRP_POLL_HUP, POLLHUP}};

static int on_add_poll(int fd, int wanted, void *data)
{
    const struct turn *turn = data;
    struct aq_nat *nat = turn->nat;
    short mask = 0;
    if (fd < FD_MAX && nat->listening[fd] && !nat->user.may_wait(nat->user.data, fd))
        return -1;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if ((wanted & events[i].slirp) != 0)
            mask |= events[i].poll;
    int place = aq_polls_add(turn->polls, fd, mask);
    if (place >= 0)
        nat->fd_at[place] = fd;
    return place;
}

static int on_get_events(int place, void *data)
{
    const struct turn *turn = data;
    short got = aq_polls_events(turn->polls, place);
    int fd = got != 0 ? turn->nat->fd_at[place] : -1;
    int told = 0;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if ((got & events[i].poll) != 0)
            told |= events[i].slirp;
    if (told != 0 && turn->nat->listening[fd] && !turn->nat->user.may_accept(turn->nat->user.data, fd))
        return 0;
    return told;
}

void aq_nat_fill(struct aq_nat *nat, struct aq_polls *polls, int64_t now_ms)
{
    struct turn turn = {nat, polls};
    uint32_t timeout = UINT32_MAX;
    slirp_pollfds_fill(nat->slirp, &timeout, on_add_poll, &turn);
    if (aq_sockets_open() > 0)
        aq_polls_call_at(polls, now_ms + timeout);
}

void aq_nat_serve(struct aq_nat *nat, const struct aq_polls *polls)
{
    struct turn turn = {nat, (struct aq_polls *)polls};
    slirp_pollfds_poll(nat->slirp, 0, on_get_events, &turn);
}

void aq_nat_pause(struct aq_nat *nat)
{
    slirp_pollfds_poll(nat->slirp, 1, on_get_events, NULL);
}
