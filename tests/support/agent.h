/* SPDX-License-Identifier: MIT */
/* The real qemu-ga, in a mount namespace with a /var/lib of its own, and a channel to it: with_agent(name) in
   the list of cases. */
#ifndef AQ_TEST_AGENT_H
#define AQ_TEST_AGENT_H

#include "test.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/channel.h"

static char here[3000];

struct agent_fixture {
    pid_t pid;
    struct aq_channel *channel;
};

static inline bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return written;
}

/* A namespace in which /var/lib is ours, as root or (through a user namespace) as anyone. */
static inline bool leave_host(void)
{
    char map[64];
    unsigned uid = geteuid();
    if (uid == 0 && unshare(CLONE_NEWNS) < 0)
        return false;
    if (uid != 0) {
        if (unshare(CLONE_NEWNS | CLONE_NEWUSER) < 0)
            return false;
        snprintf(map, sizeof map, "0 %u 1", uid);
        if (!write_text("/proc/self/setgroups", "deny") || !write_text("/proc/self/uid_map", map))
            return false;
    }
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", "/var/lib", "tmpfs", 0, NULL) == 0;
}

static inline pid_t start_agent(const char *blocked)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!leave_host())
            _exit(77);
        execlp("qemu-ga", "qemu-ga", "-m", "unix-listen", "-p", "agent.sock", "-t", here, "-f", "agent.pid",
               blocked == NULL ? NULL : "-b", blocked, (char *)NULL);
        _exit(77);
    }
    return pid;
}

static inline int connect_to_agent(pid_t pid)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "agent.sock"};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    for (int i = 0; i < 500; i++) {
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
            return fd;
        assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
        usleep(20000);
    }
    fail_msg("qemu-ga does not listen");
    return -1;
}

static inline int open_agent(void **state, const char *blocked)
{
    static struct agent_fixture fixture;
    fixture.pid = start_agent(blocked);
    struct aq_channel_port port = {.fd = connect_to_agent(fixture.pid)};
    fixture.channel = aq_channel_open_agent(&port);
    *state = &fixture;
    return 0;
}

static inline int open_whole_agent(void **state)
{
    return open_agent(state, NULL);
}

static inline int open_agent_without_exec(void **state)
{
    return open_agent(state, "guest-exec");
}

static inline int close_agent(void **state)
{
    struct agent_fixture *fixture = *state;
    aq_channel_close(fixture->channel);
    kill(fixture->pid, SIGKILL);
    waitpid(fixture->pid, NULL, 0);
    unlink("agent.sock");
    return 0;
}

static inline struct aq_channel *channel_of(void **state)
{
    return ((struct agent_fixture *)*state)->channel;
}

static inline int shell(struct aq_channel *channel, const char *text, aq_deadline deadline,
                        struct aq_guest_exit *exit, struct aq_error *err)
{
    const char *const argv[] = {"/bin/sh", "-c", text, NULL};
    struct aq_guest_exec exec = {
        .argv = argv, .working_dir = here, .deadline = deadline, .capture_limit = 1 << 20};
    return aq_channel_exec(channel, &exec, exit, err);
}

/* Notes where we are. Is there a qemu-ga, and the right to run it as is done here? If not it says so. */
static inline bool agent_can_run(void)
{
    int status = 0;
    pid_t probe = fork();
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    if (getcwd(here, sizeof here) == NULL)
        abort();
    if (probe == 0)
        _exit(leave_host() && access("/usr/sbin/qemu-ga", X_OK) == 0 ? 0 : 77);
    waitpid(probe, &status, 0);
    if (WEXITSTATUS(status) != 0)
        puts("skipped: needs qemu-ga (package qemu-guest-agent) and the right to make a mount namespace");
    return WEXITSTATUS(status) == 0;
}

#define with_agent(name) cmocka_unit_test_setup_teardown(name, open_whole_agent, close_agent)

#endif
