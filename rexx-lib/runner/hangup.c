/* SPDX-License-Identifier: MIT */
#include "hangup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static bool watching;

/* Waits until both are hung up, or asks whether they are. A stream that cannot hang up (a file) never is. */
static bool both_hung_up(int timeout)
{
    struct pollfd streams[2] = {{.fd = STDOUT_FILENO}, {.fd = STDERR_FILENO}};
    for (int i = 0; i < 2;) {
        int ready = poll(&streams[i], 1, timeout);
        if (ready > 0 && (streams[i].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
            i++;
        else if (ready == 0 || errno != EINTR)
            return false;
    }
    return true;
}

static void *watch(void *data)
{
    (void)data;
    if (both_hung_up(-1))
        kill(0, SIGHUP);
    return NULL;
}

/* sshd says so in the environment, and without a terminal there is none to open. */
static bool runs_under_sshd(void)
{
    if (getenv("SSH_CONNECTION") == NULL)
        return false;
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal >= 0)
        close(terminal);
    return terminal < 0;
}

void aq_hangup_watch(void)
{
    sigset_t all, before;
    pthread_t thread;
    if (!runs_under_sshd())
        return;
    /* A group of our own: dropbear has its commands in that of its daemon. */
    setpgid(0, 0);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the thread that interprets */
    watching = pthread_create(&thread, NULL, watch, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (watching)
        pthread_detach(thread);
}

bool aq_hangup_happened(void)
{
    return watching && both_hung_up(0);
}
