/* SPDX-License-Identifier: MIT */
/*
 * libguestfs's appliance for one build: a small VM in which the image's file systems are mounted. It is
 * started once, by libguestfs, with QEMU as hv/main.c completes it: it ends when this process does, whatever
 * ends that; and it has a monitor of ours, by which a layer is cut off, and a port on which our agent
 * (agent/agent.h) serves the helper's protocol, by which everything is done in it.
 *
 * A launch takes some ten seconds where KVM does not work; what follows takes milliseconds. Calls into
 * libguestfs cannot wait in util/wait.h, so a thread watches meanwhile and ends QEMU on an interruption: the
 * call then fails, and the session with it.
 */
#ifndef AQ_OFFLINE_APPLIANCE_H
#define AQ_OFFLINE_APPLIANCE_H

#include <stdbool.h>

#include "guest/channel.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/memory.h"

/* A disk of the appliance's. */
struct aq_appliance_drive {
    const char *path;   /* absolute */
    const char *format; /* "qcow2" or "raw" */
    const char *label;  /* letters; it is /dev/disk/guestfs/LABEL in there */
};

#define AQ_APPLIANCE_DEVICES "/dev/disk/guestfs/"

struct aq_appliance_request {
    const struct aq_appliance_drive *drives; /* the first is the one that is changed */
    unsigned drive_count;
    bool network; /* for the commands that are allowed to use it */
    /* A line for a human; may be NULL. */
    void (*progress)(void *data, const char *line);
    void *progress_data;
};

struct aq_appliance;

/* Starts it: LIBRARY_MISSING, APPLIANCE_UNUSABLE with the mend where the host lacks something,
   APPLIANCE_FAILED with libguestfs's words, INTERRUPTED. After a failure nothing of it is left. */
struct aq_appliance *aq_appliance_open(const struct aq_appliance_request *request, struct aq_error *err);

/* Ends it at once: what is to be kept of the disk has been cut off before. NULL is fine. */
void aq_appliance_close(struct aq_appliance *appliance);

static inline void aq_cleanup_appliance(struct aq_appliance **appliance)
{
    aq_appliance_close(*appliance);
}
#define aq_autoappliance aq_cleanup(aq_cleanup_appliance)

/* Runs our agent in one of its modes: what it says is in `exit`, capped. 0 whatever its exit code is. */
int aq_appliance_agent(struct aq_appliance *appliance, const char *const *arguments,
                       struct aq_guest_exec *exec, struct aq_guest_exit *exit, struct aq_error *err);

/* Brings bytes into the appliance's own memory, as a file of mode 0400. */
int aq_appliance_put(struct aq_appliance *appliance, const char *path, const void *data, size_t length,
                     struct aq_error *err);

/* Makes the image's file systems stand still, has QEMU go on in the overlay `next` (absolute path; made,
   empty, on top of the present image), and lets them go on. From then on nobody writes to the image that was
   the top. Where this fails the session is of no further use. */
int aq_appliance_cut(struct aq_appliance *appliance, const char *next, struct aq_error *err);

#endif
