/* SPDX-License-Identifier: MIT */
/* Unpacks packages one over the other without any of them reaching out of the tree. */
#ifndef AQ_IMAGE_BUILD_UNPACK_H
#define AQ_IMAGE_BUILD_UNPACK_H

#include "image/build_job.h"

/* Unpacks the files of `package` (a path) over the folder `tree` of the work folder, but for those that the
   NULL-terminated `left_out` excludes (tar's --exclude=…; may be NULL). Links to folders that are there stay
   and are followed inside the tree. FILE_LINK, before anything is written, when a file of the package would
   end up outside: an earlier package may have made a link that leads there. */
int aq_build_unpack(const struct aq_build_job *job, const char *package, const char *tree,
                    const char *const *left_out, struct aq_error *err);

#endif
