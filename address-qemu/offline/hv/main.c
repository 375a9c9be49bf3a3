/* SPDX-License-Identifier: MIT */
/*
 * What libguestfs starts for its hypervisor. It becomes QEMU, and where that is to run the appliance
 * (libguestfs also asks it for its devices, its schema and the like) it adds what we need of it: it dies with
 * us, does nothing beyond its job, and has a monitor and a port of ours, as sockets in the session's folder.
 *
 * That folder is the one that it was started in the name of: argv[0] is FOLDER/hv, a link to this file. In
 * it: `program`, a link to QEMU; `owner`, a link that names the process whose death ends this one. What it
 * leaves there: `pid`, a link that names QEMU's process; `sockets`, a link to the folder in which libguestfs
 * has its own sockets.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/guest_ports.h"

#define CHANNEL "org.libguestfs.channel.0"
#define CANNOT_RUN 127

/* NOLINTBEGIN(bugprone-suspicious-missing-comma): the last is one argument */
static char *const added[] = {
    "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
    "-chardev", "socket,id=aqqmp,path=qmp.sock,server=on,wait=off",
    "-mon",     "chardev=aqqmp,mode=control",
    "-chardev", "socket,id=aqhelper,path=helper0.sock,server=on,wait=off",
    "-device",  "virtserialport,chardev=aqhelper,name=" AQ_HELPER_PORT "0",
};
/* NOLINTEND(bugprone-suspicious-missing-comma) */
#define ADDED (sizeof added / sizeof *added)

static bool runs_appliance(char *const *argv)
{
    for (; *argv != NULL; argv++)
        if (strstr(*argv, CHANNEL) != NULL)
            return true;
    return false;
}

/* The folder of a socket among the arguments: "socket,path=/tmp/libguestfsAbCdEf/guestfsd.sock,id=channel0".
 */
static void note_sockets(char *const *argv)
{
    static const char mark[] = "path=";
    for (; *argv != NULL; argv++) {
        const char *path = strncmp(*argv, "socket,", 7) == 0 ? strstr(*argv, mark) : NULL;
        if (path == NULL)
            continue;
        char folder[PATH_MAX];
        snprintf(folder, sizeof folder, "%s", path + sizeof mark - 1);
        folder[strcspn(folder, ",")] = '\0';
        char *slash = strrchr(folder, '/');
        if (slash == NULL)
            continue;
        *slash = '\0';
        if (symlink(folder, "sockets") == 0 || errno == EEXIST)
            return;
    }
}

/* Tied to the session's process; false when that is gone already, or another. */
static bool tie_to_owner(void)
{
    char owner[32] = "", self[32];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (readlink("owner", owner, sizeof owner - 1) <= 0 || atol(owner) != (long)getppid())
        return false;
    snprintf(self, sizeof self, "%ld", (long)getpid());
    return symlink(self, "pid") == 0;
}

static int fail(const char *what)
{
    fprintf(stderr, "appliance-hv: %s: %s\n", what, strerror(errno));
    return CANNOT_RUN;
}

static int run_appliance(const char *folder, int argc, char **argv)
{
    if (chdir(folder) < 0)
        return fail(folder);
    umask(077);
    if (!tie_to_owner())
        return fail("the process that wanted this appliance is gone");
    note_sockets(argv);
    char **arguments = calloc((size_t)argc + ADDED + 1, sizeof *arguments);
    if (arguments == NULL)
        return fail("no memory");
    memcpy(arguments, argv, (size_t)argc * sizeof *arguments);
    memcpy(arguments + argc, added, sizeof added);
    execv("program", arguments);
    free(arguments);
    return fail("cannot run QEMU");
}

int main(int argc, char **argv)
{
    char folder[PATH_MAX], program[PATH_MAX + 16];
    char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    if (slash == NULL || slash - argv[0] >= (long)sizeof folder) {
        fputs("appliance-hv: this program is run by libguestfs\n", stderr);
        return CANNOT_RUN;
    }
    memcpy(folder, argv[0], (size_t)(slash - argv[0]));
    folder[slash - argv[0]] = '\0';
    if (runs_appliance(argv))
        return run_appliance(folder, argc, argv);
    snprintf(program, sizeof program, "%s/program", folder);
    execv(program, argv);
    return fail("cannot run QEMU");
}
