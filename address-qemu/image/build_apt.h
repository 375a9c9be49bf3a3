/* SPDX-License-Identifier: MIT */
/*
 * Debian packages: where they come from, and getting a set of them with all they depend on, through apt with
 * a state of its own in the cache. This machine's own packages are neither looked at nor changed; its proxy
 * settings and mirrors are used.
 */
#ifndef AQ_IMAGE_BUILD_APT_H
#define AQ_IMAGE_BUILD_APT_H

#include "image/build_job.h"

/* The lines of a sources.list for the build's suite: its mirror, else this machine's own sources of it, else
 * Debian's. */
int aq_apt_sources(const struct aq_build_job *job, struct aq_buffer *lines, struct aq_error *err);

/* The same from what `apt-get indextargets` printed: lines of URI, release, codename and component. Adds
   nothing when the suite is not among them. */
void aq_apt_sources_of_host(const char *targets, const char *suite, struct aq_buffer *lines);

/* The cache of one suite while it is used; other builds wait (an hour; TIMEOUT). Initialise with AQ_APT_NONE,
 * aq_apt_close at the end. */
struct aq_apt {
    int parent;
    int folder;
    char *path;
};
#define AQ_APT_NONE                                                                                          \
    {                                                                                                        \
        .parent = -1, .folder = -1                                                                           \
    }

int aq_apt_open(const struct aq_build_job *job, struct aq_apt *apt, struct aq_error *err);
void aq_apt_close(struct aq_apt *apt);

/* Downloads `packages` and what they depend on, as on a system that has nothing but what is `provided` (a
   value for Provides:). `files` gets the paths of the .deb files. What is in the cache already is not
   downloaded again. */
int aq_apt_get(const struct aq_build_job *job, const struct aq_apt *apt, const char *provided,
               const struct aq_strings *packages, struct aq_strings *files, struct aq_error *err);

/* The files' names of what `apt-get --simulate install` printed ("Inst NAME (VERSION … [ARCH])"). */
void aq_apt_simulated_files(const char *output, struct aq_strings *names);

#define aq_autoapt aq_cleanup(aq_apt_close)

#endif
