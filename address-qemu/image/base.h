/* SPDX-License-Identifier: MIT */
/*
 * The registered bases: `bases/NAME/base.yaml` in the store. The disk is a user's file, or `disk.qcow2`
 * beside the record where it is the store's own, or a layer (image/layer.h), of which the base is then merely
 * the name. A base is pinned when it is registered; from then on it is used only while its disk is what it
 * was.
 *
 * Clones of a base with a disk of its own stand on the base; clones of one that names a layer stand on that
 * layer, so that the name may later stand for another layer, or go, and they do not mind.
 */
#ifndef AQ_IMAGE_BASE_H
#define AQ_IMAGE_BASE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/boot.h"
#include "image/dependents.h"
#include "image/layer.h"
#include "image/parent.h"
#include "image/pin.h"
#include "util/cleanup.h"
#include "util/digest.h"
#include "util/error.h"
#include "util/memory.h"
#include "util/stage.h"

/* The disk's name in the folder of a base that owns its disk. */
#define AQ_BASE_DISK "disk.qcow2"

/* A base. Strings are owned, never NULL once loaded; zero-initialise, aq_base_free at the end. */
struct aq_base {
    char *name;
    char *path;   /* of the disk; absolute */
    char *source; /* of what was copied; "" unless `copy` */
    char *os;     /* as the user named it; "" */
    char *format; /* "qcow2" */
    char *created;
    uint64_t virtual_size; /* bytes */
    unsigned memory;       /* MiB, for clones that do not say */
    unsigned cpus;
    bool rexxjs_installed;
    bool copy;                    /* the disk is the store's own, in the base's folder */
    char layer[AQ_LAYER_ID_TEXT]; /* the disk is that layer; "" when it has one of its own */
    struct aq_pin pin;
    struct aq_pin source_pin;    /* of `source` when it was copied */
    char sha256[AQ_SHA256_TEXT]; /* "" unless asked for */
    json_t *built;               /* how create_base made it: a mapping, or NULL */
    struct aq_boot boot; /* the kernel in the base's folder, beside its disk; none where append is NULL */
};

void aq_base_free(struct aq_base *base);

#define aq_autobase aq_cleanup(aq_base_free)

/* Reads a base's record: BASE_NOT_FOUND, RECORD_INVALID, IO. Does not look at the disk. */
int aq_base_load(const char *name, struct aq_base *base, struct aq_error *err);

/* Is the disk still what was registered? BASE_MISSING or BASE_CHANGED, naming the base and what differs. */
int aq_base_check(const struct aq_base *base, struct aq_error *err);

/* The absolute paths of the base's kernel and its initrd, to free(). false: it has none, or none any more
   that is what was recorded. */
bool aq_base_kernel(const struct aq_base *base, char **kernel, char **initrd);

/* What a clone of the base stands on: the base, or its layer. aq_parent_free it. */
struct aq_parent aq_base_as_parent(const struct aq_base *base);

/* Is the layer an earlier generation of a base that `modify` made (modify/generation.h), to which it may be
   rolled back? */
bool aq_base_keeps(const struct aq_base *base, const char *layer);

/* The same as one word: "ready", "changed" or "missing". */
const char *aq_base_status(const struct aq_base *base);

/* The names of all bases, sorted. */
int aq_base_list(struct aq_strings *names, struct aq_error *err);

/* Holds a base while it is used: shared while something is made from it (it cannot be removed or replaced
   then). Returns a descriptor whose closing lets go; BASE_NOT_FOUND, BASE_IN_USE when it cannot be had within
   a minute. */
int aq_base_lock(const char *name, enum aq_lock kind, struct aq_error *err);

/* Refuses with BASE_IN_USE when something depends on the disk of the base; `wish` ("be removed") completes
 * the sentence. */
int aq_base_refuse_dependents(const char *name, aq_dependents *above, const char *wish, struct aq_error *err);

/* Takes note of a disk that was changed on purpose by the caller, who holds the base exclusively (`lock`): it
   is judged, made read-only again where it is the store's own, and pinned anew; a digest is forgotten, and so
   is its kernel, for the disk may bring another now. *pin is the new one. */
int aq_base_pin_anew(const char *name, int lock, struct aq_pin *pin, struct aq_error *err);

/* Adds the names of those who write to the file at that resolved path, in the rooms above. */
typedef int aq_file_users(const char *path, struct aq_strings *names, struct aq_error *err);

/* What to register. Strings are the caller's. */
struct aq_base_request {
    const char *name;
    const char *disk; /* path of a qcow2 file; links are followed */
    const char *os;   /* NULL: "" */
    unsigned memory;  /* MiB */
    unsigned cpus;
    bool rexxjs_installed;
    bool copy;          /* keep a private copy in the store */
    bool replace;       /* another base of that name gives way, if nothing depends on it */
    bool digest;        /* note the SHA-256 too */
    const char *sha256; /* with `copy` and `digest`: what it has to be (CHECKSUM_WRONG); NULL: anything */
    aq_dependents *dependents;
    aq_file_users *writers; /* of a disk that stays where it is */
};

enum aq_base_outcome { AQ_BASE_REGISTERED, AQ_BASE_UNCHANGED, AQ_BASE_UPDATED, AQ_BASE_REPLACED };

/* Judges the disk and registers it; `base` is what is now registered. Refusals: those of aq_open_input and
   aq_qcow2_admit, IMAGE_IN_USE (a VM writes to it), BASE_EXISTS (another disk or other settings, without
   `replace`), BASE_IN_USE (replace, and dependents need the old disk). The same again is no error
   (UNCHANGED). Other settings for the same disk are UPDATED in place. */
int aq_base_register(const struct aq_base_request *request, struct aq_base *base,
                     enum aq_base_outcome *outcome, struct aq_error *err);

/* Removes a base, and its disk when that is the store's own (a layer stays): BASE_NOT_FOUND, BASE_IN_USE
 * naming the dependents. */
int aq_base_remove(const char *name, aq_dependents *above, struct aq_error *err);

/*
 * For a base that is built: open a stage in the store, make AQ_BASE_DISK in it (and, for a base with a
 * kernel, AQ_BOOT_KERNEL and AQ_BOOT_INITRD), then publish. The stage's folder is locked and swept if this
 * process dies.
 *
 *     aq_autostage struct aq_stage stage = AQ_STAGE_NONE;
 *     aq_autofree char *folder = NULL;
 *     aq_base_stage("debian", &stage, &folder, err);   … build folder/disk.qcow2 …
 *     aq_base_publish(&stage, &request, aq_steal_ptr(&built), NULL, &base, &outcome, err);
 */

/* Opens a stage for the base `name`; *folder is its absolute path, for tools. free() it. */
int aq_base_stage(const char *name, struct aq_stage *stage, char **folder, struct aq_error *err);

/* Judges the disk in the stage, makes it read-only, syncs it and registers it; `built` (taken; NULL is fine)
   says how it was made, `boot` (emptied; NULL: there is no kernel) how its kernel boots, but for the pins.
   request->disk and copy are not looked at. BASE_EXISTS, BASE_IN_USE, and what aq_qcow2_admit refuses. */
int aq_base_publish(struct aq_stage *stage, const struct aq_base_request *request, json_t *built,
                    struct aq_boot *boot, struct aq_base *base, enum aq_base_outcome *outcome,
                    struct aq_error *err);

/* Registers a layer as a base: its disk is the layer, nothing is copied. As aq_base_publish, but that a base
   which names another layer is replaced (request->replace) whatever stands on that. LAYER_NOT_FOUND,
   LAYER_CHANGED. */
int aq_base_register_layer(const char *id, const struct aq_base_request *request, json_t *built,
                           struct aq_base *base, enum aq_base_outcome *outcome, struct aq_error *err);

#endif
