/* What a network is made of; for the trainer's own files. */
#ifndef STRUCTURE_H
#define STRUCTURE_H

#include "layers.h"
#include "network.h"

struct network {
    layer *layers;
    int32_t count;
    step step;
    shape input;
    float scale, offset; /* from a byte to the network's input */
    lanes *images;       /* [groups][input] */
    lanes *losses;       /* [groups][classes]: gradients of the logits */
    lanes *back[2];      /* gradients of activations, there and back */
    float *gradients;
    int64_t parameters, bytes;
    int32_t *labels; /* of the images at hand */
};

/* Images that go through the network together. */
static inline int64_t part_of(const network *n) { return (int64_t)n->step.groups * LANES; }

static inline int32_t classes_of(const network *n) { return n->layers[n->count - 1].out.channels; }

/* Whether a call can be done: arrays that are long enough, images and labels that exist. */
int32_t check_source(const network *n, const source *from, int64_t needed, bool has_labels);
int32_t check_recipe(const recipe *how);
bool holds(float_array array, int64_t count);

/* Whether all values are finite numbers. */
bool are_finite(const float *values, int64_t count);

#endif
