/* SPDX-License-Identifier: MIT */
#include "modify/step_key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/files.h"
#include "util/home.h"
#include "util/wait.h"

#define FOLDER "steps"
#define LOCK_SUFFIX ".lock"

enum { RETRY_MS = 50 };

static int open_folder(struct aq_error *err)
{
    aq_autoclose int cache = aq_open_home_dir("cache", err);
    return cache < 0 ? -1 : aq_open_private_dir_at(cache, FOLDER, err);
}

/* A layer that can be used: there, unchanged, and standing on the parent. */
static bool usable(const char *id, const struct aq_parent *parent, struct aq_layer *layer)
{
    struct aq_error reason = {0};
    if (aq_layer_load(id, layer, &reason) == 0 && strcmp(layer->kind, AQ_LAYER_BUILT) == 0 &&
        aq_layer_check(layer, &reason) == 0 && aq_parent_same(&layer->parent, parent) &&
        aq_pin_equal(&layer->parent.pin, &parent->pin))
        return true;
    aq_layer_free(layer);
    *layer = (struct aq_layer){0};
    return false;
}

int aq_step_key_find(const char *key, const struct aq_parent *parent, struct aq_layer *layer,
                     struct aq_error *err)
{
    struct aq_error absent = {0};
    aq_autobuffer struct aq_buffer id = {0};
    aq_autoclose int folder = open_folder(err);
    if (folder < 0)
        return -1;
    if (aq_read_file_at(folder, key, AQ_LAYER_ID_TEXT, &id, &absent) == 0 &&
        id.length == AQ_LAYER_ID_TEXT - 1 && aq_layer_id_valid(id.data) && usable(id.data, parent, layer))
        return 1;
    return usable(key, parent, layer) ? 1 : 0;
}

void aq_step_key_choose(const char *key, char id[AQ_LAYER_ID_TEXT])
{
    struct aq_error reason = {0};
    aq_autolayer struct aq_layer taken = {0};
    if (aq_layer_load(key, &taken, &reason) < 0 && reason.code == AQ_E_LAYER_NOT_FOUND)
        memcpy(id, key, AQ_LAYER_ID_TEXT);
    else
        aq_layer_random_id(id);
}

int aq_step_key_note(const char *key, const char *id, struct aq_error *err)
{
    aq_autoclose int folder = open_folder(err);
    if (folder < 0)
        return -1;
    if (strcmp(key, id) != 0)
        return aq_replace_file_at(folder, key, id, AQ_LAYER_ID_TEXT - 1, err);
    unlinkat(folder, key, 0);
    return 0;
}

static char *lock_name(const char *key)
{
    return aq_format("%s" LOCK_SUFFIX, key);
}

/* Has the file that was locked its name still? Whoever releases takes the name away. */
static bool still_there(int folder, const char *name, int fd)
{
    struct stat named, opened;
    return fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &opened) == 0 &&
           named.st_ino == opened.st_ino && named.st_dev == opened.st_dev;
}

int aq_step_key_lock(const char *key, void (*wait)(void *data), void *data, struct aq_error *err)
{
    aq_autofree char *name = lock_name(key);
    aq_autoclose int folder = open_folder(err);
    if (folder < 0)
        return -1;
    for (bool told = false;;) {
        aq_autoclose int fd = openat(folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
            return aq_fail_errno(err, AQ_E_IO, errno, "cannot open the lock of a step in the store's cache");
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            if (still_there(folder, name, fd))
                return aq_steal_fd(&fd);
            continue;
        }
        if (errno != EWOULDBLOCK)
            return aq_fail_errno(err, AQ_E_IO, errno, "cannot lock a step in the store's cache");
        if (!told && wait != NULL)
            wait(data);
        told = true;
        if (aq_sleep_until(aq_after_ms(RETRY_MS), err) < 0)
            return -1;
    }
}

void aq_step_key_release(const char *key, int lock)
{
    struct aq_error ignored = {0};
    aq_autofree char *name = lock_name(key);
    aq_autoclose int folder = lock >= 0 ? open_folder(&ignored) : -1;
    if (folder >= 0)
        unlinkat(folder, name, 0);
    if (lock >= 0)
        close(lock);
}
