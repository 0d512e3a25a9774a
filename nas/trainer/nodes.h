/* Nodes of a network, forward and back, over groups of 16 images. */
#ifndef NODES_H
#define NODES_H

#include <stdbool.h>

#include "convolution.h"

enum node_kind {
    IMAGE = 1,
    CONVOLUTION,   /* weights, biases if it has any */
    DEPTHWISE,     /* weights, biases if it has any */
    NORMALISATION, /* gamma, beta, moving mean, moving variance */
    RELU,
    ADDITION,
    MAX_POOL,
    AVERAGE_POOL,
    MEAN, /* over all pixels */
    DROPOUT,
    DENSE, /* weights, biases */
};

typedef struct {
    enum node_kind kind;
    int32_t readers; /* how often other nodes read it */
    int32_t inputs[2], input_count;
    shape in, out;    /* of the first input, and of what it gives */
    kernels kernels;  /* of a convolution; the windows of a pooling */
    bool has_bias;    /* of a convolution */
    float rate;       /* of a dropout */
    float highest;    /* of a ReLU */
    int64_t first;    /* of its parameters */
    int64_t count;    /* of its parameters */
    bool is_trained;  /* whether it or one before it has parameters, so that gradients go there */
    bool is_in_place; /* whether its output replaces its input */
    const lanes *input, *other; /* [groups][in]; the other one of an addition */
    lanes *output;              /* [groups][out] */
    lanes *gradients;           /* [groups][out], of its output; null if none go there */
    float *statistics;          /* of a normalisation: mean and 1 / deviation of each channel */
} node;

/* What a step needs besides the nodes. */
typedef struct {
    int32_t groups;
    int32_t threads;
    bool is_training;
    float momentum;          /* share of the old value in the new one of a moving mean */
    uint64_t random;         /* state of the generator */
    float *turned;           /* weights turned around */
    lanes *weight_gradients; /* of the node at hand, in lanes; of each group its own */
} step;

/* Before a loop over groups, which threads share. What groups add up each adds up for itself, and
 * `add_groups` in their order: so the result does not depend on the number of threads. */
#define EACH_GROUP                                                                                 \
    _Pragma("omp parallel for schedule(static) num_threads(s->threads) if (s->threads > 1)")

/* Add `count` values of the other groups to those of the first. */
void add_groups(int32_t groups, int64_t count, lanes *values);

/* Add the lanes of each value to a gradient. */
void add_sums(const lanes *in_lanes, int64_t count, float *gradients);

void forward(const node *of, step *s, float *parameters);

/* From the gradients of a node's output to those of its parameters, which are added, and of its
 * input; `input_gradients` may be null if nobody needs them, and those of the output itself where
 * each value comes of one. Not for an addition, whose gradients are those of its inputs. */
void backward(const node *of, step *s, const float *parameters, lanes *input_gradients,
              float *gradients);

/* Copy gradients of one shape, or add them. */
void copy_gradients(const step *s, int64_t count, const lanes *from, lanes *to);
void add_gradients(const step *s, int64_t count, const lanes *from, lanes *to);

/* A number of 64 random bits; splitmix64, by Sebastiano Vigna, in the public domain. */
uint64_t next_random(uint64_t *state);

#endif
