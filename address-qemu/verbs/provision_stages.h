/* SPDX-License-Identifier: MIT */
/* The stages of `provision`, in the order in which they are run. */
#ifndef AQ_VERBS_PROVISION_STAGES_H
#define AQ_VERBS_PROVISION_STAGES_H

#include "command/verb.h"
#include "image/layer.h"
#include "spec/header.h"
#include "verbs/guest_script.h"
#include "verbs/network_params.h"
#include "vm/guest.h"
#include "vm/vm.h"

enum { AQ_PROVISION_STOP_MS = 60000 };

/* A script on its way. */
struct aq_provision {
    struct aq_call *call;
    struct aq_header header;
    struct aq_network_wish wish;  /* the caller's own, which comes before the header's */
    int script;                   /* open for reading */
    char layer[AQ_LAYER_ID_TEXT]; /* what the header's spec comes to; "" without one */
    char *image_base;             /* the base that the spec is on */
    unsigned image_memory, image_cpus;
    struct aq_vm vm;
    struct aq_run run;
    struct aq_guest guest;
    char *runner_path; /* in the guest */
    struct aq_guest_script guest_script;
    bool made;    /* the VM was made for this script */
    bool started; /* it was started for it */
    bool running;
};

int aq_stage_header(struct aq_provision *provision,
                    struct aq_error *err); /* read and judge the script's header */
int aq_stage_image(struct aq_provision *provision,
                   struct aq_error *err); /* make the layers of the header's spec, unless they are there */
int aq_stage_clone(struct aq_provision *provision,
                   struct aq_error *err); /* make the VM, unless it is there */
int aq_stage_start(struct aq_provision *provision, struct aq_error *err); /* start it, unless it runs */
int aq_stage_ready(struct aq_provision *provision, struct aq_error *err); /* wait until it can be spoken to */
int aq_stage_runner(struct aq_provision *provision,
                    struct aq_error *err); /* bring our rexx, unless it is there */
int aq_stage_script(struct aq_provision *provision, struct aq_error *err); /* bring the script */
int aq_stage_network(struct aq_provision *provision,
                     struct aq_error *err);                             /* give its network time to come up */
int aq_stage_run(struct aq_provision *provision, struct aq_error *err); /* run it */
int aq_stage_snapshot(struct aq_provision *provision, struct aq_error *err); /* if that was asked for */
int aq_stage_stop(struct aq_provision *provision, struct aq_error *err); /* unless it is to be kept running */

/* For the stage that makes an image, before it does: whatever of the clone's stage is known to fail, so that
   nothing is built in vain. What is known of the layers has to be noted; `disk_size` is the base's. */
int aq_provision_foresee(struct aq_provision *provision, uint64_t disk_size, struct aq_error *err);

#endif
