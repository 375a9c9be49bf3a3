/* SPDX-License-Identifier: MIT */
/* Files of the host that a spec reads: opened beneath its folder or a folder that the command allows. */
#ifndef AQ_SPEC_SOURCE_H
#define AQ_SPEC_SOURCE_H

#include "spec/modification.h"

/* Opens what a path of the spec leads to: relative to the spec's folder, absolute, or "~/…". Links are
   followed as long as they lead nowhere outside. `flags` are of open, for reading. Whatever fails names the
   place, with SOURCE_OUTSIDE, FILE_NOT_FOUND, UNREADABLE, FILE_KIND, IO. */
int aq_source_open(const struct aq_spec *spec, struct aq_place place, const char *path, int flags,
                   struct aq_error *err);

/* The same for a regular file, which it is judged to be before it is opened for good. */
int aq_source_open_file(const struct aq_spec *spec, struct aq_place place, const char *path,
                        struct aq_error *err);

/* Puts "file:line:column: " in front of the error. Returns -1. */
int aq_spec_context(const struct aq_spec *spec, struct aq_place place, struct aq_error *err);

#endif
