/* SPDX-License-Identifier: MIT */
/* The inside of a session, for the files appliance*.c. */
#ifndef AQ_OFFLINE_APPLIANCE_SESSION_H
#define AQ_OFFLINE_APPLIANCE_SESSION_H

#include <pthread.h>

#include "offline/appliance.h"
#include "offline/guestfs_library.h"
#include "qemu/qmp.h"
#include "util/stage.h"

struct aq_appliance {
    guestfs_h *g;
    struct aq_stage folder; /* the session's: sockets, links, libguestfs's temporary files */
    char *path;
    struct aq_qmp *qmp;
    struct aq_qemu_connection connection; /* its lock; the channel has the descriptor */
    struct aq_channel *channel;
    void (*progress)(void *data, const char *line);
    void *progress_data;
    pthread_t watcher;
    bool watched;
    int stop; /* an eventfd: tells the watcher to end */
};

/* Makes the session's folder with the links that hv/main.c wants. */
int aq_appliance_make_folder(struct aq_appliance *appliance, struct aq_error *err);

/* Removes libguestfs's sockets folder, as noted in the session's open `folder`. */
void aq_appliance_remove_sockets(int folder);

/* Ends QEMU at once, if it runs. */
void aq_appliance_kill(const struct aq_appliance *appliance);

/* The same, and waits until it is gone: libguestfs does not, and until then its locks are on the images. */
void aq_appliance_end(const struct aq_appliance *appliance);

/* Starts and ends the watcher. */
int aq_appliance_watch(struct aq_appliance *appliance, struct aq_error *err);
void aq_appliance_unwatch(struct aq_appliance *appliance);

/* Fails with libguestfs's last words; INTERRUPTED when that is why. */
int aq_appliance_fail(const struct aq_appliance *appliance, const char *what, struct aq_error *err);

void aq_appliance_say(const struct aq_appliance *appliance, const char *line);

#endif
