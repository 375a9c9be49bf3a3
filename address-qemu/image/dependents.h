/* SPDX-License-Identifier: MIT */
/*
 * What stands on a base or a layer, whatever it is: bases and layers are known here, and the rooms above
 * image/ hand in a function for theirs (vm/vm.h: aq_vm_dependents). Whatever removes, replaces or changes an
 * image asks here first, holding it exclusively; whatever makes a child holds it shared until the child's
 * record is published. So nothing in use can go.
 */
#ifndef AQ_IMAGE_DEPENDENTS_H
#define AQ_IMAGE_DEPENDENTS_H

#include "image/parent.h"
#include "util/error.h"
#include "util/memory.h"

/* Adds what stands on `on` in the rooms above image/, each with its kind: "VM web". A record that cannot be
   read is an error: what it says may be just that. */
typedef int aq_dependents(const struct aq_parent *on, struct aq_strings *names, struct aq_error *err);

/* Adds all that stands directly on `on`: "layer 4f1e09a2b37c", "base app", and what `above` adds. Sorted. */
int aq_dependents_of(const struct aq_parent *on, aq_dependents *above, struct aq_strings *names,
                     struct aq_error *err);

/* What a refusal that lists such names adds, because a layer is not removed by its name: "" when there is
   none among them. */
const char *aq_dependents_advice(const struct aq_strings *names);

/* Refuses with BASE_IN_USE or LAYER_IN_USE when anything does; `wish` ("be removed") completes the sentence.
 */
int aq_refuse_dependents(const struct aq_parent *on, aq_dependents *above, const char *wish,
                         struct aq_error *err);

#endif
