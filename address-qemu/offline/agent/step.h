/* SPDX-License-Identifier: MIT */
/* A command's surroundings in the image's tree, in parts. */
#ifndef AQ_OFFLINE_AGENT_STEP_H
#define AQ_OFFLINE_AGENT_STEP_H

#include <stdbool.h>

#define AQ_STEP_PARTS_MAX 1024
#define AQ_STEP_MADE_MAX 256

/* "NAME=VALUE", cut at the first sign of equality. */
struct aq_step_pair {
    const char *name;
    const char *value;
};

struct aq_step_setup {
    int root;
    bool network;
    char *environment[AQ_STEP_PARTS_MAX + 1];
    unsigned environment_count;
    struct aq_step_pair secrets[AQ_STEP_PARTS_MAX]; /* id, file in the appliance */
    unsigned secret_count;
    struct aq_step_pair caches[AQ_STEP_PARTS_MAX]; /* device, folder in the image */
    unsigned cache_count;
    const char *command;
    /* What was made in the image only to be mounted on: removed again in reverse order. */
    char *made[AQ_STEP_MADE_MAX];
    unsigned made_count;
};

/* Makes what has to be there to be mounted on, in the image itself. -1 after a complaint. */
int aq_step_make_places(struct aq_step_setup *setup);

/* Removes it again. */
void aq_step_remove_places(const struct aq_step_setup *setup);

/* In the namespaces of the command: mounts all that it is to see. -1 after a complaint. */
int aq_step_mount(const struct aq_step_setup *setup);

#define AQ_STEP_SECRETS "/run/secrets"
#define AQ_STEP_RESOLVER "/etc/resolv.conf"

#endif
