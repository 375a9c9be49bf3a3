/* SPDX-License-Identifier: MIT */
/*
 * Modified images: a spec's steps as layers on a base. A step whose layer is there already is not done again.
 *
 *     aq_automodify struct aq_modify modify = AQ_MODIFY_NONE;
 *     aq_modify_load(&request, &modify, err);      what is there, and what has to be done
 *     aq_modify_build(&modify, &watch, err);       does it: layer by layer, each published when it is whole
 *     aq_modify_top(&modify);                      what the last step stands for
 *
 * What fails, or is killed, leaves the layers that were finished; the next run starts after them. Two
 * processes that want the same step make it once: the second waits for the first.
 */
#ifndef AQ_MODIFY_MODIFY_H
#define AQ_MODIFY_MODIFY_H

#include <jansson.h>

#include "address-qemu/address-qemu.h"
#include "image/layer.h"
#include "offline/root.h"
#include "spec/inputs.h"

/* What the first step stands on. */
struct aq_modify_base {
    char *name; /* of the base; or the layer's short id */
    struct aq_parent parent;
    char identity[AQ_SHA256_TEXT];
    struct aq_root root;
    char *os;
    unsigned memory; /* MiB, for clones of what is made of it */
    unsigned cpus;
    bool rexxjs_installed;
    uint64_t virtual_size;
};

enum aq_modify_status {
    AQ_MODIFY_CACHED, /* its layer was there */
    AQ_MODIFY_TODO,
    AQ_MODIFY_BUILT,
    AQ_MODIFY_FAILED,
};

struct aq_modify_step {
    char *title;
    char *reason; /* why it has to be done, once aq_modify_explain was asked (modify/why.h); else NULL */
    enum aq_modify_status status;
    struct aq_layer layer; /* CACHED, BUILT; after a failure that was kept, what was kept */
    int64_t ms;            /* BUILT, FAILED: how long it took */
    bool appliance;        /* BUILT: libguestfs's appliance was needed */
};

struct aq_modify {
    struct aq_spec spec;
    struct aq_modify_base base;
    struct aq_modify_step *steps; /* of spec.steps, one each */
    bool no_cache;
    bool relabel;  /* SELinux labels were asked for */
    int exit_code; /* of the command that failed */
};

#define AQ_MODIFY_NONE                                                                                       \
    {                                                                                                        \
        .spec = AQ_SPEC_NONE                                                                                 \
    }

struct aq_modify_request {
    struct aq_spec_request spec;
    bool no_cache; /* every step is done again */
};

/* Who looks on. Members may be NULL. */
struct aq_modify_watch {
    void *data;
    void (*say)(void *data, const char *line);
    void (*output)(void *data, enum aq_stream stream, const char *bytes, size_t length); /* of commands */
    const struct aq_download_progress *download;
    bool keep_failed; /* the disk as a failed command left it is kept, as a layer of the kind "failed" */
};

/* Reads the spec, finds the base, and looks for each step's layer. SPEC_INVALID and what else spec/ fails
   with, BASE_NOT_FOUND, BASE_CHANGED, BASE_MISSING, LAYER_NOT_FOUND, … */
int aq_modify_load(const struct aq_modify_request *request, struct aq_modify *modify, struct aq_error *err);

/* Makes the layers that are missing. GUEST_COMMAND_FAILED (then exit_code says with what), COMMAND_TIMEOUT,
   GUEST_REFUSED, SOURCE_CHANGED, what fetching inputs, libguestfs and the disk fail with, INTERRUPTED. */
int aq_modify_build(struct aq_modify *modify, const struct aq_modify_watch *watch, struct aq_error *err);

/* How many steps have that status. */
unsigned aq_modify_count(const struct aq_modify *modify, enum aq_modify_status status);

/* The last step's layer; NULL when there is none yet. */
const struct aq_layer *aq_modify_top(const struct aq_modify *modify);

void aq_modify_free(struct aq_modify *modify);
#define aq_automodify aq_cleanup(aq_modify_free)

/* The kind of a layer that a failed command left. */
#define AQ_LAYER_FAILED "failed"

#endif
