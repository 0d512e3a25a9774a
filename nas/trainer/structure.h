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

#endif
