/* SPDX-License-Identifier: MIT */
/* A real OpenSSH server on the loopback, for whoever runs the tests, with keys of its own in the current
 * folder. */
#ifndef AQ_TEST_SSHD_H
#define AQ_TEST_SSHD_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/channel.h"
#include "guest/ssh_key.h"
#include "guest/ssh_link.h"
#include "test-files.h"

struct test_sshd {
    pid_t pid;
    struct aq_ssh_target target; /* what leads to it, its host key pinned */
};

static inline void run_program(const char *const *argv)
{
    int status = -1;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static inline void make_key(const char *name, const char *type)
{
    const char *const argv[] = {"ssh-keygen", "-q", "-t", type, "-N", "", "-f", name, NULL};
    unlink(name);
    run_program(argv);
}

static inline void write_text_file(const char *name, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* Pins the public key in that file instead of what is pinned. */
static inline void pin_key(struct aq_ssh_target *target, const char *file)
{
    char text[4096];
    struct aq_error err = {0};
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t length = read(fd, text, sizeof text);
    close(fd);
    aq_strings_free(&target->pins);
    target->pins = (struct aq_strings){0};
    assert_int_equal(aq_ssh_pins_add(&target->pins, text, (size_t)length, &err), 1);
}

/* A port that nobody has just now. */
static inline uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    close(fd);
    return ntohs(address.sin_port);
}

/* `more` are lines for its configuration, or "". The key id_ed25519 opens it. */
static inline void start_sshd(struct test_sshd *sshd, const char *more)
{
    struct aq_error err = {0};
    aq_autofree char *here = getcwd(NULL, 0);
    aq_autoclose int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (access("host_key", F_OK) < 0)
        make_key("host_key", "ed25519");
    assert_ok(aq_ssh_key_ensure(folder, &err));
    *sshd = (struct test_sshd){.pid = -1};
    sshd->target.name = aq_strdup("the test's sshd");
    sshd->target.address = (struct aq_ssh_address){.host = "127.0.0.1", .port = free_port(), .booting = true};
    sshd->target.user = aq_strdup(getpwuid(geteuid())->pw_name);
    sshd->target.key_file = aq_format("%s/" AQ_SSH_KEY, here);
    pin_key(&sshd->target, "host_key.pub");
    aq_autofree char *config =
        aq_format("Port %u\nListenAddress 127.0.0.1\nHostKey %s/host_key\nPidFile none\n"
                  "AuthorizedKeysFile %s/" AQ_SSH_KEY ".pub\nStrictModes no\nUsePAM no\n"
                  "PasswordAuthentication no\nKbdInteractiveAuthentication no\n%s",
                  sshd->target.address.port, here, here, more);
    write_text_file("sshd_config", config);
    if (geteuid() == 0)
        mkdir("/run/sshd", 0755);
    fflush(NULL);
    aq_autofree char *log = aq_format("%s/sshd.log", here); /* it works in / */
    sshd->pid = fork();
    if (sshd->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-D", "-f", "sshd_config", "-E", log, (char *)NULL);
        _exit(127);
    }
}

static inline void stop_sshd(struct test_sshd *sshd)
{
    if (sshd->pid > 0) {
        kill(sshd->pid, SIGTERM);
        waitpid(sshd->pid, NULL, 0);
    }
    sshd->pid = -1;
    free(sshd->target.name);
    free(sshd->target.user);
    free(sshd->target.key_file);
    aq_strings_free(&sshd->target.pins);
}

/* Ends the processes of its connections, as if the cable were cut; sshd itself goes on. */
static inline void cut_connections(const struct test_sshd *sshd)
{
    char parent[16];
    snprintf(parent, sizeof parent, "%d", sshd->pid);
    const char *const argv[] = {"pkill", "-KILL", "-P", parent, NULL};
    run_program(argv);
}

/* For cmocka's set-up and tear-down: *state is a struct ssh_fixture. */
struct ssh_fixture {
    struct test_sshd sshd;
    struct aq_channel *channel;
};

static inline int open_ssh_fixture(void **state)
{
    static struct ssh_fixture fixture;
    start_sshd(&fixture.sshd, "");
    fixture.channel = aq_channel_open_ssh(&fixture.sshd.target);
    *state = &fixture;
    return 0;
}

static inline int close_ssh_fixture(void **state)
{
    struct ssh_fixture *fixture = *state;
    aq_channel_close(fixture->channel);
    stop_sshd(&fixture->sshd);
    return 0;
}

static inline struct aq_channel *channel_of(void **state)
{
    return ((struct ssh_fixture *)*state)->channel;
}

#endif
