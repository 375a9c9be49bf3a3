/* SPDX-License-Identifier: MIT */
#include "guest/server/port.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

bool aq_port_open(struct aq_port *port, int fd)
{
    struct stat status;
    struct epoll_event interest = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
    *port = (struct aq_port){
        .fd = fd, .events = epoll_create1(EPOLL_CLOEXEC), .readable = true, .writable = true};
    if (port->events < 0 || fstat(fd, &status) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
        epoll_ctl(port->events, EPOLL_CTL_ADD, fd, &interest) < 0)
        return false;
    port->device = S_ISCHR(status.st_mode);
    return true;
}

void aq_port_close(struct aq_port *port)
{
    close(port->fd);
    close(port->events);
}

void aq_port_update(struct aq_port *port)
{
    struct epoll_event event;
    if (epoll_wait(port->events, &event, 1, 0) != 1)
        return;
    port->readable |= (event.events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP | EPOLLERR)) != 0;
    port->writable |= (event.events & (EPOLLOUT | EPOLLERR)) != 0;
}

enum aq_port_state aq_port_read(struct aq_port *port, void *to, size_t room, size_t *length)
{
    ssize_t got;
    do
        got = read(port->fd, to, room);
    while (got < 0 && errno == EINTR);
    if (got > 0) {
        *length = (size_t)got;
        return AQ_PORT_DATA;
    }
    port->readable = false;
    if (got < 0 && errno == EAGAIN)
        return AQ_PORT_NOTHING;
    return got == 0 && port->device ? AQ_PORT_HANG_UP : AQ_PORT_GONE;
}

size_t aq_port_write(struct aq_port *port, const void *from, size_t length)
{
    ssize_t written;
    do
        written = write(port->fd, from, length);
    while (written < 0 && errno == EINTR);
    if (written > 0)
        return (size_t)written;
    port->writable = false; /* a port that is gone shows when it is read */
    return 0;
}
