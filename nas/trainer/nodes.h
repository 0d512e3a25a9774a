/* The forward and backward passes of all kinds of nodes, over groups of 16 images. */
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
    int32_t readers; /* number of inputs of other nodes that read it */
    int32_t inputs[2], input_count;
    shape in, out;    /* shapes of the first input and of the output */
    kernels kernels;  /* of a convolution; the windows of a pooling */
    bool has_bias;    /* of a convolution */
    float rate;       /* of a dropout */
    float highest;    /* of a ReLU */
    int64_t first;    /* of its parameters */
    int64_t count;    /* of its parameters */
    bool is_trained;  /* whether it or a node before it has parameters and so needs gradients */
    bool is_in_place; /* whether its output replaces its input */
    const lanes *input, *other; /* [groups][in]; `other` is the second input of an addition */
    lanes *output;              /* [groups][out] */
    lanes *gradients;           /* of the output, [groups][out]; null if not needed */
    float *statistics;          /* of a normalisation: mean and 1 / deviation of each channel */
} node;

/* The state of a step, except for the nodes. */
typedef struct {
    int32_t groups;
    int32_t threads;
    bool is_training;
    float momentum;          /* weight of the old value in a moving mean */
    uint64_t random;         /* state of the generator */
    float *turned;           /* weights rotated for the backward pass */
    lanes *weight_gradients; /* of the current node, in lanes; separate for each group */
} step;

/* Put before a loop over groups: threads share the loop. Each group has its own sums, and
 * `add_groups` adds them in order, so the result does not depend on the number of threads. */
#define EACH_GROUP                                                                                 \
    _Pragma("omp parallel for schedule(static) num_threads(s->threads) if (s->threads > 1)")

/* Add `count` values of the other groups to those of the first. */
void add_groups(int32_t groups, int64_t count, lanes *values);

/* Add the lanes of each value to a gradient. */
void add_sums(const lanes *in_lanes, int64_t count, float *gradients);

void forward(const node *of, step *s, float *parameters);

/* Compute the gradients of a node's parameters and of its input from those of its output. Gradients
 * of parameters are added to `gradients`. `input_gradients` may be null if they are not needed. For
 * a ReLU and a dropout, it may be the memory of the output's gradients. Not for an addition: its
 * inputs have the gradients of its output. */
void backward(const node *of, step *s, const float *parameters, lanes *input_gradients,
              float *gradients);

/* Copy gradients of one shape, or add them. */
void copy_gradients(const step *s, int64_t count, const lanes *from, lanes *to);
void add_gradients(const step *s, int64_t count, const lanes *from, lanes *to);

/* A number of 64 random bits; splitmix64, by Sebastiano Vigna, in the public domain. */
uint64_t next_random(uint64_t *state);

#endif
