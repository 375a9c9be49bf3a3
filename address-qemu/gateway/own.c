/* SPDX-License-Identifier: MIT */
#include "gateway/own.h"

#include <errno.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "gateway/sockets.h"

enum { KEPT = 64, KEEP_SECONDS = 2 };

static int64_t seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* Of a UDP socket that is connected nothing is sent; but the system chooses the address that it would send
   from, and that is the very address itself only when it leads to the host. */
static bool ask_system(const struct aq_ip *address)
{
    struct aq_endpoint peer = {*address, 9}, self;
    struct sockaddr_storage chosen;
    socklen_t length = sizeof chosen;
    int fd = aq_real_socket(aq_ip_is4(address) ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return true;
    bool own = true;
    if (aq_real_connect(fd, &peer) < 0)
        own = errno != ENETUNREACH && errno != EHOSTUNREACH; /* then it leads nowhere at all */
    else if (getsockname(fd, (struct sockaddr *)&chosen, &length) == 0 &&
             aq_endpoint_from_system((struct sockaddr *)&chosen, length, &self))
        own = aq_ip_equal(&self.ip, address);
    close(fd);
    return own;
}

bool aq_is_own(const struct aq_ip *address)
{
    static struct {
        struct aq_ip address;
        int64_t until;
        bool own;
    } kept[KEPT];
    int64_t now = seconds_now();
    unsigned place = (address->bytes[15] ^ address->bytes[14] * 7 ^ address->bytes[13] * 31) % KEPT;
    if (kept[place].until < now || !aq_ip_equal(&kept[place].address, address)) {
        kept[place].address = *address;
        kept[place].own = ask_system(address);
        kept[place].until = now + KEEP_SECONDS;
    }
    return kept[place].own;
}
