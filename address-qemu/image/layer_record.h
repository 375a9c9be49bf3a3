/* SPDX-License-Identifier: MIT */
/* A layer's record on disk, for the files layer*.c. */
#ifndef AQ_IMAGE_LAYER_RECORD_H
#define AQ_IMAGE_LAYER_RECORD_H

#include "image/layer.h"

#define AQ_LAYER_RECORD "layer.yaml"

/* Opens the folder of the layers. Returns a descriptor to close. */
int aq_layers_open(struct aq_error *err);

/* The same with the reading at once: for looks at every layer. -2 without an error when it is not there. */
int aq_layer_record_read(int layers, const char *id, struct aq_layer *layer, struct aq_error *err);

/* Writes a new record into a layer's open folder. Durable. */
int aq_layer_record_write(int folder, const struct aq_layer *layer, struct aq_error *err);

#endif
