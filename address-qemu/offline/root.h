/* SPDX-License-Identifier: MIT */
/*
 * Where an image has its file systems: which device is mounted where. Bases that create_base made say so by
 * their layout; of others it is found out once, by libguestfs's inspection (which takes longer than all else
 * together), and remembered in the records of the layers that are made on them:
 *
 *     root:
 *       - {device: /dev/sda2, path: /}
 */
#ifndef AQ_OFFLINE_ROOT_H
#define AQ_OFFLINE_ROOT_H

#include <jansson.h>
#include <stdbool.h>

#include "offline/appliance.h"

#define AQ_ROOT_MOUNTS_MAX 16

struct aq_root_mount {
    char device[512]; /* what libguestfs calls a mountable: "/dev/sda2", "/dev/vg/root", "btrfsvol:…" */
    char path[256];
};

/* count 0: not known. The root comes first. */
struct aq_root {
    struct aq_root_mount mounts[AQ_ROOT_MOUNTS_MAX];
    unsigned count;
};

/* What a record's `built` mapping (may be NULL) says of it; not known is no error. */
void aq_root_from_built(const json_t *built, struct aq_root *root);

/* All of it is one partition (0: the whole disk). */
void aq_root_set_partition(struct aq_root *root, int partition);

/* As a list for a record: a new reference. */
json_t *aq_root_to_json(const struct aq_root *root);

/* The number of the one partition (0: the whole disk) that is all of it; -1 if there is more, or it is not
 * known. */
int aq_root_partition(const struct aq_root *root);

/* Finds the file systems unless they are known, and mounts them. GUEST_REFUSED when there is no operating
   system, or not one, or not one of Linux. */
int aq_appliance_mount(struct aq_appliance *appliance, struct aq_root *root, struct aq_error *err);

#endif
