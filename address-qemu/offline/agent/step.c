/* SPDX-License-Identifier: MIT */
/*
 * Running one command of a spec. Three processes: this one, which makes and removes places in the image; the
 * first of a new process namespace, with which everything ends that the command has left running; and the
 * command. Mounts are the namespace's own, so none is left either.
 */
#include "offline/agent/step.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "offline/agent/agent.h"
#include "offline/agent/root.h"

/* What a command finds in its environment besides what its spec says. */
static const char *const defaults[] = {
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root",
    "USER=root",
    "LOGNAME=root",
    "SHELL=/bin/sh",
    "LC_ALL=C.UTF-8",
    "DEBIAN_FRONTEND=noninteractive",
};

static int split(char *text, struct aq_step_pair pairs[AQ_STEP_PARTS_MAX], unsigned *count)
{
    char *sign = strchr(text, '=');
    if (sign == NULL || *count == AQ_STEP_PARTS_MAX)
        return aq_agent_complain(0, "too many parts, or one without a value"), -1;
    *sign = '\0';
    pairs[(*count)++] = (struct aq_step_pair){text, sign + 1};
    return 0;
}

static int take_option(struct aq_step_setup *setup, const char *option, char *value)
{
    if (strcmp(option, "--secret") == 0)
        return split(value, setup->secrets, &setup->secret_count);
    if (strcmp(option, "--cache") == 0)
        return split(value, setup->caches, &setup->cache_count);
    if (strcmp(option, "--env") == 0 && setup->environment_count < AQ_STEP_PARTS_MAX) {
        setup->environment[setup->environment_count++] = value;
        return 0;
    }
    return aq_agent_complain(0, "cannot use %s", option), -1;
}

static int take_arguments(struct aq_step_setup *setup, int argc, char **argv)
{
    int at = 2;
    if (at < argc - 1 && strcmp(argv[at], "--network") == 0) {
        setup->network = true;
        at++;
    }
    for (; at < argc - 2; at += 2)
        if (take_option(setup, argv[at], argv[at + 1]) < 0)
            return -1;
    setup->command = at == argc - 1 ? argv[at] : NULL;
    return setup->command != NULL ? 0 : -1;
}

/* A network namespace of its own starts with its loopback down. */
static void raise_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (ioctl(fd, SIOCGIFFLAGS, &request) == 0) {
        request.ifr_flags |= IFF_UP | IFF_RUNNING;
        ioctl(fd, SIOCSIFFLAGS, &request);
    }
    close(fd);
}

_Noreturn static void become_command(const struct aq_step_setup *setup)
{
    setsid();
    clearenv();
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        putenv((char *)(uintptr_t)defaults[i]);
    for (unsigned i = 0; i < setup->environment_count; i++)
        putenv(setup->environment[i]);
    if (chroot(AQ_SYSROOT) < 0 || chdir("/") < 0) {
        aq_agent_complain(errno, "cannot enter the image's tree");
        _exit(AQ_STEP_NOT_RUN);
    }
    execl("/bin/sh", "sh", "-c", setup->command, (char *)NULL);
    aq_agent_complain(errno, "cannot run the image's /bin/sh");
    _exit(AQ_STEP_NOT_RUN);
}

static int exit_code(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The first process of the namespace: reaps whatever comes, and ends with the command. */
_Noreturn static void become_first(struct aq_step_setup *setup)
{
    int status = 0;
    pid_t ended;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setup->root = aq_root_open(); /* the one that was open is of the mounts outside */
    if (!setup->network)
        raise_loopback();
    if (sethostname("localhost", 9) < 0 || aq_step_mount(setup) < 0)
        _exit(AQ_STEP_NOT_RUN);
    pid_t command = fork();
    if (command == 0)
        become_command(setup);
    while ((ended = wait(&status)) != command)
        if (ended < 0 && errno != EINTR)
            _exit(AQ_STEP_NOT_RUN);
    _exit(exit_code(status));
}

static int run(struct aq_step_setup *setup)
{
    int status = 0;
    unsigned long spaces =
        CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | (setup->network ? 0 : CLONE_NEWNET);
    /* A fork into namespaces: this process stays outside, where nothing is mounted on what it removes
     * afterwards. */
    pid_t first = (pid_t)syscall(SYS_clone, spaces | SIGCHLD, NULL, NULL, NULL, NULL);
    if (first == 0)
        become_first(setup);
    if (first < 0)
        return aq_agent_complain(errno, "cannot make namespaces"), AQ_STEP_NOT_RUN;
    while (waitpid(first, &status, 0) < 0 && errno == EINTR)
        ;
    return exit_code(status);
}

/* The secrets' files in the appliance have been handed over, or will not be. */
static void forget_secrets(const struct aq_step_setup *setup)
{
    for (unsigned i = 0; i < setup->secret_count; i++)
        unlink(setup->secrets[i].value);
}

int aq_agent_step(int argc, char **argv)
{
    static struct aq_step_setup setup;
    setup.root = aq_root_open();
    if (setup.root < 0 || take_arguments(&setup, argc, argv) < 0)
        return AQ_STEP_NOT_RUN;
    int code = aq_step_make_places(&setup) == 0 ? run(&setup) : AQ_STEP_NOT_RUN;
    forget_secrets(&setup);
    aq_step_remove_places(&setup);
    return code;
}
