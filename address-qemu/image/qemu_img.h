/* SPDX-License-Identifier: MIT */
/*
 * qemu-img, for what is not done natively: on images that were judged, under limits all the same, and told of
 * every image of a chain with its format, so that nothing a file says decides what is opened.
 */
#ifndef AQ_IMAGE_QEMU_IMG_H
#define AQ_IMAGE_QEMU_IMG_H

#include "image/chain.h"
#include "util/wait.h"

/* A chain from its image `from` on as options of a block device of QEMU, nested. What is below its first
   image is opened for reading. json_decref it. */
json_t *aq_chain_options(const struct aq_chain *chain, unsigned from);

/* The same as the name of an image for qemu-img, "json:{…}"; NOT_SUPPORTED for paths that are not UTF-8.
 * free() it. */
char *aq_chain_name(const struct aq_chain *chain, struct aq_error *err);

/* Runs qemu-img with these arguments (NULL-terminated, without the program): TOOL_MISSING, TOOL_FAILED with
   what it said, NO_SPACE, TIMEOUT, INTERRUPTED. `lock` is the descriptor of a lock that it shares, for work
   that should better be ended: should this process die, it goes on, and nobody gets the lock before it has
   ended. AQ_TIED: it is killed then, for work of which half is no harm and which the next may begin again. */
#define AQ_TIED (-1)
int aq_qemu_img(const char *const *arguments, int lock, aq_deadline deadline, struct aq_error *err);

#endif
