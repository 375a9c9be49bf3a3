/* SPDX-License-Identifier: MIT */
/*
 * A process of its own between the server and each command. It is the sub-reaper of all that the command
 * starts, so whatever detaches itself, by setsid or by forking twice, is still its descendant and is found
 * when the command has to be ended. It does so on SIGTERM, which it also gets when the server dies.
 */
#ifndef AQ_GUEST_SERVER_SUPERVISOR_H
#define AQ_GUEST_SERVER_SUPERVISOR_H

#include <stdbool.h>
#include <sys/types.h>

/* What to run: pointers into the request, valid while starting. */
struct aq_command_line {
    const char *folder;
    char **argv;
    char **environment; /* NAME=VALUEs to add */
};

/* What the supervisor writes into its pipe, once. */
struct aq_supervisor_report {
    int exec_errno; /* not 0: the command could not be started … */
    bool in_folder; /* … because of its working folder */
    int status;     /* as of waitpid() */
};

/* Starts the command with those descriptors as its stdin, stdout and stderr, and `side` (-1: none) as its
   AQ_SIDE_FD; the report goes to `report`. Returns the supervisor's pid, or -1 with errno. */
pid_t aq_supervisor_start(const struct aq_command_line *line, const int streams[3], int side, int report);

#endif
