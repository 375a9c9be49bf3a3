/* SPDX-License-Identifier: MIT */
/*
 * What a step was made of, in the few lines that a layer's record keeps of it, and why a step has to be done
 * although one like it was done before.
 */
#ifndef AQ_SPEC_STEP_NOTE_H
#define AQ_SPEC_STEP_NOTE_H

#include <jansson.h>

#include "spec/modification.h"

/* Of a prepared step: a mapping fit for a record, with its title, the path of its spec, its parent, and a
   digest of each part that went into its key; no content, no secret, no value of the environment. A new
   reference. */
json_t *aq_step_note(const struct aq_spec *spec, const struct aq_step *step);

/* Why a prepared step's layer is not the one that `note` is of, or is not there: "the content of
   /etc/app.conf changed, and 2 more", "the command changed", "the step before it changed", "the base
   changed"; for NULL "it was not done before". free() it. */
char *aq_step_reason(const struct aq_spec *spec, const struct aq_step *step, const json_t *note);

#endif
