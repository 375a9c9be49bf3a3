/* SPDX-License-Identifier: MIT */
#include "offline/root.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "offline/appliance_session.h"
#include "util/json.h"

static void add(struct aq_root *root, const char *device, const char *path)
{
    struct aq_root_mount *mount = &root->mounts[root->count];
    if (root->count == AQ_ROOT_MOUNTS_MAX || strlen(device) >= sizeof mount->device ||
        strlen(path) >= sizeof mount->path || path[0] != '/')
        return;
    strcpy(mount->device, device);
    strcpy(mount->path, path);
    root->count++;
}

void aq_root_from_built(const json_t *built, struct aq_root *root)
{
    size_t index;
    const json_t *mount, *mounts = json_object_get(built, "root");
    const char *kind = aq_json_text(built, "kind", "");
    *root = (struct aq_root){0};
    json_array_foreach(mounts, index, mount)
    {
        add(root, aq_json_text(mount, "device", ""), aq_json_text(mount, "path", ""));
    }
    /* image/build_layout.h: a boot partition, and the root file system. */
    if (root->count == 0 && (strcmp(kind, "debian") == 0 || strcmp(kind, "micro") == 0))
        add(root, "/dev/sda2", "/");
}

void aq_root_set_partition(struct aq_root *root, int partition)
{
    aq_autofree char *device = partition > 0 ? aq_format("/dev/sda%d", partition) : aq_strdup("/dev/sda");
    *root = (struct aq_root){0};
    add(root, device, "/");
}

json_t *aq_root_to_json(const struct aq_root *root)
{
    json_t *mounts = json_array();
    for (unsigned i = 0; i < root->count; i++)
        json_array_append_new(
            mounts, json_pack("{s:s, s:s}", "device", root->mounts[i].device, "path", root->mounts[i].path));
    return mounts;
}

int aq_root_partition(const struct aq_root *root)
{
    static const char disk[] = "/dev/sda";
    const char *device = root->mounts[0].device;
    char *end = NULL;
    if (root->count != 1 || strncmp(device, disk, strlen(disk)) != 0)
        return -1;
    if (device[strlen(disk)] == '\0')
        return 0;
    unsigned long number = strtoul(device + strlen(disk), &end, 10);
    return *end == '\0' && number > 0 && number <= 128 ? (int)number : -1;
}

static void free_list(char **list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        free(list[i]);
    free(list);
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const struct aq_root_mount *)a)->path, ((const struct aq_root_mount *)b)->path);
}

/* Mount points come as path, device, path, device, … */
static int take_mounts(struct aq_appliance *appliance, const char *os, struct aq_root *root,
                       struct aq_error *err)
{
    char **pairs = aq_guestfs.guestfs_inspect_get_mountpoints(appliance->g, os);
    if (pairs == NULL)
        return aq_appliance_fail(appliance, "cannot tell where the image's file systems belong", err);
    for (size_t i = 0; pairs[i] != NULL && pairs[i + 1] != NULL; i += 2)
        add(root, pairs[i + 1], pairs[i]);
    free_list(pairs);
    qsort(root->mounts, root->count, sizeof *root->mounts, compare_paths);
    if (root->count > 0 && strcmp(root->mounts[0].path, "/") == 0)
        return 0;
    return aq_fail(err, AQ_E_GUEST_REFUSED,
                   "the image's operating system has no root file system that is known");
}

static int inspect(struct aq_appliance *appliance, struct aq_root *root, struct aq_error *err)
{
    aq_appliance_say(appliance, "looking for the image's operating system");
    char **systems = aq_guestfs.guestfs_inspect_os(appliance->g);
    if (systems == NULL)
        return aq_appliance_fail(appliance, "cannot look for the image's operating system", err);
    int found = -1;
    if (systems[0] == NULL)
        aq_fail(err, AQ_E_GUEST_REFUSED, "no operating system was found in the image");
    else if (systems[1] != NULL)
        aq_fail(err, AQ_E_GUEST_REFUSED,
                "the image holds more than one operating system, in %.100s and in %.100s; which to change is "
                "not clear",
                systems[0], systems[1]);
    else {
        char *type = aq_guestfs.guestfs_inspect_get_type(appliance->g, systems[0]);
        if (type != NULL && strcmp(type, "linux") == 0)
            found = take_mounts(appliance, systems[0], root, err);
        else
            aq_fail(err, AQ_E_NOT_SUPPORTED,
                    "the image holds an operating system of the kind %.40s; linux is supported",
                    type != NULL ? type : "unknown");
        free(type);
    }
    free_list(systems);
    return found;
}

/* With `discard`, what a step writes and removes again does not stay in its layer; not all file systems know
 * it. */
static int mount_one(struct aq_appliance *appliance, const struct aq_root_mount *mount, struct aq_error *err)
{
    if (aq_guestfs.guestfs_mount_options(appliance->g, "discard", mount->device, mount->path) == 0 ||
        aq_guestfs.guestfs_mount_options(appliance->g, "", mount->device, mount->path) == 0)
        return 0;
    aq_autofree char *what = aq_format("cannot mount %s of the image on %s", mount->device, mount->path);
    return aq_appliance_fail(appliance, what, err);
}

int aq_appliance_mount(struct aq_appliance *appliance, struct aq_root *root, struct aq_error *err)
{
    if (root->count == 0 && inspect(appliance, root, err) < 0)
        return -1;
    for (unsigned i = 0; i < root->count; i++)
        if (mount_one(appliance, &root->mounts[i], err) < 0)
            return -1;
    return 0;
}
