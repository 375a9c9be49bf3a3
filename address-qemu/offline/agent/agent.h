/* SPDX-License-Identifier: MIT */
/*
 * The agent: one static file of ours that libguestfs puts into its appliance, because the appliance's own
 * daemon tells neither a command's exit code nor its output as it comes, and unpacks archives over the links
 * of a hostile tree. It serves the helper's protocol (guest/wire.h), through which the host runs it again as
 * one of these.
 */
#ifndef AQ_OFFLINE_AGENT_AGENT_H
#define AQ_OFFLINE_AGENT_AGENT_H

/* `step [--network] [--env NAME=VALUE] [--secret ID=FILE] [--cache DEVICE=FOLDER] … COMMAND`: runs a command
   line in the image's tree by the image's own /bin/sh, in namespaces of its own; whatever it leaves running
   ends with it. Its exit status, or 128 + signal; AQ_STEP_NOT_RUN when it could not be set up. */
int aq_agent_step(int argc, char **argv);

#define AQ_STEP_NOT_RUN 125

/* `files DEVICE`: carries a bundle out in the image's tree. */
int aq_agent_files(int argc, char **argv);

/* `quiesce`, `resume`: everything that is mounted below the tree is written, and stands still, until it may
   go on. */
int aq_agent_quiesce(int argc, char **argv);
int aq_agent_resume(int argc, char **argv);

/* `relabel`: says on standard output whether the tree uses SELinux, and asks for its files to be labelled at
   the next boot. */
int aq_agent_relabel(int argc, char **argv);

/* `list`: all names of the tree on standard output (offline/list_format.h). */
int aq_agent_list(int argc, char **argv);

/* `grow`: the tree's root file system, and its partition, get all the room that their disk has
   (guest/server/grow.h). */
int aq_agent_grow(int argc, char **argv);

/* A complaint on standard error; returns 1. `errnum` 0: without the system's words. */
int aq_agent_complain(int errnum, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
