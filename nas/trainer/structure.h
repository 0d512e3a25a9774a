/* The parts of a network. For the trainer's own files only. */
#ifndef STRUCTURE_H
#define STRUCTURE_H

#include "network.h"
#include "nodes.h"

#define NO_BUFFER (-1)

/* A separate allocation, so that a sanitizer detects accesses beyond its end. */
typedef struct {
    int64_t bytes;
    void *memory;
} buffer;

/* Buffers of a node. A buffer for gradients is used by several nodes, one after the other. */
typedef struct {
    int32_t output, statistics; /* buffers of the node's own */
    int32_t gradients;          /* gradients of its output */
    int32_t scratch;            /* gradients of its input before they are added */
    bool is_added[2];           /* whether another reader has written gradients of this input */
} plan;

struct network {
    node *nodes;
    plan *plans;
    int32_t count;
    step step;
    float scale; /* factor from a byte of an image to the network's input */
    int64_t parameters;
    buffer *buffers;
    int32_t buffer_count, shared_buffer; /* the latter: first buffer of the whole network */
    int32_t *labels;                     /* labels of the current images */
    float *gradients;                    /* gradients of the parameters */
};

/* The number of images that the network processes together. */
static inline int64_t part_of(const network *n) { return (int64_t)n->step.groups * LANES; }

static inline node *last_of(const network *n) { return &n->nodes[n->count - 1]; }

static inline int32_t classes_of(const network *n) { return last_of(n)->out.channels; }

/* Read every node with its shapes and parameters. On an error, `refused` is the invalid row. */
int32_t read_rows(network *n, const network_row *rows, int32_t *refused);

/* The largest number of buffers that `plan_buffers` needs for `count` nodes. */
int64_t most_buffers(int32_t count);

/* Plan the buffers of all nodes and of the whole network, without allocating them. `is_free` is
 * work space with one element for each buffer. */
void plan_buffers(network *n, bool *is_free);

/* Set the pointers of the nodes and of the step to the memory of the buffers. */
void connect_buffers(network *n);

/* Check the arguments of a call: arrays are long enough, and images and labels exist. */
int32_t check_source(const network *n, const source *from, int64_t needed, bool has_labels);
int32_t check_settings(const step_settings *settings);
int32_t check_shares(float_array shares, int64_t steps);
bool holds(float_array array, int64_t count);

/* Whether all values are finite numbers. */
bool are_finite(const float *values, int64_t count);

#endif
