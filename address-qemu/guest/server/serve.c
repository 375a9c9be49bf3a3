/* SPDX-License-Identifier: MIT */
#include "guest/server/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/server/identity.h"
#include "guest/server/ports.h"
#include "guest/server/session.h"

#define RUN_FOLDER "/run/address-qemu"
#define LOCK_FILE RUN_FOLDER "/serve.lock"
#define RETRY_MS 1000
/* After the start ports may still appear, and where the kernel's messages cannot be had only looking finds
 * them. */
#define LOOK_OFTEN_MS 60000

/* The process that serves one port. */
struct server {
    struct aq_port_name port;
    pid_t pid;
    int64_t started;
};

struct manager {
    struct server servers[AQ_PORTS_MAX];
    size_t count;
    bool fixed; /* the ports were named: none is looked for */
    int signals;
    int watch;
    int64_t started;
};

static int serve_device(const char *device)
{
    int fd = open(device, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        dprintf(STDERR_FILENO, "rexx-guest: cannot open %s: %s\n", device, strerror(errno));
        return 1;
    }
    aq_guest_serve_port(fd);
    return 0;
}

/* The server of a port is started from the program's file, so that a file that has been replaced is what runs
 * next. */
__attribute__((noreturn)) static void become_server(const char *device, pid_t manager)
{
    sigset_t none;
    char *const argv[] = {(char *)(uintptr_t) "rexx-guest", (char *)(uintptr_t) "--serve",
                          (char *)(uintptr_t)device, NULL};
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != manager)
        _exit(0);
    execv(aq_identity_path(), argv);
    _exit(serve_device(device));
}

static void start_servers(struct manager *manager)
{
    for (size_t i = 0; i < manager->count; i++) {
        struct server *server = &manager->servers[i];
        pid_t self = getpid();
        int64_t now = aq_server_now_ms();
        /* At once when one that has worked ends (it makes way for a new file), else not in a tight loop. */
        if (server->pid > 0 || (server->started != 0 && now - server->started < RETRY_MS))
            continue;
        server->started = now;
        server->pid = fork();
        if (server->pid == 0)
            become_server(server->port.device, self);
    }
}

static void find_ports(struct manager *manager)
{
    struct aq_port_name found[AQ_PORTS_MAX];
    size_t count = manager->fixed ? 0 : aq_ports_find(found);
    for (size_t i = 0; i < count; i++) {
        size_t known = 0;
        while (known < manager->count && strcmp(manager->servers[known].port.device, found[i].device) != 0)
            known++;
        if (known == manager->count && known < AQ_PORTS_MAX)
            manager->servers[manager->count++] = (struct server){.port = found[i]};
    }
}

static void reap(struct manager *manager)
{
    for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;)
        for (size_t i = 0; i < manager->count; i++)
            if (manager->servers[i].pid == pid)
                manager->servers[i].pid = 0;
}

static int wait_milliseconds(const struct manager *manager)
{
    for (size_t i = 0; i < manager->count; i++)
        if (manager->servers[i].pid <= 0)
            return RETRY_MS;
    bool look =
        !manager->fixed && (manager->watch < 0 || aq_server_now_ms() - manager->started < LOOK_OFTEN_MS);
    return look ? RETRY_MS : -1;
}

/* False when it is told to end. */
static bool wait_for_change(struct manager *manager)
{
    char message[8192];
    struct signalfd_siginfo signal_info;
    struct pollfd polls[2] = {{.fd = manager->signals, .events = POLLIN},
                              {.fd = manager->watch, .events = POLLIN}};
    poll(polls, 2, wait_milliseconds(manager));
    while (manager->watch >= 0 && recv(manager->watch, message, sizeof message, 0) > 0)
        ;
    while (read(manager->signals, &signal_info, sizeof signal_info) == sizeof signal_info)
        if (signal_info.ssi_signo == SIGTERM)
            return false;
    return true;
}

static int manage(struct manager *manager)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGCHLD, SIG_DFL);
    manager->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    manager->watch = manager->fixed ? -1 : aq_ports_watch();
    manager->started = aq_server_now_ms();
    if (manager->signals < 0)
        return 1;
    do {
        reap(manager);
        find_ports(manager);
        start_servers(manager);
    } while (wait_for_change(manager));
    for (size_t i = 0; i < manager->count; i++)
        if (manager->servers[i].pid > 0)
            kill(manager->servers[i].pid, SIGTERM);
    return 0;
}

/* One server a guest: false if there is another. Where there is nowhere to put a lock, the ports themselves
   can still be opened only once. The descriptor stays open for as long as the process lives. */
static bool lock_guest(void)
{
    mkdir(RUN_FOLDER, 0755);
    int fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* True in the process that goes on, in the background. */
static bool become_daemon(void)
{
    pid_t pid = fork();
    if (pid != 0)
        return false;
    setsid();
    if (chdir("/") < 0)
        _exit(1);
    int nothing = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3 && nothing >= 0; fd++)
        dup2(nothing, fd);
    if (nothing > 2)
        close(nothing);
    return true;
}

/* The supervisor puts a command's streams at 0 to 2, so those must be taken. */
static void fill_standard_descriptors(void)
{
    int fd;
    while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= 2)
        ;
    if (fd > 2)
        close(fd);
}

int aq_guest_serve(int argc, char **argv)
{
    struct manager manager = {0};
    bool background = false;
    fill_standard_descriptors();
    aq_identity_init();
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--daemon") == 0)
            background = true;
        else if (manager.count < AQ_PORTS_MAX)
            snprintf(manager.servers[manager.count++].port.device, sizeof manager.servers[0].port.device,
                     "%s", argv[i]);
    }
    manager.fixed = manager.count > 0;
    if (!manager.fixed && !lock_guest())
        return 0;
    if (background && !become_daemon())
        return 0;
    if (manager.count == 1)
        return serve_device(manager.servers[0].port.device);
    return manage(&manager);
}
