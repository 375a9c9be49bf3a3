/* SPDX-License-Identifier: MIT */
/*
 * What a file was when it was taken note of: its identity, size and moment of change. A file with another pin
 * is another file, and overlays over it would read garbage. Cheap enough to be compared at each clone and
 * start.
 */
#ifndef AQ_IMAGE_PIN_H
#define AQ_IMAGE_PIN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"

struct aq_pin {
    uint64_t device;
    uint64_t inode;
    uint64_t size;
    int64_t mtime_ns; /* since the Epoch */
};

/* Takes the pin of an open file. `where` is for the error (IO). */
int aq_pin_take(int fd, const char *where, struct aq_pin *pin, struct aq_error *err);

/* Takes the pin of the file at an absolute path, links followed. false: there is no regular file that can be
 * reached. */
bool aq_pin_of_path(const char *path, struct aq_pin *pin);

/* Is it the same file, unchanged? The device is kept for humans but does not count: its number may be another
   after a reboot, and clones must not be refused for that. */
bool aq_pin_equal(const struct aq_pin *a, const struct aq_pin *b);

/* What differs first, for a message: "/srv/a.qcow2 had 100 bytes and has 200". free() it. */
char *aq_pin_difference(const struct aq_pin *was, const struct aq_pin *is, const char *path);

/* As a mapping of a record, and back; false when it is not one. */
json_t *aq_pin_to_json(const struct aq_pin *pin);
bool aq_pin_from_json(const json_t *json, struct aq_pin *pin);

#endif
