/* SPDX-License-Identifier: MIT */
#include "util/resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util/memory.h"

enum { STACK_SIZE = 512 * 1024, PORT_TEXT = 6 };

/* Shared with the thread; whoever lets go of it last frees it. */
struct aq_resolve {
    atomic_int holders;
    int event;
    char *host;
    char port[PORT_TEXT];
    int problem; /* of getaddrinfo, once the event has come */
    struct addrinfo *answer;
};

static void let_go(struct aq_resolve *resolve)
{
    if (atomic_fetch_sub(&resolve->holders, 1) > 1)
        return;
    if (resolve->answer != NULL)
        freeaddrinfo(resolve->answer);
    close(resolve->event);
    free(resolve->host);
    free(resolve);
}

static void *look_up(void *data)
{
    struct aq_resolve *resolve = data;
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    resolve->problem = getaddrinfo(resolve->host, resolve->port, &wanted, &resolve->answer);
    eventfd_write(resolve->event, 1);
    let_go(resolve);
    return NULL;
}

static bool start_thread(struct aq_resolve *resolve)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    bool started = pthread_create(&thread, &attributes, look_up, resolve) == 0;
    pthread_attr_destroy(&attributes);
    return started;
}

struct aq_resolve *aq_resolve_start(const char *host, uint16_t port)
{
    struct aq_resolve *resolve = aq_alloc(sizeof *resolve);
    atomic_init(&resolve->holders, 2);
    resolve->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    resolve->host = aq_strdup(host);
    snprintf(resolve->port, sizeof resolve->port, "%u", port);
    if (!start_thread(resolve)) {
        atomic_store(&resolve->holders, 1);
        resolve->problem = EAI_MEMORY;
        eventfd_write(resolve->event, 1);
    }
    return resolve;
}

int aq_resolve_fd(const struct aq_resolve *resolve)
{
    return resolve->event;
}

int aq_resolve_take(struct aq_resolve *resolve, struct aq_address addresses[AQ_ADDRESSES_MAX],
                    struct aq_error *err)
{
    eventfd_t ignored;
    if (eventfd_read(resolve->event, &ignored) < 0)
        return 0;
    if (resolve->problem != 0)
        return aq_fail(err, AQ_E_HOST_NOT_FOUND, "no address is known of the host %s: %s", resolve->host,
                       gai_strerror(resolve->problem));
    int count = 0;
    for (const struct addrinfo *one = resolve->answer; one != NULL && count < AQ_ADDRESSES_MAX;
         one = one->ai_next) {
        memcpy(&addresses[count].socket, one->ai_addr, one->ai_addrlen);
        addresses[count++].length = one->ai_addrlen;
    }
    return count;
}

void aq_resolve_close(struct aq_resolve *resolve)
{
    if (resolve != NULL)
        let_go(resolve);
}
