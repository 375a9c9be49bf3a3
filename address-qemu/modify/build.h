/* SPDX-License-Identifier: MIT */
/* A build under way, for the files build*.c. */
#ifndef AQ_MODIFY_BUILD_H
#define AQ_MODIFY_BUILD_H

#include "image/chain.h"
#include "modify/cache_disk.h"
#include "modify/modify.h"
#include "offline/appliance.h"
#include "util/stage.h"
#include "util/wait.h"

/* A layer that is being made. */
struct aq_build_stage {
    struct aq_stage stage;
    char *path; /* of its disk; NULL: there is none */
    char id[AQ_LAYER_ID_TEXT];
};

struct aq_build_run {
    struct aq_modify *modify;
    const struct aq_modify_watch *watch;
    size_t first;         /* the first step that has to be done */
    size_t now;           /* the present one */
    struct aq_stage work; /* temporary files: a bundle, the overlay that nobody keeps */
    char *work_path;
    int bundle; /* the files of the step that puts some; -1 until it is needed */
    char *bundle_path;
    struct aq_cache_disks caches;
    struct aq_appliance *appliance; /* NULL while none runs */
    struct aq_build_stage stage;    /* of the present step's layer */
    struct aq_build_stage next;     /* of the next one's, in which a running appliance goes on */
    int *locks;                     /* of the steps' keys */
    int *holds;                     /* what keeps each parent in place: [0] the base's, then the layers' */
};

/* A line for a human. */
void aq_build_say(const struct aq_build_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline const struct aq_step *aq_build_spec_step(const struct aq_build_run *run)
{
    return &run->modify->spec.steps[run->now];
}

static inline struct aq_modify_step *aq_build_step(const struct aq_build_run *run)
{
    return &run->modify->steps[run->now];
}

/* What the step `index` stands on. aq_parent_free it. */
struct aq_parent aq_build_parent(const struct aq_build_run *run, size_t index);

/* Makes the present step's stage, with an overlay on its parent; and the next step's, on the present one's
   layer, which is not published yet. */
int aq_build_open_stage(struct aq_build_run *run, struct aq_error *err);
int aq_build_open_next(struct aq_build_run *run, struct aq_error *err);
void aq_build_close_stage(struct aq_build_stage *stage);

/* Publishes the present stage as the present step's layer, and holds that. */
int aq_build_publish(struct aq_build_run *run, struct aq_error *err);

/* The stage's disk and all below it. */
int aq_build_chain(const struct aq_build_run *run, struct aq_chain *chain, struct aq_error *err);

/* The bundle of the step of files `index`, made once. */
int aq_build_bundle(struct aq_build_run *run, size_t index, struct aq_error *err);

/* Do the present step without an appliance: 1 done and published, 0 it needs one, -1. */
int aq_build_files_directly(struct aq_build_run *run, struct aq_error *err);

/* Do it in the appliance, which is started where none runs; published. */
int aq_build_in_appliance(struct aq_build_run *run, struct aq_error *err);

/* Carries out the bundle at `bundle` on the present stage's disk, in an appliance for that alone. */
int aq_build_renew_in_appliance(struct aq_build_run *run, const char *bundle, struct aq_error *err);

/* An empty folder for the socket of an export. free() it. */
char *aq_build_export_folder(const struct aq_build_run *run, struct aq_error *err);

/* Do it in a booted VM; published. */
int aq_build_in_guest(struct aq_build_run *run, struct aq_error *err);

/* What a command's run came to: 0, or -1 with GUEST_COMMAND_FAILED and the end of what it said. */
int aq_build_judge_command(struct aq_build_run *run, int exit_code, const struct aq_buffer *output,
                           const struct aq_buffer *errors, struct aq_error *err);

/* Keeps the disk as a failed command has left it; nobody writes to the stage's any more. */
void aq_build_keep_failed(struct aq_build_run *run);

#endif
