/* SPDX-License-Identifier: MIT */
/* Writing a step's files as a bundle (bundle_format.h). */
#ifndef AQ_OFFLINE_BUNDLE_WRITE_H
#define AQ_OFFLINE_BUNDLE_WRITE_H

#include "spec/inputs.h"

/* Writes all items of a prepared and fetched step of files to `fd`, from its present position, and pads it to
   a whole number of 512-byte sectors, so that it can be a disk. `where` names it in errors. SOURCE_CHANGED
   when a source is not any more what went into the step's key; what reading it fails with; INTERRUPTED,
   NO_SPACE, IO. */
int aq_bundle_write(const struct aq_spec *spec, const struct aq_step *step, int fd, const char *where,
                    struct aq_error *err);

/* Writes what takes from an image the identity that it was given by being booted at `since` (seconds since
   the Epoch) or later: its machine-id, the host keys of its SSH server, the seed of its random numbers. What
   it had before stays. */
int aq_bundle_write_renewal(int64_t since, int fd, const char *where, struct aq_error *err);

/* Makes an error of what a reader of a bundle said on standard error ("NUMBER MESSAGE"): it names the entry's
   place in the spec. */
int aq_bundle_fail(const struct aq_spec *spec, const struct aq_step *step, const char *said,
                   struct aq_error *err);

#endif
