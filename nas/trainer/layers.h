/* Layers of a network, forward and back, over groups of 16 images. */
#ifndef LAYERS_H
#define LAYERS_H

#include <stdbool.h>

#include "lanes.h"

enum layer_kind {
    BATCH_NORM = 1, /* gamma, beta, moving mean, moving variance */
    CONVOLUTION,    /* weights, biases if it has any; stride 1, padded */
    DEPTHWISE,      /* weights, biases if it has any; stride 1, padded */
    RELU,           /* in place */
    MAX_POOL,       /* 2 x 2 */
    MEAN,           /* over all pixels */
    DROPOUT,
    DENSE, /* weights, biases; its outputs are logits */
};

typedef struct {
    enum layer_kind kind;
    shape in, out;
    int32_t size;      /* of a kernel, rows and columns */
    bool has_bias;     /* of a convolution */
    float rate;        /* of a dropout */
    int64_t first;     /* of its parameters */
    int64_t count;     /* of its parameters */
    lanes *input;      /* [groups][in] */
    lanes *output;     /* [groups][out]; the input itself for a layer in place */
    float *statistics; /* of a batch normalisation: mean and 1 / deviation of each channel */
} layer;

/* What a step needs besides the layers. */
typedef struct {
    int32_t groups;
    int32_t threads;
    bool is_training;
    float momentum;          /* share of the old value in the new one of a moving mean */
    uint64_t random;         /* state of the generator */
    float *turned;           /* weights turned around */
    lanes *weight_gradients; /* of the layer at hand, in lanes; of each group its own */
} step;

/* Before a loop over groups, which threads share. What groups add up each adds up for itself, and
 * `add_groups` in their order: so the result does not depend on the number of threads. */
#define EACH_GROUP                                                                                 \
    _Pragma("omp parallel for schedule(static) num_threads(s->threads) if (s->threads > 1)")

/* Add `count` values of the other groups to those of the first. */
void add_groups(int32_t groups, int64_t count, lanes *values);

void forward(const layer *l, step *s, float *parameters);

/* From the gradients of a layer's output to those of its parameters, which are added, and of its
 * input; `input_gradients` may be null if nobody needs them. */
void backward(const layer *l, step *s, const float *parameters, const lanes *output_gradients,
              lanes *input_gradients, float *gradients);

/* A number of 64 random bits; splitmix64, by Sebastiano Vigna, in the public domain. */
uint64_t next_random(uint64_t *state);

#endif
